//! JSON compared as values: the order of names is free, numbers are equal when they denote the same decimal, exactly.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::value::RawValue;

/// A JSON value that keeps its numbers as they were written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Decimal),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Json>),
    /// An object; of equal names the last one counts.
    Map(BTreeMap<String, Json>),
}

impl Json {
    /// Reads a JSON text.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        Self::from_raw(serde_json::from_str::<&RawValue>(text)?)
    }

    fn from_raw(raw: &RawValue) -> Result<Self, serde_json::Error> {
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'"') => Self::String(serde_json::from_str(text)?),
            Some(b'[') => {
                let elements: Vec<&RawValue> = serde_json::from_str(text)?;
                Self::List(elements.into_iter().map(Self::from_raw).collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
                let members = members
                    .into_iter()
                    .map(|(name, value)| Ok((name, Self::from_raw(value)?)));
                Self::Map(members.collect::<Result<_, serde_json::Error>>()?)
            }
            _ => Self::Number(Decimal::parse(text)),
        })
    }

    /// The member of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(members) => members.get(name),
            _ => None,
        }
    }
}

impl fmt::Display for Json {
    /// Compact JSON, numbers in normal form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::String(value) => f.write_str(&text(value)),
            Self::List(elements) => {
                let elements: Vec<_> = elements.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", elements.join(","))
            }
            Self::Map(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, value)| format!("{}:{value}", text(name)))
                    .collect();
                write!(f, "{{{}}}", members.join(","))
            }
        }
    }
}

/// A decimal number of any size: `digits * 10^exponent`, digits without zeros at either end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Normalises the text of a JSON number.
    fn parse(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (negative, mantissa) = mantissa
            .strip_prefix('-')
            .map_or((false, mantissa), |mantissa| (true, mantissa));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let kept = digits.trim_end_matches('0');
        let dropped = digits.len() - kept.len();
        let digits = kept.trim_start_matches('0').to_owned();
        if digits.is_empty() {
            return Self {
                negative: false,
                digits,
                exponent: 0,
            };
        }
        let exponent = exponent.parse::<i64>().unwrap_or(i64::MAX / 2) - fraction.len() as i64 + dropped as i64;
        Self {
            negative,
            digits,
            exponent,
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        match (self.digits.is_empty(), self.exponent) {
            (true, _) => f.write_str("0"),
            (_, exponent @ 0..=20) => write!(f, "{sign}{}{}", self.digits, "0".repeat(exponent as usize)),
            (_, exponent @ -20..0) if -exponent < self.digits.len() as i64 => {
                let (whole, fraction) = self.digits.split_at(self.digits.len() - (-exponent) as usize);
                write!(f, "{sign}{whole}.{fraction}")
            }
            _ => write!(f, "{sign}{}e{}", self.digits, self.exponent),
        }
    }
}

/// Where comparing is narrowed. Patterns are dotted paths; `*` is any one member, `**` any run of them.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Members that are left out.
    pub ignore: Vec<String>,
    /// Members that only need the same type, and to be non-empty texts where the wanted one is.
    pub loose: Vec<String>,
    /// Lists whose order is free.
    pub unordered: Vec<String>,
}

/// One line for each difference between two values.
pub fn differences(want: &Json, got: &Json, rules: &Rules) -> Vec<String> {
    let mut found = Vec::new();
    differ(want, got, rules, &mut Vec::new(), &mut found);
    found
}

