//! JsonLogic, asked through the compiled rule: recorded answers of GO Feature Flag's core, what Flagstaff adds, and rules that
//! nobody would write.

use std::fs;
use std::path::Path;

use flagstaff_engine::attribute::Attributes;
use flagstaff_engine::context::EvaluationContext;
use flagstaff_engine::jsonlogic::{Logic, is_jsonlogic};
use proptest::prelude::*;
use serde_json::{Value, json};

fn answer(rule: &str, context: &Value) -> bool {
    let context = EvaluationContext::from_json(context);
    Logic::compile(rule).is_some_and(|logic| logic.matches(&Attributes::new(&context, None)))
}

fn check(rule: &Value, context: &Value, expected: bool) {
    assert_eq!(answer(&rule.to_string(), context), expected, "{rule} on {context}");
}

#[test]
fn recorded_answers() {
    for file in ["jsonlogic.jsonl", "jsonlogic-more.jsonl"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../conformance/corpus")
            .join(file);
        let rows = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let differences: Vec<_> = rows
            .lines()
            .filter(|line| {
                let row: Value = serde_json::from_str(line).expect("a row is JSON");
                let rule = row["rule"].as_str().expect("a row has a rule");
                Some(answer(rule, &row["context"])) != row["match"].as_bool()
            })
            .collect();
        assert!(
            differences.is_empty(),
            "{} differences in {file}:\n{}",
            differences.len(),
            differences.join("\n")
        );
    }
}

