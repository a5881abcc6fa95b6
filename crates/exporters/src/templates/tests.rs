use std::sync::Arc;

use flagstaff_backend::{Settings, SettingsError};
use flagstaff_events::EventType;
use gotmpl::Value;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, json};

use super::{EventTemplate, Template, value};
use crate::samples::{read, stored};

fn template(text: &str) -> Result<Template, SettingsError> {
    let blank = ["Value", "Other"].map(|name| (Arc::from(name), Value::Nil));
    let blank = Value::Map(Arc::new(blank.into_iter().collect()));
    Template::parse(Settings::new("file", &Map::new()), "csvTemplate", text, &blank)
}

fn render(text: &str, shown: &serde_json::Value) -> String {
    let fields = [("Value", value::of_json(shown)), ("Other", Value::Int(7))];
    let fields = fields.map(|(name, value)| (Arc::from(name), value));
    let fields = Value::Map(Arc::new(fields.into_iter().collect()));
    template(text).unwrap().render(&fields).unwrap()
}

#[test]
fn values_are_printed_as_go_prints_them() {
    #[derive(Deserialize)]
    struct Case {
        value: serde_json::Value,
        printed: String,
    }
    let cases = read("go-values.jsonl");
    assert!(cases.lines().count() > 400);
    for line in cases.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        assert_eq!(render("{{ .Value }}", &case.value), case.printed, "{line}");
    }
}

proptest! {
    #[test]
    fn a_printed_number_is_the_same_number(number in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO) {
        let printed = render("{{ .Value }}", &json!(number));
        prop_assert_eq!(printed.parse::<f64>().unwrap().to_bits(), number.to_bits(), "{}", printed);
        let magnitude = number.abs();
        prop_assert_eq!(printed.contains('e'), magnitude != 0.0 && !(1e-4..1e6).contains(&magnitude), "{}", printed);
    }
}

#[test]
fn templates_do_what_go_does() {
    let nested = json!({"a": [1, 2_000_000, null], "b": {"c": "x"}});
    for (text, shown, expected) in [
        ("{{ .Value }}|{{ .Other }}\n", json!("t;x\"<&>"), "t;x\"<&>|7\n"),
        ("{{ .Value.b.c }} {{ .Value.missing }}", nested.clone(), "x <no value>"),
        (
            "{{ range $i, $v := .Value.a }}{{ if $i }},{{ end }}{{ $v }}{{ end }}",
            nested.clone(),
            "1,2e+06,<no value>",
        ),
        ("{{ with .Value.b }}{{ .c }}{{ else }}none{{ end }}", nested, "x"),
        (
            "{{ printf \"%.2f\" .Value }} {{ .Value | printf \"%6.0f\" }}",
            json!(1_234_567.891),
            "1234567.89 1234568",
        ),
        (
            "{{ $x := .Value }}{{ define \"t\" }}<{{ . }}>{{ end }}{{ template \"t\" $x }}",
            json!(3e6),
            "<3e+06>",
        ),
        ("{{- /* nothing */ -}} {{ html .Value }}", json!("<a>"), "&lt;a&gt;"),
    ] {
        assert_eq!(render(text, &shown), expected, "{text}");
    }
}

#[test]
fn mistakes_are_found_before_the_first_event() {
    for (text, problem) in [
        ("{{ .Value", "cannot be used: template: csvTemplate:1:"),
        (
            "{{ .Nope }}",
            "cannot be used: can't evaluate field Nope; the fields are .Other, .Value",
        ),
        (
            "{{ range .Value }}{{ end }}{{ $.Nope }}",
            "cannot be used: can't evaluate field Nope",
        ),
        ("{{ nope .Value }}", "cannot be used: "),
        ("{{ template \"nope\" }}", "cannot be used: undefined template: nope"),
        (" ", "prints nothing"),
    ] {
        let error = template(text).unwrap_err().to_string();
        let expected = format!("property \"csvTemplate\" of kind \"file\" {problem}");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn events_have_their_fields() {
    let feature = json!({"kind": "feature", "userKey": "u", "creationDate": 1_680_246_000, "key": "f", "variation": "v", "value": null});
    let tracking = json!({"kind": "tracking", "userKey": "u", "creationDate": 1_680_246_000, "key": "k"});
    let paris = TimeZone::get("Europe/Paris").unwrap();
    for (event, event_type, zone, text, expected) in [
        (
            &feature,
            EventType::Feature,
            TimeZone::UTC,
            "{{ .FormattedDate }} {{ .Value }} {{ .Metadata }}",
            "2023-03-31T07:00:00Z <no value> map[]",
        ),
        (
            &feature,
            EventType::Feature,
            paris,
            "{{ .FormattedDate }} {{ .Default }} [{{ .ContextKind }}]",
            "2023-03-31T09:00:00+02:00 false []",
        ),
        (
            &tracking,
            EventType::Tracking,
            TimeZone::UTC,
            "{{ .Kind }} {{ .TrackingDetails }} {{ .EvaluationContext.x }}",
            "tracking map[] <no value>",
        ),
    ] {
        let options = Map::new();
        let template =
            EventTemplate::parse(Settings::new("log", &options), "logFormat", text, event_type, zone).unwrap();
        let mut printed = String::new();
        template.print(&mut printed, &stored(event)).unwrap();
        assert_eq!(printed, expected);
        let reason = template
            .print(&mut printed, &flagstaff_events::Event::new("{}"))
            .unwrap_err();
        assert!(reason.starts_with("it is no ") && printed == expected, "{reason}");
    }
}