fn differ(want: &Json, got: &Json, rules: &Rules, path: &mut Vec<String>, found: &mut Vec<String>) {
    let applies = |patterns: &[String], path: &[String]| patterns.iter().any(|pattern| matches(pattern, path));
    if applies(&rules.ignore, path) {
        return;
    }
    let place = if path.is_empty() {
        "body".to_owned()
    } else {
        path.join(".")
    };
    if applies(&rules.loose, path) {
        let alike = match (want, got) {
            (Json::String(want), Json::String(got)) => want.is_empty() == got.is_empty(),
            _ => std::mem::discriminant(want) == std::mem::discriminant(got),
        };
        if !alike {
            found.push(format!(
                "{place}: want something like {}, got {}",
                shorten(want),
                shorten(got)
            ));
        }
        return;
    }
    match (want, got) {
        (Json::Map(wanted), Json::Map(given)) => {
            let missing = given.keys().filter(|name| !wanted.contains_key(*name));
            for name in wanted.keys().chain(missing) {
                path.push(name.clone());
                match (wanted.get(name), given.get(name)) {
                    (Some(want), Some(got)) => differ(want, got, rules, path, found),
                    _ if applies(&rules.ignore, path) => {}
                    (Some(want), None) => found.push(format!("{}: missing, want {}", path.join("."), shorten(want))),
                    (None, got) => {
                        let got = got.map_or(String::new(), shorten);
                        found.push(format!("{}: not expected, got {got}", path.join(".")));
                    }
                }
                path.pop();
            }
        }
        (Json::List(wanted), Json::List(given)) => {
            if wanted.len() != given.len() {
                found.push(format!(
                    "{place}: want {} elements, got {}: {}",
                    wanted.len(),
                    given.len(),
                    shorten(got)
                ));
                return;
            }
            let (mut wanted, mut given): (Vec<_>, Vec<_>) = (wanted.iter().collect(), given.iter().collect());
            if applies(&rules.unordered, path) {
                wanted.sort();
                given.sort();
            }
            for (index, (want, got)) in wanted.into_iter().zip(given).enumerate() {
                path.push(index.to_string());
                differ(want, got, rules, path, found);
                path.pop();
            }
        }
        _ if want != got => found.push(format!("{place}: want {}, got {}", shorten(want), shorten(got))),
        _ => {}
    }
}

/// Whether a pattern describes a path.
fn matches(pattern: &str, path: &[String]) -> bool {
    fn covers(parts: &[&str], path: &[String]) -> bool {
        match parts.split_first() {
            None => path.is_empty(),
            Some((&"**", parts)) => (0..=path.len()).any(|from| covers(parts, &path[from..])),
            Some((part, parts)) => path
                .split_first()
                .is_some_and(|(name, path)| (*part == "*" || part == name) && covers(parts, path)),
        }
    }
    covers(&pattern.split('.').collect::<Vec<_>>(), path)
}

/// A value on one line, cut where it gets long.
fn shorten(value: &Json) -> String {
    const LIMIT: usize = 160;
    let text = value.to_string();
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(want: &str, got: &str, rules: &Rules, expected: &[&str]) {
        let (want, got) = (Json::parse(want).unwrap(), Json::parse(got).unwrap());
        assert_eq!(differences(&want, &got, rules), expected);
    }

    #[test]
    fn numbers_are_compared_as_exact_decimals() {
        let same = [
            ("70", "70.0"),
            ("1e3", "1000"),
            ("0.10", "1E-1"),
            ("-0", "0"),
            ("0e9", "0"),
            ("1.50e1", "15"),
        ];
        for (left, right) in same {
            check(left, right, &Rules::default(), &[]);
        }
        check(
            "9007199254740993",
            "9007199254740992",
            &Rules::default(),
            &["body: want 9007199254740993, got 9007199254740992"],
        );
        check(
            "0.1",
            "0.10000000000000001",
            &Rules::default(),
            &["body: want 1e-1, got 10000000000000001e-17"],
        );
    }

    #[test]
    fn differences_name_their_place() {
        check(
            r#"{"a":{"b":[1,2]},"c":true}"#,
            r#"{"a":{"b":[1,3]},"d":null}"#,
            &Rules::default(),
            &[
                "a.b.1: want 2, got 3",
                "c: missing, want true",
                "d: not expected, got null",
            ],
        );
        check(
            "[1]",
            "[1,2]",
            &Rules::default(),
            &["body: want 1 elements, got 2: [1,2]"],
        );
    }

    #[test]
    fn rules_narrow_the_comparison() {
        let rules = Rules {
            ignore: vec!["**.timestamp".into()],
            loose: vec!["flags.*.text".into()],
            unordered: vec!["list".into()],
        };
        let want = r#"{"flags":{"x":{"timestamp":1,"text":"a"}},"list":[1,2]}"#;
        check(
            want,
            r#"{"flags":{"x":{"timestamp":2,"text":"b"}},"list":[2,1]}"#,
            &rules,
            &[],
        );
        check(
            want,
            r#"{"flags":{"x":{"text":""}},"list":[2,3]}"#,
            &rules,
            &[
                r#"flags.x.text: want something like "a", got """#,
                "list.0: want 1, got 2",
                "list.1: want 2, got 3",
            ],
        );
    }
}
