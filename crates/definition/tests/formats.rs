//! What a flag file says, in each of the three formats.

use std::fmt::Write as _;

use flagstaff_definition::document::Document;
use flagstaff_definition::flag::FlagDefinition;
use flagstaff_definition::format::Format;
use flagstaff_definition::value::Value;

/// The only flag of a file.
fn flag(text: &str, format: Format) -> FlagDefinition {
    let document = Document::parse(text, format, None).expect("a document");
    assert_eq!(document.entries.len(), 1, "{text}");
    let parsed = &document.entries[0].parsed;
    FlagDefinition::clone(
        parsed
            .definition
            .as_ref()
            .unwrap_or_else(|| panic!("{text}: {:?}", parsed.diagnostics)),
    )
}

/// The findings about a file as a person reads them.
fn findings(text: &str, format: Format) -> String {
    let found = Document::parse(text, format, None).map_or_else(|errors| errors, |document| document.diagnostics(None));
    found.iter().fold(String::new(), |mut lines, found| {
        let span = found.span.unwrap_or_default();
        let mut subject = found.flag.as_deref().unwrap_or_default().to_owned();
        if !found.path.is_empty() {
            subject = format!("{subject}/{}", found.path);
        }
        let hint = found.hint.as_deref().unwrap_or("-");
        writeln!(
            lines,
            "{}:{} {} {subject}: {} ({hint})",
            span.line,
            span.column,
            found.code.name(),
            found.message
        )
        .expect("a string");
        lines
    })
}

/// The variation `v` of a flag in YAML.
fn yaml_value(scalar: &str) -> Value {
    value(&format!("f:\n  variations:\n    v: {scalar}\n"), Format::Yaml)
}

fn value(text: &str, format: Format) -> Value {
    flag(text, format).variations.expect("variations")[0].value.clone()
}

fn string(text: &str) -> Value {
    Value::String(text.into())
}

#[test]
fn yaml_scalars_are_resolved_as_in_go() {
    let cases = [
        ("0x10", Value::Int(16)),
        ("010", Value::Int(8)),
        ("08", Value::Float(8.0)),
        ("0o10", Value::Int(8)),
        ("0b1", Value::Int(1)),
        ("-0b11", Value::Int(-3)),
        ("1_000", Value::Int(1000)),
        ("9223372036854775808", Value::UInt(9_223_372_036_854_775_808)),
        ("-9223372036854775808", Value::Int(i64::MIN)),
        ("18446744073709551616", Value::Float(18_446_744_073_709_551_616.0)),
        ("1.0", Value::Float(1.0)),
        (".5", Value::Float(0.5)),
        ("1e3", Value::Float(1000.0)),
        ("1e999", string("1e999")),
        ("1:30", string("1:30")),
        ("yes", string("yes")),
        ("on", string("on")),
        ("True", Value::Bool(true)),
        ("tRUE", string("tRUE")),
        ("~", Value::Null),
        ("Null", Value::Null),
        ("", Value::Null),
        ("''", string("")),
        ("2021-05-06", string("2021-05-06T00:00:00Z")),
        ("2021-5-6 7:8:9.25", string("2021-05-06T07:08:09.25Z")),
        ("2021-05-06t07:08:09-01:30", string("2021-05-06T07:08:09-01:30")),
        ("2021-02-29", string("2021-02-29")),
        ("'2021-05-06'", string("2021-05-06")),
        ("!!str 5", string("5")),
        ("!!int '5'", Value::Int(5)),
        ("!!float 5", Value::Float(5.0)),
        ("!!binary aGVsbG8=", string("hello")),
        ("!secret 5", string("5")),
    ];
    for (scalar, expected) in cases {
        assert_eq!(yaml_value(scalar), expected, "{scalar}");
    }
}

