//! Which events reach a file, by the options of its exporter.

use std::collections::BTreeMap;
use std::fs;

use flagstaff_testkit::http::Request;
use flagstaff_testkit::relay::{Relay, Workspace};
use serde_json::{Value, json};

const USERS: usize = 1000;

/// Evaluates `flag` once for each user, ends the relay, and reads what its exporter wrote.
fn exported(options: &str) -> Vec<Value> {
    let workspace = Workspace::new().expect("a folder");
    let flags = "flag: {variations: {a: one, b: two}, defaultRule: {percentage: {a: 20, b: 80}}}\n";
    workspace.write("flags.yaml", flags).expect("files can be written");
    let configuration = format!(
        "server: {{host: 127.0.0.1, port: 18031}}
retriever: {{kind: file, path: flags.yaml}}
exporter: {{kind: file, outputDir: out{options}}}
"
    );
    let configuration = workspace.with_port(&configuration);
    workspace
        .write("goff-proxy.yaml", &configuration)
        .expect("files can be written");
    let mut relay = Relay::start(env!("CARGO_BIN_EXE_flagstaff"), workspace);
    for user in 0..USERS {
        let body = json!({"evaluationContext": {"key": format!("user-{user}")}, "defaultValue": ""});
        assert_eq!(relay.ask(&Request::post("/v1/feature/flag/eval", &body)).status, 200);
    }
    assert!(relay.end().success(), "{}", relay.log());
    // there is no folder where nothing was written
    let files = fs::read_dir(relay.workspace().path("out")).into_iter().flatten();
    let texts = files.map(|file| fs::read_to_string(file.expect("a file").path()).expect("a text"));
    let all = texts.collect::<String>();
    all.lines()
        .map(|line| serde_json::from_str(line).expect("an event"))
        .collect()
}

/// How many evaluations each variation has.
fn variations(events: &[Value], count: impl Fn(&Value) -> u64) -> BTreeMap<&str, u64> {
    let mut variations = BTreeMap::new();
    for event in events {
        *variations
            .entry(event["variation"].as_str().unwrap_or("none"))
            .or_default() += count(event);
    }
    variations
}

#[test]
fn every_event_by_default() {
    let events = exported("");
    assert_eq!(events.len(), USERS);
    let counted = variations(&events, |_| 1);
    assert!(counted["a"] > 150 && counted["b"] > 750, "{counted:?}");
}

#[test]
fn a_sample_has_the_same_users_in_the_same_shares() {
    let events = exported(", sampling: 0.5");
    let again = exported(", sampling: 0.5");
    let users = |events: &[Value]| -> Vec<String> { events.iter().map(|event| event["userKey"].to_string()).collect() };
    assert_eq!(users(&events), users(&again));
    assert!((400..600).contains(&events.len()), "{}", events.len());
    let counted = variations(&events, |_| 1);
    assert!(counted["a"] * 3 < counted["b"], "{counted:?}");
    assert!(exported(", sampling: 0").is_empty());
}

#[test]
fn counts_add_up_to_all_evaluations() {
    let events = exported(", aggregate: 1h");
    // there may be an hour's end in between
    assert!(events.len() <= 4, "{events:?}");
    let counted = variations(&events, |event| event["metadata"]["count"].as_u64().expect("a count"));
    assert_eq!(counted.values().sum::<u64>(), USERS as u64);
    assert_eq!(counted.len(), 2);
    for event in &events {
        assert_eq!(event["userKey"], "");
        assert_eq!(event["creationDate"].as_i64().map(|seconds| seconds % 3600), Some(0));
    }
}
