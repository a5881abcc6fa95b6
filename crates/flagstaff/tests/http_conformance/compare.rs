//! What counts as the same answer.

use std::collections::BTreeSet;

use flagstaff_testkit::http::Response;
use flagstaff_testkit::json::{Json, Rules, differences};
use regex_lite::Regex;

use crate::case::{BodyRule, Compare, Expect, HeaderRule, Recorded, Statuses};

/// Headers that are compared by value.
const EQUAL: &[&str] = &[
    "content-type",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "x-manifest-capabilities",
    "cache-control",
    "deprecation",
    "link",
    "location",
    "www-authenticate",
    "upgrade",
];

/// Headers whose elements may stand in any order.
const SAME_SET: &[&str] = &["access-control-allow-methods", "access-control-allow-headers", "allow"];

/// Headers that may name more than was recorded.
const SUPERSET: &[&str] = &["vary"];

/// Headers that are only present or absent.
const PRESENT: &[&str] = &[
    "etag",
    "last-modified",
    "x-gofeatureflag-version",
    "sec-websocket-version",
];

/// One line for each difference of an answer.
pub(crate) fn differ(want: &Recorded, got: &Response, compare: &Compare, expect: &Expect) -> Vec<String> {
    let accepted = match &expect.status {
        None => vec![want.status],
        Some(Statuses::One(status)) => vec![*status],
        Some(Statuses::Any(statuses)) => statuses.clone(),
    };
    if !accepted.contains(&got.status) {
        return vec![format!("status: want {accepted:?}, got {} {}", got.status, got.text())];
    }
    let mut found = Vec::new();
    differ_headers(want, got, compare, expect, &mut found);
    differ_body(want, got, compare, expect, &mut found);
    found
}

fn differ_headers(want: &Recorded, got: &Response, compare: &Compare, expect: &Expect, found: &mut Vec<String>) {
    let named = |names: &[String], name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let skipped = |name: &str| {
        named(&compare.skip_headers, name) || expect.headers.keys().any(|known| known.eq_ignore_ascii_case(name))
    };
    let mut check = |name: &str, same: fn(Option<&str>, Option<&str>) -> bool| {
        let name = name.to_ascii_lowercase();
        let (left, right) = (want.headers.get(&name).map(String::as_str), got.header(&name));
        if !skipped(&name) && !same(left, right.as_deref()) {
            found.push(format!("header {name}: want {left:?}, got {right:?}"));
        }
    };
    for name in EQUAL.iter().copied().chain(compare.headers.iter().map(String::as_str)) {
        check(
            name,
            if name == "content-type" {
                same_media_type
            } else {
                |left, right| left == right
            },
        );
    }
    SAME_SET
        .iter()
        .for_each(|name| check(name, |left, right| elements(left) == elements(right)));
    SUPERSET
        .iter()
        .for_each(|name| check(name, |left, right| elements(left).is_subset(&elements(right))));
    PRESENT
        .iter()
        .for_each(|name| check(name, |left, right| left.is_some() == right.is_some()));
    for (name, rule) in &expect.headers {
        let name = name.to_ascii_lowercase();
        let value = got.header(&name);
        let holds = match rule {
            HeaderRule::Absent(()) => value.is_none(),
            HeaderRule::Text(text) if SAME_SET.contains(&&*name) => elements(Some(text)) == elements(value.as_deref()),
            HeaderRule::Text(text) => value.as_ref() == Some(text),
            HeaderRule::Expression { regex } => {
                let whole = Regex::new(&format!("^(?:{regex})$")).expect("an expression of a case");
                whole.is_match(value.as_deref().unwrap_or_default())
            }
        };
        if !holds {
            found.push(format!("header {name}: want {rule:?}, got {value:?}"));
        }
    }
}

fn differ_body(want: &Recorded, got: &Response, compare: &Compare, expect: &Expect, found: &mut Vec<String>) {
    let is_json = want
        .headers
        .get("content-type")
        .is_some_and(|media| media.starts_with("application/json"));
    let default = if is_json { BodyRule::Json } else { BodyRule::Text };
    let rule = match (&expect.json, expect.body.or(compare.body)) {
        (Some(_), _) => BodyRule::Json,
        (None, rule) => rule.unwrap_or(default),
    };
    let (wanted, given) = (want.bytes(), got.text());
    match rule {
        BodyRule::None => {}
        BodyRule::Contains => {
            for part in expect.contains.as_ref().unwrap_or(&compare.contains) {
                let expression = Regex::new(&format!("(?m){part}")).expect("an expression of a case");
                if !expression.is_match(&given) {
                    found.push(format!("body: nothing matches /{part}/ in {given}"));
                }
            }
        }
        BodyRule::Bytes if wanted != got.body => {
            found.push(format!(
                "body: want bytes {}, got {given}",
                String::from_utf8_lossy(&wanted)
            ));
        }
        BodyRule::Text if wanted.trim_ascii() != got.body.trim_ascii() => {
            found.push(format!("body: want {}, got {given}", String::from_utf8_lossy(&wanted)));
        }
        BodyRule::Bytes | BodyRule::Text => {}
        BodyRule::Json if wanted.is_empty() && expect.json.is_none() => {
            if !got.body.is_empty() {
                found.push(format!("body: want none, got {given}"));
            }
        }
        BodyRule::Json => {
            let text = match &expect.json {
                Some(json) => json.get().to_owned(),
                None => String::from_utf8_lossy(&wanted).into_owned(),
            };
            let wanted = Json::parse(&text).expect("a recorded answer is JSON");
            let rules = Rules {
                ignore: compare.ignore.clone(),
                loose: compare.loose.clone(),
                unordered: compare.unordered.clone(),
            };
            match Json::parse(&given) {
                Ok(given) => found.extend(differences(&wanted, &given, &rules)),
                Err(_) => found.push(format!("body: want JSON, got {given}")),
            }
        }
    }
}

fn same_media_type(left: Option<&str>, right: Option<&str>) -> bool {
    let normal = |text: &str| text.to_ascii_lowercase().replace(' ', "");
    left.map(normal) == right.map(normal)
}

/// The elements of a list header, in lower case.
fn elements(value: Option<&str>) -> BTreeSet<String> {
    let parts = value.unwrap_or_default().split(',');
    parts
        .map(|part| part.trim().to_ascii_lowercase())
        .filter(|part| !part.is_empty())
        .collect()
}