#[test]
fn yaml_takes_any_scalar_for_a_text_and_words_for_a_switch() {
    let flag = flag(
        "f: {version: 1.10, disable: On, trackEvents: n, variations: {yes: 1, true: 2}}",
        Format::Yaml,
    );
    assert_eq!(flag.version.as_deref(), Some("1.10"));
    assert_eq!((flag.disable, flag.track_events), (Some(true), Some(false)));
    let names: Vec<_> = flag
        .variations
        .unwrap()
        .iter()
        .map(|variation| variation.name.to_string())
        .collect();
    assert_eq!(names, ["true", "yes"]);
}

#[test]
fn anchors_and_merge_keys() {
    let text = "
base: &base
  variations: &values {on: true, off: false}
  defaultRule: &rule {variation: off}
other:
  <<: *base
  defaultRule: {<<: [*rule, {name: r, variation: x}], percentage: {on: 5}}
";
    let document = Document::parse(text, Format::Yaml, None).unwrap();
    let other = document.entries[1].parsed.definition.as_ref().unwrap();
    assert_eq!(other.variations.as_ref().unwrap().len(), 2);
    let rule = other.default_rule.as_ref().unwrap();
    assert_eq!(&*rule.variation.as_ref().unwrap().value, "off");
    assert_eq!(&*rule.name.as_ref().unwrap().value, "r");
    assert_eq!(rule.percentage.as_ref().unwrap().value[0].share, 5.0);
}

