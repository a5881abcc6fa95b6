//! Whole evaluations against the answers of GO Feature Flag's own core.

use std::sync::Arc;

use flagstaff_definition::document::parse_flag;
use flagstaff_definition::timestamp::Timestamp;
use flagstaff_definition::value::Value as FlagValue;
use flagstaff_engine::attribute::{AttributeTable, Attributes};
use flagstaff_engine::context::{ContextMap, ContextValue, EvaluationContext};
use flagstaff_engine::flag::{Evaluation, Flag, Subject, times};
use serde_json::{Map, Value, json};

/// Evaluates the `input` of a row and returns the raw result as GO Feature Flag shapes it.
fn evaluate(input: &Value, now: &str) -> Value {
    let key = input["flagKey"].as_str().expect("a row has a key");
    let parsed = parse_flag(key, &input["flag"].to_string());
    let Some(definition) = &parsed.definition else {
        return json!({ "undecoded": format!("{:?}", parsed.diagnostics) });
    };
    let flag = Flag::compile(key, definition, &mut AttributeTable::default());
    let context = EvaluationContext::from_json(&input["evalContext"]);
    let enrichment = match ContextValue::from_json(&input["flagContext"]["evaluationContextEnrichment"]) {
        ContextValue::Map(enrichment) => enrichment,
        _ => ContextMap::default(),
    };
    let attributes = Attributes::new(&context, Some(&enrichment));
    let clock = Timestamp::parse(now).expect("a row has a date").instant;
    let subject = Subject::new(&attributes, times(&context, Some(&enrichment), clock, true));
    raw_result(
        flag.evaluate(&subject, &mut ()),
        &input["flagContext"]["defaultSdkValue"],
    )
}

fn raw_result(evaluation: Evaluation<'_>, default: &Value) -> Value {
    let (flag, outcome) = (evaluation.flag, evaluation.outcome());
    let mut result = json!({
        "trackEvents": flag.track_events(),
        "variationType": *outcome.variant,
        "failed": outcome.error.is_some(),
        "version": flag.version(),
        "reason": outcome.reason.name(),
        "errorCode": outcome.error.as_ref().map_or("", |error| error.code.name()),
        "value": outcome.value.as_ref().map_or_else(|| default.clone(), as_json),
        "cacheable": outcome.cacheable,
    });
    if let Some(error) = &outcome.error {
        result["errorDetails"] = json!(*error.details);
    }
    let mut metadata: Map<_, _> = flag
        .metadata()
        .into_iter()
        .flat_map(flagstaff_definition::value::Map::iter)
        .map(|(name, value)| (name.to_string(), as_json(value)))
        .collect();
    if let Some(name) = &outcome.rule_name {
        metadata.insert("evaluatedRuleName".to_owned(), json!(**name));
    }
    if !metadata.is_empty() {
        result["metadata"] = Value::Object(metadata);
    }
    result
}

fn as_json(value: &FlagValue) -> Value {
    match value {
        FlagValue::Null => Value::Null,
        FlagValue::Bool(value) => json!(value),
        FlagValue::Int(value) => json!(value),
        FlagValue::UInt(value) => json!(value),
        FlagValue::Float(value) => json!(value),
        FlagValue::String(value) => json!(**value),
        FlagValue::List(values) => values.iter().map(as_json).collect(),
        FlagValue::Map(map) => Value::Object(
            map.iter()
                .map(|(name, value)| (name.to_string(), as_json(value)))
                .collect(),
        ),
    }
}

/// Numbers as floats, so that `1` and `1.0` are one.
fn with_float_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(values) => values.into_iter().map(with_float_numbers).collect(),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| (name, with_float_numbers(value)))
                .collect(),
        ),
        other => other,
    }
}

#[test]
fn every_recorded_evaluation_is_repeated() {
    let corpus = include_str!("../../../conformance/corpus/flags.jsonl");
    let mut failures = Vec::new();
    for (number, line) in corpus.lines().enumerate() {
        let row: Value = serde_json::from_str(line).unwrap();
        let expected: Value = serde_json::from_str(row["expected"].as_str().unwrap()).unwrap();
        let got = evaluate(&row["input"], row["now"].as_str().unwrap());
        if with_float_numbers(got.clone()) != with_float_numbers(expected.clone()) {
            failures.push(format!(
                "row {}: {}\n  expected {expected}\n  got      {got}",
                number + 1,
                row["input"]
            ));
        }
    }
    assert!(
        failures.is_empty(),
        "{} rows differ, the first ones:\n{}",
        failures.len(),
        failures[..failures.len().min(5)].join("\n")
    );
}

#[test]
fn a_flag_is_shared_between_threads() {
    fn check<T: Send + Sync>() {}
    check::<Arc<Flag>>();
}
