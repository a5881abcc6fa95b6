//! A machine whose clock jumps.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use flagstaff_testkit::http::Request;
use serde_json::{Value, json};

use super::case::{Case, Findings, Stage};
use super::flags;
use super::load::Load;
use super::relay::{FLAG_FILE, Launch, Relay, time_until};
use super::sink::{EventSink, Ledger, Treatment};

/// Answers before and after a jump.
const ANSWERS: u64 = 500;

/// How long a change of the flag file may take.
const RECOVERY: Duration = Duration::from_secs(10);

/// What the library that shifts the clock looks for.
const SHIFT_FILE: &str = "shift";

/// How far the clock is set: seconds beside the true time.
const SHIFTS: &[i64] = &[-3600, 86_400, -30 * 86_400, 3 * 365 * 86_400, 0];

/// What a relay may grow by.
const ALLOWANCE: u64 = 32 << 20;

/// Time between two batches of events, in milliseconds.
const FLUSH_INTERVAL: u32 = 300;

/// How many batches may come in a watched time in which there should be five. The machine may be slow, and failures are tried again.
const BATCHES: std::ops::RangeInclusive<usize> = 2..=8;
const WATCHED: Duration = Duration::from_millis(1500);

const CONFIGURATION: &str = "\
server: {host: 127.0.0.1, port: 18031}
hideBanner: true
logLevel: warn
pollingInterval: 1000
retriever: {kind: file, path: flags.yaml}
";

pub(super) const CASES: &[Case] = &[
    Case {
        name: "clock-set",
        promise: "the clock jumps back and forth: no request fails, edits arrive, Last-Modified never goes back",
        limit: Duration::from_secs(120),
        provoke: set,
    },
    Case {
        name: "clock-set-with-exporters",
        promise: "the clock jumps back and forth: no request fails, batches of events neither stop nor come more often",
        limit: Duration::from_secs(60),
        provoke: set_with_exporters,
    },
];

/// A relay whose clock can be set.
struct Clocked {
    relay: Relay,
}

impl Clocked {
    /// Starts a relay; `None` where clocks cannot be shifted.
    fn start(stage: &Stage, findings: &mut Findings, configuration: &str) -> Result<Option<Self>> {
        let Some(library) = shifting_library() else {
            findings.not_run =
                Some("the clock of a process cannot be shifted here: install Debian's package faketime".into());
            return Ok(None);
        };
        let workspace = stage.workspace(configuration)?;
        let shift = workspace.path(SHIFT_FILE);
        fs::write(&shift, "+0")?;
        let launch = Launch {
            environment: vec![
                ("LD_PRELOAD", library),
                ("FAKETIME_TIMESTAMP_FILE", shift.display().to_string()),
                ("FAKETIME_NO_CACHE", "1".to_owned()),
                // only the time of day can be set
                ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ],
            ..Launch::default()
        };
        let relay = stage.start_in(workspace, &launch)?;
        Ok(Some(Self { relay }))
    }

    /// Sets its clock so many seconds beside the true time, and waits until it goes by that.
    fn set(&self, seconds: i64) -> Result<()> {
        fs::write(self.relay.workspace().path(SHIFT_FILE), format!("{seconds:+}"))?;
        let set = time_until(RECOVERY, || {
            offset(&self.relay).is_ok_and(|offset| (offset - seconds).abs() < 60)
        });
        ensure!(
            set.is_some(),
            "the clock was set {seconds} s beside the true time, and the relay tells {:?}",
            offset(&self.relay)
        );
        Ok(())
    }
}

fn set(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let Some(clocked) = Clocked::start(stage, findings, CONFIGURATION)? else {
        return Ok(());
    };
    let relay = &clocked.relay;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    let mut last_modified = modified(relay)?;
    for (number, seconds) in SHIFTS.iter().enumerate() {
        clocked.set(*seconds)?;
        load.wait_for(ANSWERS)?;
        let edition = format!("edition-{number}");
        relay.workspace().write(FLAG_FILE, &flags::file(&edition))?;
        findings.recovered(relay.time_to_edition(&edition, RECOVERY), RECOVERY)?;
        let now_modified = modified(relay)?;
        findings.check(now_modified >= last_modified, || {
            format!(
                "at {seconds:+} s Last-Modified went back by {} s",
                last_modified - now_modified
            )
        });
        last_modified = now_modified;
    }
    findings.remark(format!(
        "set {SHIFTS:?} s beside the true time; recovery is the slowest edit"
    ));
    findings.served(load.finish());
    findings.weighed(relay, ALLOWANCE);
    Ok(())
}

fn set_with_exporters(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let taken = Ledger::default();
    let sink = EventSink::listen(0, Treatment::Take, &taken)?;
    let exporters = format!(
        "exporters:\n  \
         - {{kind: webhook, name: web, endpointUrl: \"{}\", flushInterval: {FLUSH_INTERVAL}}}\n  \
         - {{kind: file, name: files, outputDir: events, flushInterval: {FLUSH_INTERVAL}}}\n",
        sink.url()
    );
    let Some(clocked) = Clocked::start(stage, findings, &format!("{CONFIGURATION}{exporters}"))? else {
        return Ok(());
    };
    let relay = &clocked.relay;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    let mut counts = Vec::new();
    for seconds in SHIFTS {
        clocked.set(*seconds)?;
        let (batches, files) = (sink.batches(), relay.balance("files")?.delivered);
        thread::sleep(WATCHED);
        let batches = sink.batches() - batches;
        findings.check(BATCHES.contains(&batches), || {
            format!("at {seconds:+} s {batches} batches came, {BATCHES:?} are right")
        });
        findings.check(relay.balance("files")?.delivered > files, || {
            format!("at {seconds:+} s nothing is written to files")
        });
        counts.push(batches);
    }
    findings.remark(format!(
        "{counts:?} batches in {} s each, set {SHIFTS:?} s beside the true time",
        WATCHED.as_secs_f64()
    ));
    findings.served(load.finish());
    for exporter in ["web", "files"] {
        let balance = relay.settled_balance(exporter)?;
        findings.check(balance.delivered == balance.accepted, || {
            format!("not everything is delivered to {exporter}: {balance:?}")
        });
    }
    findings.weighed(relay, ALLOWANCE);
    Ok(())
}

/// The library that lies to a program about the time, where it is installed.
fn shifting_library() -> Option<String> {
    let asked = Command::new("faketime")
        .args(["-m", "-f", "+0s", "printenv", "LD_PRELOAD"])
        .output()
        .ok()?;
    let path = String::from_utf8(asked.stdout).ok()?.trim().to_owned();
    (asked.status.success() && !path.is_empty()).then_some(path)
}

/// How many seconds the clock of the relay is ahead of the true one.
fn offset(relay: &Relay) -> Result<i64> {
    let answer = relay.ask(&Request::post(
        "/v1/allflags",
        &json!({"evaluationContext": {"key": "user-1"}}),
    ))?;
    let body: Value = serde_json::from_slice(&answer.body)?;
    let told = body["flags"][flags::EDITED]["timestamp"]
        .as_i64()
        .context("no timestamp")?;
    Ok(told - SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64)
}

/// When the flags changed last, in seconds since 1970.
fn modified(relay: &Relay) -> Result<i64> {
    let answer = relay.ask(&Request::post("/v1/flag/configuration", &json!({})))?;
    let text = answer.header("last-modified").context("no Last-Modified")?;
    let time = httpdate::parse_http_date(&text).with_context(|| format!("Last-Modified is {text:?}"))?;
    Ok(time.duration_since(UNIX_EPOCH)?.as_secs() as i64)
}
