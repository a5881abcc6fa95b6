//! Events whose members have every shape that there is.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use flagstaff_events::EventType;
use serde::Deserialize;
use serde_json::{Value, json};

/// What GO Feature Flag wrote, and into which files.
const RECORDED: &str = include_str!("../../../conformance/exporters/samples.jsonl");

/// One configuration of GO Feature Flag.
#[derive(Deserialize)]
struct Sample {
    scenario: String,
    files: BTreeMap<String, Value>,
}

/// Events as GO Feature Flag wrote them in JSON, and some that it could not write everywhere.
pub(super) fn samples(event_type: EventType) -> Result<Vec<Value>> {
    let (scenario, more) = match event_type {
        EventType::Feature => (
            "file-json",
            vec![
                with_value(900_001, json!("te;xt\"q\u{e4}\u{2028}<&>")),
                with_value(900_002, json!(null)),
            ],
        ),
        EventType::Tracking => ("file-tracking-json", vec![numbered(EventType::Tracking, 900_003)]),
    };
    let mut samples = recorded(scenario).context(scenario)?;
    samples.extend(more);
    Ok(samples)
}

/// An event like no other.
pub(super) fn numbered(event_type: EventType, number: usize) -> Value {
    let user = format!("user-{number}");
    match event_type {
        EventType::Feature => json!({
            "kind": "feature", "contextKind": "user", "userKey": user, "creationDate": 1_680_246_000,
            "key": "banner", "variation": "on", "value": true, "default": false, "version": "1",
            "source": "SERVER", "metadata": {"environment": "test"},
        }),
        EventType::Tracking => json!({
            "kind": "tracking", "contextKind": "user", "userKey": user, "creationDate": 1_680_246_000,
            "key": "checkout", "evaluationContext": {"targetingKey": user, "plan": "pro", "n": 1.5},
            "trackingEventDetails": {"value": 99.5, "currency": "EUR", "ok": true},
        }),
    }
}

fn with_value(number: usize, value: Value) -> Value {
    let mut event = numbered(EventType::Feature, number);
    event["value"] = value;
    event["metadata"] = json!({"a": null});
    event
}

/// The lines of all files of a scenario.
fn recorded(scenario: &str) -> Result<Vec<Value>> {
    let samples = RECORDED.lines().map(serde_json::from_str::<Sample>);
    let samples: Vec<_> = samples.collect::<Result<_, _>>()?;
    let sample = samples.into_iter().find(|sample| sample.scenario == scenario);
    let files = sample.context("is not recorded")?.files;
    let texts = files.values().filter_map(|file| file["text"].as_str());
    let lines: Vec<Value> = texts
        .flat_map(str::lines)
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    anyhow::ensure!(!lines.is_empty(), "nothing is recorded");
    Ok(lines)
}
