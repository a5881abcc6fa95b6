//! Queries against the recorded answers of GO Feature Flag's own core, and broken ones against nothing but good manners.

use flagstaff_definition::diagnostic::Severity;
use flagstaff_definition::query::parse;
use flagstaff_engine::attribute::{AttributeTable, Attributes};
use flagstaff_engine::context::EvaluationContext;
use flagstaff_engine::query::Matcher;
use serde_json::Value;

/// Whether a query matches a context; `None` when it is rejected.
fn matches(query: &str, context: &Value) -> Option<bool> {
    let expression = parse(query).expression?;
    let matcher = Matcher::compile(&expression, &mut AttributeTable::default());
    let context = EvaluationContext::from_json(context);
    Some(matcher.matches(&Attributes::new(&context, None), &mut ()))
}

/// The rows of a file with what is wrong about each.
fn check(corpus: &str, wrong: impl Fn(&Value) -> Option<String>) {
    let rows = corpus
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a row is JSON"));
    let failures: Vec<String> = rows
        .filter_map(|row| Some(format!("{}\n  {row}", wrong(&row)?)))
        .collect();
    let shown = failures[..failures.len().min(5)].join("\n");
    assert!(
        failures.is_empty(),
        "{} rows differ, the first ones:\n{shown}",
        failures.len()
    );
}

#[test]
fn queries_match_as_recorded() {
    check(include_str!("../../../conformance/corpus/queries.jsonl"), |row| {
        let got = matches(row["query"].as_str()?, &row["context"]).unwrap_or(false);
        (row["match"] != got).then(|| format!("got {got}"))
    });
}

#[test]
fn broken_queries_are_read_as_written_or_rejected_with_a_place_and_a_hint() {
    check(
        include_str!("../../../conformance/corpus/malformed_queries.jsonl"),
        |row| {
            let query = row["query"].as_str()?;
            if matches(query, &row["context"]).is_some() {
                return None;
            }
            let problems = parse(query).problems;
            let error = problems.iter().find(|problem| problem.severity == Severity::Error);
            let inside =
                error.is_some_and(|error| error.start <= error.end && error.end <= query.len() && error.hint.is_some());
            (!inside).then(|| format!("rejected without a place or a hint: {error:?}"))
        },
    );
}