#[test]
fn json_numbers_are_floats_and_names_are_found_in_any_case() {
    assert_eq!(
        value(r#"{"f":{"VARIATIONS":{"v":9007199254740993}}}"#, Format::Json),
        Value::Float(9_007_199_254_740_992.0)
    );
    assert_eq!(
        value(r#"{"f":{"variations":{"v":"\ud83d\ude00\ud83dA\/"}}}"#, Format::Json),
        string("😀\u{FFFD}A/")
    );
    assert_eq!(Format::Json.decode_bytes(b"a\xFF\xC3b").unwrap(), "a\u{FFFD}\u{FFFD}b");
}

#[test]
fn toml_integers_stay_exact_and_dates_are_native() {
    assert_eq!(
        value("[f.variations]\nv = 9_223_372_036_854_775_807", Format::Toml),
        Value::Int(i64::MAX)
    );
    assert_eq!(value("[f.variations]\nv = 0xff", Format::Toml), Value::Int(255));
    assert_eq!(
        value("[f.variations]\nv = 1979-05-27", Format::Toml),
        string("1979-05-27T00:00:00Z")
    );
    assert_eq!(
        value("[f.variations]\nv = 07:32:00.5", Format::Toml),
        string("0000-01-01T07:32:00.5Z")
    );
    let flag = flag(
        "[f.experimentation]\nStart = 2020-01-01T00:00:00+01:00\n[[f.targeting]]\nname = 'a'",
        Format::Toml,
    );
    assert_eq!(
        flag.experimentation.unwrap().start.unwrap().value.to_string(),
        "2020-01-01T00:00:00+01:00"
    );
    assert_eq!(&*flag.targeting.unwrap()[0].name.as_ref().unwrap().value, "a");
}

#[test]
fn null_is_absent_except_where_it_is_an_element() {
    let yaml = flag(
        "f: {variations: null, targeting: [~, {query: a}], defaultRule: {percentage: {a: ~}}}",
        Format::Yaml,
    );
    let json = flag(
        r#"{"f":{"variations":null,"targeting":[null,{"query":"a"}],"defaultRule":{"percentage":{"a":null}}}}"#,
        Format::Json,
    );
    assert_eq!((yaml.variations, json.variations), (None, None));
    assert_eq!((yaml.targeting.unwrap().len(), json.targeting.unwrap().len()), (1, 2));
    for rule in [yaml.default_rule, json.default_rule] {
        assert_eq!(rule.unwrap().percentage.unwrap().value[0].share, 0.0);
    }
    assert_eq!(flag("f:\n", Format::Yaml), FlagDefinition::default());
}

#[test]
fn scheduled_steps_are_flags_with_a_date() {
    let text = "f:\n  scheduledRollout:\n  - date: 2024-01-01\n    disable: true\n    targeting: [{name: r, disable: no}]\n  - scheduledRollout: [{date: 2025-01-01, version: 2}, {date: never}]\n";
    insta::assert_snapshot!(findings(text, Format::Yaml), @"6:63 invalid-date f/scheduledRollout[1].scheduledRollout[1].date: `never` is not a date (write RFC 3339, like 2024-05-01T00:00:00Z)");
    let steps = flag(&text.replace("{date: never}", ""), Format::Yaml)
        .scheduled_rollout
        .unwrap();
    assert_eq!(steps[0].date.unwrap().value.to_string(), "2024-01-01T00:00:00Z");
    assert_eq!(steps[0].change.disable, Some(true));
    assert_eq!(steps[0].change.targeting.as_ref().unwrap()[0].disable, Some(false));
    let nested = steps[1].change.scheduled_rollout.as_ref().unwrap();
    assert_eq!(nested[0].date.unwrap().value.to_string(), "2025-01-01T00:00:00Z");
    assert_eq!(nested[0].change.version.as_deref(), Some("2"));
}

#[test]
fn everything_wrong_with_a_flag_is_found_at_once() {
    let text = r#"
good: {variations: {a: 1}}
bad:
  variations:
    a: .nan
    b: {c: 1, c: 2}
  targeting:
    - name: r
      progressiveRollout:
        initial: {date: "2024-01-01", percentage: "5"}
  defaultrule: {}
  rules: []
  disable: "true"
  disabled: true
  converter: x
  version: [1]
  metadata: 5
"#;
    insta::assert_snapshot!(findings(text, Format::Yaml), @r#"
    5:8 invalid-number bad/variations.a: `.nan` is not a finite number (write a number below 1.8e308, or a text)
    6:15 duplicate-field bad/variations.b.c: `c` is written twice (keep one of the two)
    10:25 invalid-date bad/targeting[0].progressiveRollout.initial.date: `2024-01-01` is not a date (write RFC 3339, like 2024-05-01T00:00:00Z)
    10:51 wrong-type bad/targeting[0].progressiveRollout.initial.percentage: expected a number, found the text "5" (remove the quotes)
    11:3 unknown-field bad/defaultrule: a flag has no field `defaultrule` (did you mean `defaultRule`?)
    12:3 unknown-field bad/rules: a flag has no field `rules` (did you mean `targeting`?)
    13:12 wrong-type bad/disable: expected true or false, found the text "true" (remove the quotes)
    14:3 unknown-field bad/disabled: a flag has no field `disabled` (did you mean `disable`?)
    15:3 ignored-field bad/converter: `converter` is for flag files of the first version and does nothing (remove it)
    16:12 wrong-type bad/version: expected a text, found a list (write a text)
    17:13 wrong-type bad/metadata: expected an object, found the number 5 (write an object)
    "#);
}

#[test]
fn findings_in_json() {
    let text = r#"{"é": {"version": 1, "disable": "true", "variations": {"a": 1e999},
  "defaultRule": {}, "DefaultRule": {}, "experimentation": {"start": 5, "end": "2024-05-01T00:00:00Z"}}, "list": []}"#;
    insta::assert_snapshot!(findings(text, Format::Json), @r#"
    1:19 wrong-type é/version: expected a text, found the number 1 (put quotes around it: "1")
    1:33 wrong-type é/disable: expected true or false, found the text "true" (remove the quotes)
    1:61 invalid-number é/variations.a: `1e999` is not a finite number (write a number below 1.8e308, or a text)
    2:22 duplicate-field é/defaultRule: `DefaultRule` is written twice (keep one of the two)
    2:70 wrong-type é/experimentation.start: expected a date, found the number 5 (write a date)
    2:114 wrong-type list: expected a flag, found a list (write a flag)
    "#);
}

#[test]
fn findings_in_toml() {
    let text = "title = 'x'\n[f]\nversion = 1\n[f.variations]\na = 1\nb = 2020-01-01\n[f.experimentation]\nstart = 2020-01-01\n[f.defaultRule.percentage]\na = 9007199254740993\n";
    insta::assert_snapshot!(findings(text, Format::Toml), @r#"
    1:9 wrong-type title: expected a flag, found the text "x" (write a flag)
    3:11 wrong-type f/version: expected a text, found the number 1 (put quotes around it: "1")
    5:5 wide-integer f/variations.a: go feature flag answers the whole number 1 with TYPE_MISMATCH in bulk evaluations (nothing to do, unless it reads this file too)
    6:5 native-date f/variations.b: the date 2020-01-01 becomes the text "2020-01-01T00:00:00Z" (put quotes around it to mean the text as it is written)
    8:9 local-date f/experimentation.start: the date 2020-01-01 has no time zone: it is read as UTC (write `Z` or an offset after it)
    10:5 invalid-number f/defaultRule.percentage.a: the number 9007199254740993 does not fit a float (write a smaller one)
    "#);
}

#[test]
fn what_yaml_alone_can_get_wrong() {
    let text = "a: {variations: {v: !!int x}}\nb: {<<: 5}\nc: {<<: {}, <<: {}}\nd: &d {variations: {v: *d}}\n~: {}\ne: {variations: {~: 1, w: {1: x}}, owner: 1, owner: 2, [x]: 1}\n";
    insta::assert_snapshot!(findings(text, Format::Yaml), @r#"
    1:27 invalid-tag a/variations.v: `x` does not fit `!!int` (remove the tag or correct the value)
    2:5 invalid-merge b/["<<"]: the merge key `<<` stands for something that is not a map (write `<<: *name` or `<<: [*first, *second]`)
    3:13 invalid-merge c/["<<"]: the merge key `<<` stands twice in one map (write `<<: *name` or `<<: [*first, *second]`)
    4:24 invalid-alias d/variations.v: the anchor stands for a value that contains this alias (write out what is meant)
    5:1 invalid-flag-key ~: the key of the flag is null (write a text as the flag's key, in quotes if need be)
    6:18 dropped-null e/variations: an entry whose name is null is dropped (write "~" to mean the text)
    6:28 general-map-key e/variations.w.1: the name 1 is not a text: it becomes "1" (write "1")
    6:36 unknown-field e/owner: a flag has no field `owner` (the fields of a flag are variations, targeting, defaultRule, bucketingKey, experimentation, scheduledRollout, trackEvents, disable, version, metadata)
    6:46 duplicate-field e: `owner` is written twice (keep one of the two)
    6:56 wrong-type e: expected a name, found a list (write a name)
    "#);
}

#[test]
fn a_place_inside_a_query_is_a_place_in_the_file() {
    /// Line, column and bytes of the word `here` of the query.
    fn check(text: &str, format: Format) {
        let document = Document::parse(text, format, None).unwrap();
        let entry = &document.entries[0];
        let rule = entry.parsed.definition.as_ref().unwrap().default_rule.clone().unwrap();
        let query = rule.query.unwrap();
        let at = query.value.find("here").unwrap();
        let span = query.locate(at, at + 4).absolute(entry.base);
        assert_eq!(&text[span.start as usize..span.end as usize], "here", "{text}");
        let line = text.lines().nth(span.line as usize - 1).unwrap();
        let written: String = line.chars().skip(span.column as usize - 1).take(4).collect();
        assert_eq!(written, "here", "{text}");
    }
    for scalar in [
        "plain here",
        "'é quo''ted here'",
        "\"é \\u00e9\\t\\x41 \\\\ here\"",
        "plain\n      over lines\n\n      here",
        "'quoted\n\n      over ''lines here'",
        "\"quoted \\\n      over\n\n      lines here\"",
        "\"quoted  \\\n\n      \\  over \\n here\"",
        "|\n      literal\n        block\n      é here\n",
        "|-2\n\n      here",
        ">\n      folded\n      block\n\n       é here\n      on\n",
        ">+\n\n      folded here\n\n",
    ] {
        check(&format!("é:\n  defaultRule:\n    query: {scalar}"), Format::Yaml);
        check(
            &format!(
                "# a comment\r\né:\r\n  defaultRule:\r\n    query: {}\r\n",
                scalar.replace('\n', "\r\n")
            ),
            Format::Yaml,
        );
    }
    check(
        "{\"é\": {\n \"defaultRule\": {\"query\": \"\\u00e9\\ud83d\\ude00\\\"é here\"}}}",
        Format::Json,
    );
    check("['é'.defaultRule]\nquery = \"\\u00e9 é here\"", Format::Toml);
    check("['é'.defaultRule]\nquery = 'é here'", Format::Toml);
    check("['é'.defaultRule]\nquery = '''\né\n here'''", Format::Toml);
    check(
        "['é'.defaultRule]\nquery = \"\"\"\\\n   x \\u00e9\n  \\\n here\"\"\"",
        Format::Toml,
    );
}

#[test]
fn nesting_is_bounded_in_every_format() {
    let million = |open: &str| open.repeat(10_000_000 / open.len());
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let codes = |text: &str, format| {
        findings(text, format)
            .lines()
            .map(|line| line.split(' ').nth(1).unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let json = |value: &str| format!(r#"{{"f": {{"variations": {{"v": {value}}}}}, "g": {{}}}}"#);
    assert_eq!(codes(&json(&deep(5_000_000)), Format::Json), ["too-deep"]);
    assert_eq!(codes(&json(&deep(200)), Format::Json), ["too-deep"]);
    assert!(codes(&json(&deep(100)), Format::Json).is_empty());
    assert_eq!(codes(&million("["), Format::Json), ["syntax"]);
    assert_eq!(codes(&million("{\"a\":"), Format::Json), ["syntax"]);
    assert_eq!(codes(&json(&deep(200)), Format::Yaml), ["too-deep"]);
    assert!(codes(&json(&deep(100)), Format::Yaml).is_empty());
    for open in ["[", "{a: ", "- ", "? ", "{\"a\":"] {
        assert_eq!(codes(&million(open), Format::Yaml), ["too-deep"], "{open}");
    }
    let steps: String = (0..3000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert_eq!(codes(&steps, Format::Yaml), ["too-deep"]);
    let doubled: String = (0..4)
        .map(|n| {
            format!(
                "f{n}: {{variations: {{v: &a{} {}*a{n}{}}}}}\n",
                n + 1,
                "[".repeat(50),
                "]".repeat(50)
            )
        })
        .collect();
    assert_eq!(
        codes(&format!("f: {{variations: {{v: &a0 1}}}}\n{doubled}"), Format::Yaml),
        ["too-deep", "too-deep"]
    );
    assert!(!codes(&million("a = ["), Format::Toml).is_empty());
    assert!(!codes(&format!("a = {}", million("[")), Format::Toml).is_empty());
    assert!(!codes(&format!("a = {}", million("{a=")), Format::Toml).is_empty());
    assert_eq!(codes(&format!("[{}a]", million("a.")), Format::Toml), ["too-deep"]);
    assert_eq!(codes(&format!("{}a = 1", million("a . ")), Format::Toml), ["too-deep"]);
}

#[test]
fn aliases_are_bounded() {
    let mut text = "f: {variations: {v: &a0 1}}\n".to_owned();
    for n in 0..9 {
        let aliases = vec![format!("*a{n}"); 10].join(", ");
        let _ = writeln!(text, "f{n}: {{variations: {{v: &a{} [{aliases}]}}}}", n + 1);
    }
    assert!(findings(&text, Format::Yaml).contains("too-many-aliases"));
}
