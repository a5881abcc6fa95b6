//! `jsonlogic.jsonl`: `{rule, context, match}`.

use serde::Deserialize;

use super::probe::Probe;
use super::{Tally, Verdict};

#[derive(Deserialize)]
struct Row {
    rule: String,
    context: serde_json::Value,
    #[serde(rename = "match")]
    matches: bool,
}

pub(super) fn check(line: &str, _: &mut Tally) -> anyhow::Result<Verdict> {
    let row: Row = serde_json::from_str(line)?;
    let matches = Probe::compile(&row.rule)?.matches(&row.context);
    Ok(Verdict::of((matches != row.matches).then(|| {
        format!("{} on {}: want {}, got {matches}", row.rule, row.context, row.matches)
    })))
}
