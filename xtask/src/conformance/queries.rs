//! `queries.jsonl`: `{query, context, match, goff_match?, load_error}`, well-formed queries with their (repaired) answers.

use serde::Deserialize;

use super::probe::Probe;
use super::{Tally, Verdict};

#[derive(Deserialize)]
struct Row {
    query: String,
    context: serde_json::Value,
    #[serde(rename = "match")]
    matches: bool,
    load_error: bool,
}

pub(super) fn check(line: &str, _: &mut Tally) -> anyhow::Result<Verdict> {
    let row: Row = serde_json::from_str(line)?;
    let probe = Probe::compile(&row.query)?;
    let rejected = !probe.errors().is_empty();
    let matches = probe.matches(&row.context);
    let difference = if matches != row.matches {
        Some(format!(
            "{} on {}: want {}, got {matches}",
            row.query, row.context, row.matches
        ))
    } else if rejected != row.load_error {
        let text = |rejected| if rejected { "rejected" } else { "loaded" };
        let why = probe
            .errors()
            .first()
            .map_or(String::new(), |error| format!(": {}", error.message));
        Some(format!(
            "{}: want it {}, but it is {}{why}",
            row.query,
            text(row.load_error),
            text(rejected)
        ))
    } else {
        None
    };
    Ok(Verdict::of(difference))
}
