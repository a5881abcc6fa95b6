//! What two answers say differently.

use std::fmt;

use flagstaff_testkit::http::Response;
use flagstaff_testkit::json::{Json, Rules, differences};

use super::catalogue::Catalogue;

/// Headers that say the same on both sides.
const EQUAL: &[&str] = &["content-type", "allow"];

/// Headers that are there on both sides or on none; what they say is a server's own business.
const PRESENT: &[&str] = &["etag", "last-modified"];

/// How answers are compared.
#[derive(Debug)]
pub(super) struct Comparison {
    rules: Rules,
}

/// Something that is said differently.
#[derive(Debug)]
pub(super) struct Difference(String);

impl Comparison {
    /// Times are left out; texts of errors only have to be there unless they are compared too.
    pub(super) fn new(texts: bool) -> Self {
        let loose: &[&str] = if texts { &[] } else { &["**.errorDetails", "**.message"] };
        Self {
            rules: Rules {
                ignore: vec!["**.timestamp".to_owned()],
                loose: loose.iter().map(|&path| path.to_owned()).collect(),
                ..Rules::default()
            },
        }
    }

    /// Everything in which two answers differ.
    pub(super) fn differences(&self, left: &Response, right: &Response) -> Vec<Difference> {
        if left.status != right.status {
            let short = |answer: &Response| {
                let text: String = answer.text().trim().chars().take(200).collect();
                format!("{} {text}", answer.status)
            };
            let both = format!("status: left {}, right {}", short(left), short(right));
            return vec![Difference(both)];
        }
        let mut found = Vec::new();
        for name in EQUAL {
            let (left, right) = (left.header(name), right.header(name));
            if left != right {
                found.push(format!("{name}: left {left:?}, right {right:?}"));
            }
        }
        for name in PRESENT {
            let (left, right) = (left.header(name).is_some(), right.header(name).is_some());
            if left != right {
                found.push(format!("{name}: left {left}, right {right}"));
            }
        }
        match (Json::parse(&left.text()), Json::parse(&right.text())) {
            (Ok(left), Ok(right)) => found.extend(
                differences(&left, &right, &self.rules)
                    .into_iter()
                    .map(|line| without_sides(&line)),
            ),
            _ if left.body == right.body => {}
            _ => found.push(format!("body: left {}, right {}", left.text(), right.text())),
        }
        found.into_iter().map(Difference).collect()
    }
}

impl Difference {
    /// What all differences of its kind have in common: the place, without the keys of flags and the places in lists.
    pub(super) fn kind(&self, catalogue: &Catalogue) -> String {
        let place = self.0.split_once(": ").map_or(&*self.0, |(place, _)| place);
        // a key may hold dots
        let in_flag = |rest: &str| {
            let flags = catalogue.flags.iter();
            let after = flags
                .filter_map(|flag| rest.strip_prefix(&*flag.key))
                .map(str::to_owned);
            after
                .filter(|rest| rest.is_empty() || rest.starts_with('.'))
                .min_by_key(String::len)
        };
        let place = match place.strip_prefix("flags.").and_then(in_flag) {
            Some(rest) => format!("flags.*{rest}"),
            None => place.to_owned(),
        };
        let is_number = |step: &str| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
        let steps: Vec<_> = place
            .split('.')
            .map(|step| if is_number(step) { "*" } else { step })
            .collect();
        steps.join(".")
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Tests want something and get something else; of two servers nobody is right.
fn without_sides(line: &str) -> String {
    line.replacen(": missing, want ", ": only left: ", 1)
        .replacen(": not expected, got ", ": only right: ", 1)
        .replacen(": want ", ": left ", 1)
        .replacen(", got ", ", right ", 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::differential::catalogue::Flag;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Response {
            status,
            headers: headers.collect(),
            body: body.as_bytes().to_vec(),
        }
    }

    fn check(left: &Response, right: &Response, expected: &[&str]) {
        let found = Comparison::new(false).differences(left, right);
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn answers() {
        let json = &[("content-type", "application/json"), ("etag", "\"1\"")][..];
        let left = answer(200, json, r#"{"flags":{"a":{"value":70,"timestamp":1}}}"#);
        check(
            &left,
            &answer(
                200,
                &[json[0], ("etag", "\"2\"")],
                r#"{"flags":{"a":{"timestamp":2,"value":70.0}}}"#,
            ),
            &[],
        );
        check(
            &left,
            &answer(200, &json[..1], r#"{"flags":{"a":{"value":71,"timestamp":1}}}"#),
            &["etag: left true, right false", "flags.a.value: left 70, right 71"],
        );
        check(
            &left,
            &answer(200, json, r#"{"flags":{"a":{"timestamp":1,"variant":"b"}}}"#),
            &["flags.a.value: only left: 70", "flags.a.variant: only right: \"b\""],
        );
        check(
            &left,
            &answer(404, json, "gone"),
            &[r#"status: left 200 {"flags":{"a":{"value":70,"timestamp":1}}}, right 404 gone"#],
        );
        let wrong = |text: &str| answer(400, json, &format!(r#"{{"errorDetails":"{text}"}}"#));
        check(&wrong("a"), &wrong("b"), &[]);
        check(
            &wrong("a"),
            &wrong(""),
            &[r#"errorDetails: left something like "a", right """#],
        );
    }

    #[test]
    fn kinds_of_differences() {
        let flags = ["a", "team.a"].map(|key| Flag {
            key: key.to_owned(),
            ..Flag::default()
        });
        let catalogue = Catalogue { flags: flags.into() };
        for (difference, kind) in [
            ("flags.team.a.value: left 1, right 2", "flags.*.value"),
            ("flags.12.value: left 1, right 2", "flags.*.value"),
            ("status: left 200, right 404", "status"),
        ] {
            assert_eq!(Difference(difference.to_owned()).kind(&catalogue), kind);
        }
    }
}
