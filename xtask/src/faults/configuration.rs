//! A configuration that is edited again and again.

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use flagstaff_testkit::http::Request;

use super::case::{Case, Findings, Stage};
use super::load::Load;
use super::relay::{CONFIGURATION as FILE, Launch, Relay, time_until};

/// Answers before and after the edits.
const ANSWERS: u64 = 500;

/// Edits of a case.
const EDITS: usize = 100;

/// So many edits are made in haste before one is looked at.
const LOOK_EVERY: usize = 10;

/// Every edit of this number does not parse.
const BROKEN_EVERY: usize = 7;

/// Time between two edits.
const PAUSE: Duration = Duration::from_millis(50);

/// How long an edit may take.
const RECOVERY: Duration = Duration::from_secs(10);

/// What edits may leave behind.
const ALLOWANCE: u64 = 32 << 20;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "configuration-keys",
        promise: "keys edited 100 times under load: no request fails, new keys open and old ones stop, broken edits count for nothing",
        limit: Duration::from_secs(180),
        provoke: |stage, findings| edit(stage, findings, keys),
    },
    Case {
        name: "configuration-flag-sets",
        promise: "the same for flag sets that come and go, and change their source",
        limit: Duration::from_secs(180),
        provoke: |stage, findings| edit(stage, findings, flag_sets),
    },
];

/// An edition of a configuration whose extra key is `edition-N`. The steady key is always there.
fn keys(number: usize) -> String {
    format!(
        "server: {{host: 127.0.0.1, port: 18031, limits: {{maxBodyBytes: {}}}}}\n\
         hideBanner: true\n\
         logLevel: {}\n\
         retriever: {{kind: file, path: flags.yaml}}\n\
         authorizedKeys: {{evaluation: [steady, edition-{number}]}}\n\
         evaluationContextEnrichment: {{edition: {number}}}\n",
        1_000_000 + number,
        if number.is_multiple_of(2) { "error" } else { "warn" },
    )
}

/// The same with flag sets.
fn flag_sets(number: usize) -> String {
    format!(
        "server: {{host: 127.0.0.1, port: 18031}}\n\
         hideBanner: true\n\
         logLevel: error\n\
         flagSets:\n\
         - {{name: steady, apiKeys: [steady], pollingInterval: {}, retriever: {{kind: file, path: flags.yaml}}}}\n\
         - {{name: extra-{}, apiKeys: [edition-{number}], retrievers: [{{kind: file, path: flags.yaml}}]}}\n",
        60_000 + number,
        number % 3,
    )
}

fn edit(stage: &Stage, findings: &mut Findings, edition: fn(usize) -> String) -> Result<()> {
    let relay = stage.start_in(stage.workspace(&edition(0))?, &Launch::default())?;
    let load = Load::start(relay.address(), Some("steady"));
    load.wait_for(ANSWERS)?;
    for number in 1..=EDITS {
        if number.is_multiple_of(BROKEN_EVERY) {
            write(&relay, number, "server: [\n")?;
            thread::sleep(PAUSE);
        }
        write(&relay, number, &edition(number))?;
        thread::sleep(PAUSE);
        if !number.is_multiple_of(LOOK_EVERY) {
            continue;
        }
        let opened = time_until(RECOVERY, || opens(&relay, number));
        ensure!(
            opened.is_some(),
            "edit {number} has no effect within {} s:\n{}",
            RECOVERY.as_secs(),
            relay.process().log()
        );
        findings.recovered(opened, RECOVERY)?;
        findings.check(!opens(&relay, number - 1), || {
            format!("edit {number} has taken away a key, and it still opens")
        });
    }
    findings.remark(format!(
        "{EDITS} edits and {} that do not parse; recovery is the slowest edit that was waited for",
        EDITS / BROKEN_EVERY
    ));
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.weighed(&relay, ALLOWANCE);
    Ok(())
}

/// Writes the file in place, or another one that takes its place.
fn write(relay: &Relay, number: usize, text: &str) -> Result<()> {
    let workspace = relay.workspace();
    let text = workspace.with_port(text);
    if number.is_multiple_of(3) {
        fs::write(workspace.path(FILE), text)?;
    } else {
        workspace.write(FILE, &text)?;
    }
    Ok(())
}

/// Whether the extra key of an edition opens the relay.
fn opens(relay: &Relay, number: usize) -> bool {
    let request = Request::get("/v1/flag/change").header("X-API-Key", &format!("edition-{number}"));
    relay.ask(&request).is_ok_and(|answer| answer.status == 200)
}
