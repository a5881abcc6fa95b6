use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::document::entries::Entries;

/// All that can be seen of a document, positions included.
fn shown(document: &Result<Document, Vec<Diagnostic>>) -> String {
    match document {
        Ok(document) => document.entries.iter().fold(String::new(), |mut text, entry| {
            writeln!(text, "{} {:?} {:?}", entry.key, entry.base, entry.parsed).expect("a string");
            text
        }),
        Err(errors) => format!("{errors:?}"),
    }
}

fn errors(text: &str, format: Format) -> String {
    let errors = Document::parse(text, format, None).expect_err(text);
    let lines = errors.iter().map(|error| {
        let span = error.span.unwrap_or_default();
        format!(
            "{}:{} {}: {} ({})",
            span.line,
            span.column,
            error.code.name(),
            error.message,
            error.hint.as_deref().unwrap_or("-")
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn an_empty_document_is_an_error_and_an_empty_set_is_not() {
    for text in [
        "",
        " \n",
        "# nothing\n",
        "---\n",
        "null",
        "~",
        "---\n---\na: {}",
        "\u{FEFF}",
    ] {
        assert!(errors(text, Format::Yaml).contains("empty-document"), "{text:?}");
    }
    for text in ["", " \n", "null"] {
        assert!(errors(text, Format::Json).contains("empty-document"), "{text:?}");
    }
    for text in ["", "# nothing\n"] {
        assert!(errors(text, Format::Toml).contains("empty-document"), "{text:?}");
    }
    for (text, format) in [
        ("{}", Format::Yaml),
        ("{ }\n", Format::Json),
        ("'$flagstaff' = {}", Format::Toml),
        ("$flagstaff: {}", Format::Yaml),
    ] {
        assert_eq!(
            Document::parse(text, format, None).expect(text).entries.len(),
            0,
            "{text}"
        );
    }
}

#[test]
fn errors_of_a_document() {
    insta::assert_snapshot!(errors("[]", Format::Json), @"1:1 not-a-map: expected an object of flags, found a list (write each flag under its key at the top level)");
    insta::assert_snapshot!(errors("- a", Format::Yaml), @"1:1 not-a-map: expected an object of flags, found a list (write each flag under its key at the top level)");
    insta::assert_snapshot!(errors("text", Format::Yaml), @r#"1:1 not-a-map: expected an object of flags, found the text "text" (write each flag under its key at the top level)"#);
    insta::assert_snapshot!(errors("a: {}\nb: {}\n'a': {}\nb: 5\n", Format::Yaml), @"
    3:1 duplicate-flag: the flag a is written twice, first in line 1 (rename or remove one of the two)
    4:1 duplicate-flag: the flag b is written twice, first in line 2 (rename or remove one of the two)
    ");
    insta::assert_snapshot!(errors("{\"a\": {},\n \"\\u0061\": {}}", Format::Json), @"2:2 duplicate-flag: the flag a is written twice, first in line 1 (rename or remove one of the two)");
    insta::assert_snapshot!(errors("a = {}\nb = 1\na = {}", Format::Toml), @"3:1 syntax: duplicate key (TOML allows each key once: rename or remove one of the two)");
}

#[test]
fn syntax_errors_have_places_in_the_whole_file() {
    let check = |format, texts: &[&str]| {
        texts
            .iter()
            .map(|text| errors(text, format))
            .collect::<Vec<_>>()
            .join("\n")
    };
    insta::assert_snapshot!(check(Format::Yaml, &["a: {}\nb:\n  c: 'x\nd: {}\n", "a: {}\nb:\n\tc: x\n", "a: {}\nb:\n  c: 1\n d: 2\n", "a: {}\nb: *c\n", "a: {}\nb: @c\n", "a: {b: [1, 2}\n"]), @r"
    3:6 syntax: unclosed quote (look for the missing closing quote)
    3:2 syntax: tabs disallowed within this context (block indentation) (indent with spaces)
    4:2 syntax: while parsing a block mapping, did not find expected key (look at the indentation and the quotes around here)
    2:4 syntax: while parsing node, found unknown anchor (an alias `*name` needs an anchor `&name` before it; quote a text that begins with `*`)
    2:4 syntax: unexpected character: `@' (put quotes around a text that begins with a special character)
    1:8 syntax: mismatched bracket '[' closed by '}' (look for a missing comma or closing bracket)
    ");
    insta::assert_snapshot!(check(Format::Json, &["{\"a\": {},\n \"b\": {\"c\": 1,}}", "{\"a\": {\n \"b\": tru}}", "{\"a\": 01}", "{\"a\": \"x\ny\"}", "{\"a\": {}} x", "{\"a\": {}", "{a: 1}"]), @r"
    2:15 syntax: expected a name in quotes, found `}` (remove the comma before it)
    2:7 syntax: unknown word `tru` (put quotes around a text)
    1:7 syntax: a number is not written as JSON has it (no leading zeros, digits on both sides of the point)
    1:9 syntax: a text holds a raw line break or control character (write `\n` for a line break, `\t` for a tab)
    1:11 syntax: expected the end of the file, found `x` (-)
    1:9 syntax: the text ends where `,` or `}` is expected (-)
    1:2 syntax: expected a name in quotes, found `a` (-)
    ");
    insta::assert_snapshot!(check(Format::Toml, &["a = 1\nb = = 2\nc = 'x\n"]), @r"
    2:5 syntax: extra `=`, expected nothing (-)
    2:7 syntax: unexpected key or value, expected newline, `#` (-)
    3:7 syntax: invalid literal string, expected `'` (-)
    ");
}

#[test]
fn the_first_document_counts() {
    let document = Document::parse("---\na: {}\n...\n---\n]", Format::Yaml, None).expect("a document");
    assert_eq!(document.entries.len(), 1);
}

#[test]
fn utf_16_and_broken_utf_8() {
    let wide: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain("a: {}".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    assert_eq!(
        Document::parse_bytes(&wide, Format::Yaml, None)
            .expect("UTF-16")
            .entries
            .len(),
        1
    );
    let error = Document::parse_bytes(b"a: {}\nb: \xFF", Format::Yaml, None).expect_err("not UTF-8");
    assert_eq!(error[0].span.map(|span| (span.line, span.column)), Some((2, 4)));
}

#[test]
fn unchanged_entries_are_shared() {
    /// Which flags of the second text share what was read for the first one.
    fn check(before: &str, after: &str, format: Format, shared: &[&str]) {
        let first = Document::parse(before, format, None).expect(before);
        let second = Document::parse(after, format, Some(&first)).expect(after);
        assert_eq!(
            shown(&Ok(second.clone())),
            shown(&Document::parse(after, format, None)),
            "{after}"
        );
        let found: Vec<&str> = second
            .entries
            .iter()
            .filter(|entry| {
                first
                    .entries
                    .iter()
                    .any(|known| Arc::ptr_eq(&known.parsed, &entry.parsed))
            })
            .map(|entry| &*entry.key)
            .collect();
        assert_eq!(found, shared, "{after}");
    }
    check(
        "a: {x: 1}\nb: {x: 2}\nc: {}\n",
        "# new\nb: {x: 2}\na: {x: 3}\nc: {}\nd: {}\n",
        Format::Yaml,
        &["b", "c"],
    );
    check(
        "{a: {x: 1}, b: {x: 2}}",
        "{\n a: {x: 3}, b: {x: 2}}",
        Format::Yaml,
        &["b"],
    );
    check(
        "a: &a {x: 1}\nb: *a\nc: {y: 2}\n",
        "a: &a {x: 2}\nb: *a\nc: {y: 2}\n",
        Format::Yaml,
        &["c"],
    );
    check(
        r#"{"a": {"x": 1}, "b": {"y": 2}}"#,
        "{\n\"a\": {\"x\": 10}, \"b\": {\"y\": 2}}",
        Format::Json,
        &["b"],
    );
    check("a.x = 1\n[b]\ny = 2", "a.x = 10\n\n[b]\ny = 2", Format::Toml, &["b"]);
}

#[test]
fn one_flag_alone() {
    let parsed = parse_flag("f", r#"{"variations": {"a": 1}, "Disable": true}"#);
    assert_eq!(parsed.definition.expect("a flag").disable, Some(true));
    let broken = parse_flag("f", r#"{"variations": {"a": 1}} x"#);
    assert_eq!((broken.definition, broken.diagnostics[0].code), (None, Code::Syntax));
}

/// Texts made of what YAML files are made of, so that many of them are documents and many others nearly so.
fn yaml() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a:",
        "b:",
        "c:",
        "\"d\":",
        "'e f':",
        "$flagstaff:",
        " ",
        "  ",
        "\n",
        "\n",
        "\n  ",
        "\n    ",
        "\n# c\n",
        "\r\n",
        "- ",
        "? ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        ": ",
        "'",
        "\"",
        "|",
        ">-",
        "|+",
        "&x ",
        "*x",
        "!!str ",
        "!t ",
        "<<: ",
        "---",
        "\n---\n",
        "\n...\n",
        "%YAML 1.2\n",
        "variations:",
        "defaultRule:",
        "{variation: a}",
        "text",
        "it's",
        "1",
        ".nan",
        "2020-01-01",
        "~",
        "é",
        "\t",
        " #x",
        "\\n",
        "@",
        "a: {}\n",
        "b: {variations: {x: 1}}\n",
        "c:\n  variations:\n    x: \"y\n\n      z\"\n",
        "query: >\n      x\n\n      y\n",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn cutting_a_document_apart_changes_nothing(text in yaml()) {
        let cut = Document::parse(&text, Format::Yaml, None);
        let whole = Entries::new(Format::Yaml, None).whole_yaml(&text);
        prop_assert_eq!(shown(&cut), shown(&whole));
    }

    #[test]
    fn reading_again_changes_nothing(before in yaml(), after in yaml()) {
        let first = Document::parse(&before, Format::Yaml, None).ok();
        let joined = format!("{before}\n{after}");
        for text in [&after, &joined, &before] {
            let again = Document::parse(text, Format::Yaml, first.as_ref());
            prop_assert_eq!(shown(&again), shown(&Document::parse(text, Format::Yaml, None)));
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>(), source in yaml()) {
        for format in [Format::Yaml, Format::Json, Format::Toml] {
            for text in [&text, &source] {
                let _ = Document::parse(text, format, None).map(|document| document.diagnostics(None));
            }
        }
    }

    #[test]
    fn broken_json_and_toml_never_panic(text in "[\\[\\]{}\",:= \n.'a-c0-9\\\\uD+eE#-]{0,60}") {
        for format in [Format::Json, Format::Toml] {
            let _ = Document::parse(&text, format, None).map(|document| document.diagnostics(None));
        }
    }
}

/// Flags of plain values, as JSON.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let scalar = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        (-1_000_000i64..1_000_000).prop_map(Into::into),
        (-1e9..1e9).prop_map(|number: f64| number.into()),
        "[ -~éß😀\n\t]{0,12}".prop_map(Into::into),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map("[a-z é:#]{1,6}", inner, 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A value with every number as a float.
fn floats(value: &crate::value::Value) -> serde_json::Value {
    use crate::value::Value;
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(on) => (*on).into(),
        Value::Int(number) => (*number as f64).into(),
        Value::UInt(number) => (*number as f64).into(),
        Value::Float(number) => (*number).into(),
        Value::String(text) => (&**text).into(),
        Value::List(items) => items.iter().map(floats).collect(),
        Value::Map(map) => map
            .iter()
            .map(|(name, value)| (name.to_string(), floats(value)))
            .collect(),
    }
}

proptest! {
    #[test]
    fn json_says_the_same_in_yaml(value in json()) {
        let text = serde_json::json!({"f": {"variations": {"v": value}, "defaultRule": {"query": "a eq 1", "percentage": {"v": 33.3}}}}).to_string();
        let read = |format| {
            let document = Document::parse(&text, format, None).expect("a document");
            let definition = document.entries[0].parsed.definition.clone().unwrap_or_else(|| panic!("{:?}", document.entries[0].parsed));
            let variations = definition.variations.as_ref().expect("variations");
            (floats(&variations[0].value), definition.default_rule.clone())
        };
        prop_assert_eq!(read(Format::Json), read(Format::Yaml));
    }
}
