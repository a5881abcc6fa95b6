//! Replays the recorded conversations of `conformance/http` against the built program; the format and what counts as equal
//! are described in `conformance/README.md`.

mod case;
mod compare;
mod conversation;

use std::path::PathBuf;

use flagstaff_testkit::relay::{Relay, Workspace};

use case::{Case, Recorded};

/// Replays every case of a setup; all differences are shown at once.
fn replay(setup: &str) {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance/http"));
    let mut cases = Case::read_all(&root.join(format!("cases/{setup}.jsonl")));
    let recorded = Recorded::read_all(&root.join(format!("recorded/{setup}.jsonl")));
    let start = || {
        let workspace = Workspace::copy_of(&root.join("setups").join(setup)).expect("a setup can be copied");
        Relay::start(env!("CARGO_BIN_EXE_flagstaff"), workspace)
    };
    // Cases that change files, or depend on what ran before, have a relay of their own.
    cases.sort_by_key(|case| case.fresh);
    let mut relay = start();
    let mut failures = Vec::new();
    for case in &cases {
        if case.fresh {
            relay = start();
        }
        let answers = recorded
            .get(&case.id)
            .unwrap_or_else(|| panic!("{}: nothing is recorded", case.id));
        let found = conversation::run(case, answers, &relay, &root.join("setups").join(setup));
        failures.extend(found.into_iter().map(|line| format!("{}: {line}", case.id)));
    }
    assert!(
        failures.is_empty(),
        "{} differences:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(!cases.is_empty());
}

#[test]
fn default() {
    replay("default");
}

#[test]
fn bucketing() {
    replay("bucketing");
}

#[test]
fn names() {
    replay("names");
}

#[test]
fn queries() {
    replay("queries");
}

#[test]
fn formats() {
    replay("formats");
}

#[test]
fn exotic() {
    replay("exotic");
}

#[test]
fn enrichment() {
    replay("enrichment");
}

#[test]
fn manifest() {
    replay("manifest");
}

#[test]
fn bulk_of_350() {
    replay("bulk350");
}

#[test]
fn noflags() {
    replay("noflags");
}

#[test]
fn auth() {
    replay("auth");
}

#[test]
fn adminonly() {
    replay("adminonly");
}

#[test]
fn nover() {
    replay("nover");
}

#[test]
fn fixtures() {
    replay("fixtures");
}

#[test]
fn fixtures_configuration() {
    replay("fixtures-configuration");
}
