//! JSON text exactly as Go's encoder writes it, since clients, hashes and recorded answers depend on it.
//!
//! Members stand in the order they are written (those of maps sorted by name), `<`, `>`, `&`, U+2028 and U+2029 are
//! escaped, and numbers are the shortest text that reads back as the same number.

use std::io::Write as _;

use flagstaff_definition::decimal::Decimal;
use flagstaff_definition::value::{Map, Value};
use flagstaff_engine::context::{ContextMap, ContextValue};

/// An object that is being written: takes care of braces, commas and colons.
#[derive(Debug)]
pub struct Object<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl<'o> Object<'o> {
    /// Opens an object at the end of `out`.
    pub fn open(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    /// Goes on with an object whose last member was written by other means.
    pub fn resume(out: &'o mut Vec<u8>) -> Self {
        Self { out, empty: false }
    }

    /// Begins a member and lends the buffer for its value.
    pub fn member(&mut self, name: &str) -> &mut Vec<u8> {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        write_string(self.out, name);
        self.out.push(b':');
        self.out
    }

    /// Writes a member that holds a text.
    pub fn string(&mut self, name: &str, value: &str) {
        write_string(self.member(name), value);
    }

    /// Writes a member that holds a boolean.
    pub fn bool(&mut self, name: &str, value: bool) {
        write_bool(self.member(name), value);
    }

    /// Ends the object.
    pub fn close(self) {
        self.out.push(b'}');
    }
}

/// Writes `[a,b,...]`.
pub fn write_list<T>(out: &mut Vec<u8>, elements: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (index, element) in elements.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, element);
    }
    out.push(b']');
}

/// Writes a value of a flag file.
pub fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(value) => write_bool(out, *value),
        Value::Int(value) => write_integer(out, *value),
        Value::UInt(value) => write_integer(out, *value),
        Value::Float(value) => write_number(out, *value),
        Value::String(value) => write_string(out, value),
        Value::List(elements) => write_list(out, elements.iter(), write_value),
        Value::Map(map) => write_map(out, map),
    }
}

/// Writes an object of a flag file, members in byte order of their names.
pub fn write_map(out: &mut Vec<u8>, map: &Map) {
    let mut object = Object::open(out);
    for (name, value) in map.iter() {
        write_value(object.member(name), value);
    }
    object.close();
}

/// Writes a value of a request.
pub fn write_context_value(out: &mut Vec<u8>, value: &ContextValue<'_>) {
    match value {
        ContextValue::Null => out.extend_from_slice(b"null"),
        ContextValue::Bool(value) => write_bool(out, *value),
        ContextValue::Int(value) => write_integer(out, *value),
        ContextValue::Float(value) => write_number(out, *value),
        ContextValue::String(value) => write_string(out, value),
        ContextValue::List(elements) => write_list(out, elements, write_context_value),
        ContextValue::Map(map) => write_context_map(out, map),
    }
}

/// Writes an object of a request, members in byte order of their names.
pub fn write_context_map(out: &mut Vec<u8>, map: &ContextMap<'_>) {
    let mut members: Vec<_> = map.iter().collect();
    members.sort_unstable_by_key(|(name, _)| *name);
    let mut object = Object::open(out);
    for (name, value) in members {
        write_context_value(object.member(name), value);
    }
    object.close();
}

