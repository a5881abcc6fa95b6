//! `malformed_queries.jsonl`: `{query, context, goff_syntax_errors, goff_load_error, goff_match}`, what GO Feature Flag makes
//! of broken text. There is no right answer: a row fails when it panics or is rejected without a position.

use serde::Deserialize;

use super::probe::Probe;
use super::{Tally, Verdict};

#[derive(Deserialize)]
struct Row {
    query: String,
    context: serde_json::Value,
    goff_match: Option<bool>,
}

pub(super) fn check(line: &str, tally: &mut Tally) -> anyhow::Result<Verdict> {
    let row: Row = serde_json::from_str(line)?;
    let probe = Probe::compile(&row.query)?;
    let matches = probe.matches(&row.context);
    if !probe.errors().is_empty() {
        tally.rejected += 1;
        let unplaced = probe.errors().iter().find(|error| error.span.is_none());
        return Ok(Verdict::of(unplaced.map(|error| {
            format!("{}: rejected without a position: {}", row.query, error.message)
        })));
    }
    if row.goff_match == Some(matches) {
        tally.as_goff += 1;
    } else {
        let goff = row
            .goff_match
            .map_or("no answer".to_owned(), |matches| matches.to_string());
        tally.otherwise.push(format!(
            "{} on {}: {matches}, GO Feature Flag: {goff}",
            row.query, row.context
        ));
    }
    Ok(Verdict::Pass)
}