#[test]
fn what_is_jsonlogic() {
    for (text, expected) in [
        (r#"{"==":[1,1]}"#, true),
        (" {\n  \"==\":\n  [1, 1]}\r\n", true),
        ("null", true),
        (" null ", true),
        (r"{}", true),
        (r#"[{"==":[1,1]}]"#, false),
        (r#"{"==":[1,1]} x"#, false),
        (r#"{"==":[1,1]"#, false),
        ("true", false),
        (r#"x eq "{}""#, false),
        ("", false),
    ] {
        assert_eq!(is_jsonlogic(text), expected, "{text}");
        assert_eq!(Logic::compile(text).is_some(), expected, "{text}");
    }
}

#[test]
fn lines_are_joined_without_the_spaces_in_front() {
    assert!(answer(
        "{\"==\": [{\"var\": \"tar\n   getingKey\"}, \"k\"]}",
        &json!({"targetingKey": "k"})
    ));
}

#[test]
fn half_characters_are_read_as_in_go() {
    assert!(answer(r#"{"==": ["\ud800x", "\ufffdx"]}"#, &json!({})));
}

#[test]
fn the_start_and_the_end_of_texts() {
    let context = json!({"email": "ann@example.com", "age": 12});
    for (rule, expected) in [
        (json!({"endsWith": [{"var": "email"}, "@example.com"]}), true),
        (json!({"ends_with": [{"var": "email"}, "@example.org"]}), false),
        (json!({"startsWith": [{"var": "email"}, "ann"]}), true),
        (json!({"starts_with": [{"var": "email"}, "Ann"]}), false),
        (json!({"startsWith": [{"var": "nobody"}, ""]}), false),
        (json!({"!": {"startsWith": [{"var": "nobody"}, "a"]}}), true),
        (json!({"startsWith": [{"var": "age"}, "1"]}), false),
        (json!({"startsWith": ["a"]}), false),
        (json!({"startsWith": "a"}), false),
    ] {
        check(&rule, &context, expected);
        assert_eq!(Logic::validate(&rule.to_string()), Ok(()));
    }
}

#[test]
fn what_is_refused_at_load() {
    for (rule, problem) in [
        (r#"{"foo":[1]}"#, "unknown operator \"foo\""),
        (r#"{"and":[{"==":[1,{"foo":1}]}]}"#, "unknown operator \"foo\""),
        (r#"{"!":null}"#, "operator \"!\" has no operand"),
        (
            r#"{"!":{}}"#,
            "an empty object is no rule: write an operator and its operands",
        ),
        ("{}", "an empty object is no rule: write an operator and its operands"),
        ("null", "null is no rule: write a value or an operation"),
    ] {
        assert_eq!(Logic::validate(rule), Err(problem.to_owned()), "{rule}");
        assert!(Logic::compile(rule).is_some(), "{rule}");
    }
    for rule in [
        r#"{"==":[{"var":null},null]}"#,
        r#"{"var":{"cat":["a","b"]}}"#,
        r#"{"foo":1,"bar":{"foo":2}}"#,
        r#"{"in":[1,[null,[]]]}"#,
    ] {
        assert_eq!(Logic::validate(rule), Ok(()), "{rule}");
    }
}

#[test]
fn long_lists_answer_as_short_ones() {
    let texts: Vec<_> = (0..100).map(|number| format!("user-{number}")).collect();
    let numbers: Vec<_> = (0..100).map(|number| f64::from(number) * 1.5).collect();
    let mixed: Vec<_> = (0..100)
        .map(|number| {
            if number % 2 == 0 {
                json!(number)
            } else {
                json!(format!("{number}"))
            }
        })
        .collect();
    let with_null: Vec<_> = mixed.iter().cloned().chain([Value::Null, json!(1000)]).collect();
    for needle in [
        json!("user-7"),
        json!("user-100"),
        json!("7"),
        json!(7),
        json!(-7),
        json!(0),
        json!(-0.0),
        json!(148.5),
        json!(1000),
        json!(null),
        json!(true),
        json!([]),
        json!({}),
        json!(""),
    ] {
        for list in [json!(texts), json!(numbers), json!(mixed), json!(with_null)] {
            let looked_up = json!({"in": [{"var": "needle"}, list]});
            let searched = json!({"in": [{"var": "needle"}, {"var": "list"}]});
            let context = json!({"needle": needle, "list": list});
            let expected = answer(&searched.to_string(), &context);
            check(&looked_up, &context, expected);
            // `!!` tells false from a failure.
            let expected = answer(&json!({"!": searched}).to_string(), &context);
            check(&json!({"!": looked_up}), &context, expected);
        }
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |levels: usize| format!("{}true{}", r#"{"!":["#.repeat(levels), "]}".repeat(levels));
    assert!(answer(&nested(100), &json!({})));
    assert!(!answer(&nested(101), &json!({})));
    for levels in [1_000, 1_000_000] {
        assert!(!answer(&nested(levels), &json!({})));
        let problem = Logic::validate(&nested(levels)).expect_err("too deep");
        assert!(
            problem.starts_with("the rule is nested more than 256 levels deep at line 1 column"),
            "{problem}"
        );
    }
    let open = "[".repeat(10_000_000);
    assert!(!is_jsonlogic(&open));
    assert!(!is_jsonlogic(&format!(r#"{{"!":{open}"#)));
}

#[test]
fn a_context_cannot_make_a_rule_run_forever() {
    let run_object = json!({"if": [true, {"var": "rule"}]});
    check(&run_object, &json!({"rule": {"==": [1, 1]}}), true);
    check(&run_object, &json!({"rule": {"if": [true, {"var": "rule"}]}}), false);
    let twice = json!({"if": [true, {"var": "rule"}]});
    check(&run_object, &json!({"rule": {"merge": [twice, twice]}}), false);
    let elements: Vec<u32> = (0..1000).collect();
    let mut rule = json!(1);
    for _ in 0..5 {
        rule = json!({"map": [elements, rule]});
    }
    check(&run_object, &json!({"rule": rule}), false);
    let double = json!({"cat": [{"var": "accumulator"}, {"var": "accumulator"}]});
    check(
        &run_object,
        &json!({"rule": {"reduce": [elements, double, "a"]}}),
        false,
    );
}

/// Values of any shape, whose objects mostly are operations.
fn rules() -> impl Strategy<Value = Value> {
    const OPERATORS: [&str; 43] = [
        "and",
        "or",
        "!",
        "!!",
        "if",
        "?:",
        "==",
        "!=",
        "===",
        "!==",
        "<",
        "<=",
        ">",
        ">=",
        "+",
        "-",
        "*",
        "/",
        "%",
        "abs",
        "max",
        "min",
        "cat",
        "substr",
        "startsWith",
        "endsWith",
        "in",
        "contains_all",
        "contains_any",
        "contains_none",
        "merge",
        "map",
        "filter",
        "reduce",
        "all",
        "some",
        "none",
        "var",
        "missing",
        "missing_some",
        "set",
        "unknown",
        "",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3..12).prop_map(Value::from),
        prop_oneof!["", "a", "l", "m.k", ".k", "l.1", "1", "nan", "0x1p4", "1_0", ".*"].prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 4, |inner| {
        let name = prop::sample::select(OPERATORS.as_slice());
        let list = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            (name.clone(), list.clone()).prop_map(|(name, operands)| json!({name: operands})),
            (name, inner.clone()).prop_map(|(name, operand)| json!({name: operand})),
            list.prop_map(Value::from),
            prop::collection::btree_map("[a-c]|var", inner, 0..3).prop_map(|members| json!(members)),
        ]
    })
}

proptest! {
    #[test]
    fn no_rule_panics(rule in rules(), value in rules(), list in prop::collection::vec(rules(), 0..4)) {
        let context = json!({"targetingKey": "k", "a": value, "l": list, "m": {"k": value}});
        let text = rule.to_string();
        let _ = Logic::validate(&text);
        answer(&text, &context);
    }

    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = Logic::validate(&text);
        answer(&text, &json!({}));
    }

    #[test]
    fn not_not_is_truth(rule in rules()) {
        let context = json!({"l": [1, "a"], "a": 1});
        let truth = answer(&json!({"!!": [rule]}).to_string(), &context);
        prop_assert_eq!(truth, answer(&json!({"!": [{"!": [rule]}]}).to_string(), &context));
    }
}