/// Writes `true` or `false`.
pub fn write_bool(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// Writes a whole number.
pub fn write_integer(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Writes a finite number: plain notation for sizes from 1e-6 to below 1e21, else an exponent with its sign. Anything
/// that JSON cannot carry is written as `null` (the decoder lets none through).
pub fn write_number(out: &mut Vec<u8>, value: f64) {
    let decimal = Decimal::from(value);
    let written = if !value.is_finite() {
        out.write_all(b"null")
    } else if value == 0.0 || (1e-6..1e21).contains(&value.abs()) {
        write!(out, "{decimal}")
    } else {
        write!(out, "{decimal:e}")
    };
    written.expect("writing to memory does not fail");
}

/// Writes a text with its quotes.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    let mut at = 0;
    while at < bytes.len() {
        let (escape, length) = match bytes[at] {
            b'"' => (Escape::Letter(b'"'), 1),
            b'\\' => (Escape::Letter(b'\\'), 1),
            0x08 => (Escape::Letter(b'b'), 1),
            0x0c => (Escape::Letter(b'f'), 1),
            b'\n' => (Escape::Letter(b'n'), 1),
            b'\r' => (Escape::Letter(b'r'), 1),
            b'\t' => (Escape::Letter(b't'), 1),
            byte @ (0..=0x1f | b'<' | b'>' | b'&') => (Escape::Code(u32::from(byte)), 1),
            0xe2 if bytes[at..].starts_with("\u{2028}".as_bytes()) => (Escape::Code(0x2028), 3),
            0xe2 if bytes[at..].starts_with("\u{2029}".as_bytes()) => (Escape::Code(0x2029), 3),
            _ => {
                at += 1;
                continue;
            }
        };
        out.extend_from_slice(&bytes[from..at]);
        match escape {
            Escape::Letter(letter) => out.extend_from_slice(&[b'\\', letter]),
            Escape::Code(code) => write!(out, "\\u{code:04x}").expect("writing to memory does not fail"),
        }
        at += length;
        from = at;
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

enum Escape {
    Letter(u8),
    Code(u32),
}

/// The same JSON text indented by two spaces a level; empty objects and lists stay `{}` and `[]`. What stands outside of
/// the value (the final line break) is kept.
pub fn pretty(compact: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(compact.len() * 2);
    let mut depth = 0usize;
    let mut quoted = false;
    let mut escaped = false;
    let mut bytes = compact.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if quoted {
            out.push(byte);
            quoted = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => {
                quoted = true;
                out.push(byte);
            }
            b'{' | b'[' => {
                out.push(byte);
                if bytes.peek().is_some_and(|next| *next == byte + 2) {
                    out.extend(bytes.next());
                } else {
                    depth += 1;
                    break_line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                break_line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                break_line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => out.push(byte),
        }
    }
    out
}

fn break_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.resize(out.len() + 2 * depth, b' ');
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;

    fn number(value: f64) -> String {
        let mut out = Vec::new();
        write_number(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    fn string(text: &str) -> String {
        let mut out = Vec::new();
        write_string(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_written_as_go_does() {
        for (value, text) in [
            (1.0, "1"),
            (-0.0, "-0"),
            (0.1, "0.1"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (-1.5e300, "-1.5e+300"),
            (1e-6, "0.000001"),
            (9.9e-7, "9.9e-7"),
            (12_345_678_901_234_567.0, "12345678901234568"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (24_353_895_417_477.812, "24353895417477.812"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn strings_are_escaped_as_go_does() {
        for (text, written) in [
            ("plain", r#""plain""#),
            ("<b>\"Tom\" & \\", r#""\u003cb\u003e\"Tom\" \u0026 \\""#),
            ("\u{2028}\u{2029}\u{2027}日", "\"\\u2028\\u2029\u{2027}日\""),
            (
                "\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}",
                "\"\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}\"",
            ),
        ] {
            assert_eq!(string(text), written);
        }
    }

    #[test]
    fn pretty_keeps_empty_values_and_strings() {
        let text = br#"{"a":{},"b":[1,{"c":"{\"x\\"}],"d":[]}"#;
        let wanted =
            "{\n  \"a\": {},\n  \"b\": [\n    1,\n    {\n      \"c\": \"{\\\"x\\\\\"\n    }\n  ],\n  \"d\": []\n}";
        assert_eq!(String::from_utf8(pretty(text)).unwrap(), wanted);
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<f64>()
                .prop_filter("finite", |number| number.is_finite())
                .prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// The same value as our types hold it, numbers as floats.
    fn floats(value: &serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Number(number) => number.as_f64().into(),
            serde_json::Value::Array(elements) => elements.iter().map(floats).collect(),
            serde_json::Value::Object(members) => members.iter().map(|(k, v)| (k.clone(), floats(v))).collect(),
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_compact_and_pretty(value in json()) {
            let mut text = Vec::new();
            write_context_value(&mut text, &ContextValue::from_json(&value));
            let read: serde_json::Value = serde_json::from_slice(&text).unwrap();
            prop_assert_eq!(floats(&read), floats(&value));
            let read: serde_json::Value = serde_json::from_slice(&pretty(&text)).unwrap();
            prop_assert_eq!(floats(&read), floats(&value));
        }

        #[test]
        fn members_are_sorted_by_their_bytes(names in prop::collection::btree_set(any::<String>(), 0..40)) {
            let members = names.iter().rev().map(|name| (Cow::Borrowed(name.as_str()), ContextValue::Null)).collect();
            let mut text = Vec::new();
            write_context_map(&mut text, &ContextMap::from_members(members));
            let wanted: Vec<_> = names.iter().map(|name| format!("{}:null", string(name))).collect();
            prop_assert_eq!(String::from_utf8(text).unwrap(), format!("{{{}}}", wanted.join(",")));
        }
    }
}
