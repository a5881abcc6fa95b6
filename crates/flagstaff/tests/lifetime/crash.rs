//! A relay that is killed: what it has acknowledged is delivered all the same.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use super::*;

const PROGRAM: &str = env!("CARGO_BIN_EXE_flagstaff");

const DURABLE: &str = "
SERVER
retriever: {kind: file, path: one.yaml}
exporter: {kind: file, name: out, outputDir: out, maxEventInMemory: 37, flushInterval: 50}
events: {spool: {path: spool, durable: true}}
";

/// How often it is killed.
const KILLS: u64 = 20;

/// Events of one request.
const EVENTS: usize = 10;

#[test]
fn acknowledged_events_survive_being_killed() {
    let mut relay = start(DURABLE);
    let mut acknowledged = BTreeSet::new();
    let mut next = 0;
    for kill in 0..KILLS {
        // somewhere between two and forty milliseconds, in the midst of writing, delivering or answering
        let end = Instant::now() + Duration::from_millis(2 + kill * 7919 % 39);
        while Instant::now() < end {
            let names: Vec<_> = (next..next + EVENTS).map(|number| format!("user-{number}")).collect();
            next += EVENTS;
            let events: Vec<_> = names
                .iter()
                .map(
                    |name| json!({"kind": "feature", "userKey": name, "creationDate": 1, "key": "flag", "value": true}),
                )
                .collect();
            let body = json!({"events": events});
            if relay.ask(&Request::post("/v1/data/collector", &body)).status == 200 {
                acknowledged.extend(names);
            }
        }
        relay = relay.kill_and_restart(PROGRAM);
    }
    relay.wait_until("the last event to be delivered", |relay| {
        delivered(relay).is_superset(&acknowledged)
    });
    assert!(
        acknowledged.len() >= KILLS as usize * EVENTS,
        "events were acknowledged: {}",
        acknowledged.len()
    );
    let (status, log) = relay.terminate();
    assert!(status.success(), "{log}");
}

/// The users of the events that are in the files.
///
/// # Panics
/// When a line is no event: what was torn must never be delivered.
fn delivered(relay: &Relay) -> BTreeSet<String> {
    let files = fs::read_dir(relay.workspace().path("out"))
        .into_iter()
        .flatten()
        .flatten();
    let is_whole = |file: &fs::DirEntry| file.file_name().to_string_lossy().ends_with(".json");
    let texts = files
        .filter(is_whole)
        .map(|file| fs::read_to_string(file.path()).expect("a file can be read"));
    let mut users = BTreeSet::new();
    for text in texts {
        for line in text.lines() {
            let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            users.insert(event["userKey"].as_str().expect("a user").to_owned());
        }
    }
    users
}
