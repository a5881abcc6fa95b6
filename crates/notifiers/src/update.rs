//! What is different in a flag, field by field, in the words of GO Feature Flag: the names of its fields, and values as Go shows
//! them.
//!
//! As there, only what has another value is listed: what a map or a list gained or lost is not.

use serde_json::Value;

/// A field that has another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Update {
    /// Like `DefaultRule.Percentages.on`.
    pub(crate) path: String,
    /// Like `10 => 20`.
    pub(crate) text: String,
}

/// A member of a flag.
struct Field {
    /// Its name in JSON.
    member: &'static str,
    name: &'static str,
    shape: Shape,
}

/// What a member holds.
enum Shape {
    /// One value of this type in Go.
    Scalar(&'static str),
    /// Numbers by name.
    Shares,
    /// Anything by name.
    Values,
    Object(&'static [Field]),
    /// A list of objects.
    List(&'static [Field]),
}

const FLAG: &[Field] = &[
    field("variations", "Variations", Shape::Values),
    field("targeting", "Rules", Shape::List(RULE)),
    field("bucketingKey", "BucketingKey", TEXT),
    field("defaultRule", "DefaultRule", Shape::Object(RULE)),
    field("experimentation", "Experimentation", Shape::Object(WINDOW)),
    field("scheduledRollout", "Scheduled", Shape::List(STEP)),
    field("trackEvents", "TrackEvents", SWITCH),
    field("disable", "Disable", SWITCH),
    field("version", "Version", TEXT),
    field("metadata", "Metadata", Shape::Values),
];

/// A scheduled step: what it changes, and when.
const STEP: &[Field] = &[
    field("variations", "Variations", Shape::Values),
    field("targeting", "Rules", Shape::List(RULE)),
    field("defaultRule", "DefaultRule", Shape::Object(RULE)),
    field("experimentation", "Experimentation", Shape::Object(WINDOW)),
    field("disable", "Disable", SWITCH),
    field("date", "Date", DATE),
];

const RULE: &[Field] = &[
    field("name", "Name", TEXT),
    field("query", "Query", TEXT),
    field("variation", "VariationResult", TEXT),
    field("percentage", "Percentages", Shape::Shares),
    field("progressiveRollout", "ProgressiveRollout", Shape::Object(RAMP)),
    field("disable", "Disable", SWITCH),
];

const RAMP: &[Field] = &[
    field("initial", "Initial", Shape::Object(RAMP_END)),
    field("end", "End", Shape::Object(RAMP_END)),
];

const RAMP_END: &[Field] = &[
    field("variation", "Variation", TEXT),
    field("percentage", "Percentage", Shape::Scalar("float64")),
    field("date", "Date", DATE),
];

const WINDOW: &[Field] = &[field("start", "Start", DATE), field("end", "End", DATE)];

const TEXT: Shape = Shape::Scalar("string");
const SWITCH: Shape = Shape::Scalar("bool");
const DATE: Shape = Shape::Scalar("time.Time");

const fn field(member: &'static str, name: &'static str, shape: Shape) -> Field {
    Field { member, name, shape }
}

/// What is different between two flags in JSON, sorted by path. Text that is none has no updates.
pub(crate) fn updates(old: &[u8], new: &[u8]) -> Vec<Update> {
    let mut updates = Vec::new();
    if let (Ok(old), Ok(new)) = (serde_json::from_slice(old), serde_json::from_slice(new)) {
        compare_fields(FLAG, "", &old, &new, &mut updates);
    }
    updates.sort_by(|a, b| a.path.cmp(&b.path));
    updates
}

fn compare_fields(fields: &[Field], path: &str, old: &Value, new: &Value, updates: &mut Vec<Update>) {
    for Field { member, name, shape } in fields {
        let path = join(path, name);
        match (old.get(member), new.get(member)) {
            (Some(old), Some(new)) => compare(shape, path, old, new, updates),
            (None, None) => {}
            (old, new) => {
                let show =
                    |value: Option<&Value>| value.map_or_else(|| "nil".to_owned(), |value| pointer(shape, value));
                let text = format!("{} => {}", show(old), show(new));
                updates.push(Update { path, text });
            }
        }
    }
}

fn compare(shape: &Shape, path: String, old: &Value, new: &Value, updates: &mut Vec<Update>) {
    match shape {
        _ if old == new => {}
        Shape::Object(fields) => compare_fields(fields, &path, old, new, updates),
        Shape::List(fields) => compare_lists(&path, old, new, |path, old, new| {
            compare_fields(fields, &path, old, new, updates);
        }),
        Shape::Scalar(_) | Shape::Shares | Shape::Values => compare_values(path, old, new, updates),
    }
}

fn compare_values(path: String, old: &Value, new: &Value, updates: &mut Vec<Update>) {
    match (old, new) {
        _ if old == new => {}
        (Value::Object(old), Value::Object(new)) => {
            for (name, old) in old {
                if let Some(new) = new.get(name) {
                    compare_values(join(&path, name), old, new, updates);
                }
            }
        }
        (Value::Array(_), Value::Array(_)) => {
            compare_lists(&path, old, new, |path, old, new| {
                compare_values(path, old, new, updates);
            });
        }
        _ => {
            let text = format!("{} => {}", plain(old), plain(new));
            updates.push(Update { path, text });
        }
    }
}

/// Compares what stands at the same place, unless it stands anywhere in the other list: what moved did not change.
fn compare_lists(path: &str, old: &Value, new: &Value, mut compare: impl FnMut(String, &Value, &Value)) {
    let (Value::Array(old), Value::Array(new)) = (old, new) else {
        return;
    };
    for (at, (before, after)) in old.iter().zip(new).enumerate() {
        if !new.contains(before) && !old.contains(after) {
            compare(join(path, &at.to_string()), before, after);
        }
    }
}

/// A value that was set or taken away, which Go shows with its type.
fn pointer(shape: &Shape, value: &Value) -> String {
    match (shape, value) {
        (Shape::Scalar(kind), value) => format!("(*{kind})({})", plain(value)),
        (Shape::Shares, Value::Object(shares)) => {
            let shares = shares
                .iter()
                .map(|(name, share)| format!("{}:{}", quoted(name), plain(share)));
            format!("(*map[string]float64){{{}}}", shares.collect::<Vec<_>>().join(", "))
        }
        _ => value.to_string(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "nil".to_owned(),
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// A text in quotes, with what cannot be printed escaped.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' | '\r' | '\t' => out.extend(character.escape_default()),
            control if control.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_that_differ_are_shown_as_go_shows_them() {
        for (old, new, expected) in [
            (json!({}), json!({}), &[][..]),
            (
                json!({"disable": true}),
                json!({"disable": false}),
                &["Disable: true => false"],
            ),
            (json!({}), json!({"disable": true}), &["Disable: nil => (*bool)(true)"]),
            (
                json!({"variations": {"a": false, "b": 1, "gone": 2}}),
                json!({"variations": {"a": "x\n", "b": 1, "new": 3}}),
                &["Variations.a: false => \"x\\n\""],
            ),
            (
                json!({"defaultRule": {"percentage": {"False": 0, "True": 100}}}),
                json!({"defaultRule": {"variation": "Default"}}),
                &[
                    "DefaultRule.Percentages: (*map[string]float64){\"False\":0, \"True\":100} => nil",
                    "DefaultRule.VariationResult: nil => (*string)(\"Default\")",
                ],
            ),
            // a rule that moved did not change
            (
                json!({"targeting": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}),
                json!({"targeting": [{"name": "b"}, {"name": "a"}, {"name": "d"}, {"name": "e"}]}),
                &["Rules.2.Name: \"c\" => \"d\""],
            ),
            (
                json!({"experimentation": {"start": "2026-01-01T00:00:00Z"}}),
                json!({"experimentation": {"start": "2026-01-02T00:00:00Z"}}),
                &["Experimentation.Start: \"2026-01-01T00:00:00Z\" => \"2026-01-02T00:00:00Z\""],
            ),
            (
                json!({"metadata": {"a": {"b": [1, 2]}}}),
                json!({"metadata": {"a": {"b": [1, 3]}}}),
                &["Metadata.a.b.1: 2 => 3"],
            ),
        ] {
            let shown: Vec<_> = updates(old.to_string().as_bytes(), new.to_string().as_bytes())
                .iter()
                .map(|update| format!("{}: {}", update.path, update.text))
                .collect();
            assert_eq!(shown, expected, "{old} {new}");
        }
    }
}
