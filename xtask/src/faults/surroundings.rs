//! A machine whose clock jumps, and one that has no file descriptors left.

use std::fs;
use std::io::ErrorKind;
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use flagstaff_testkit::http::{Connection, Request};
use serde_json::{Value, json};

use super::case::{Case, Findings, Stage};
use super::flags;
use super::load::Load;
use super::relay::{FLAG_FILE, Launch, Relay, time_until};

/// Answers before, in the middle of and after a fault.
const ANSWERS: u64 = 500;

/// How long a change of the flag file may take.
const RECOVERY: Duration = Duration::from_secs(10);

/// What the library that shifts the clock looks for.
const SHIFT_FILE: &str = "shift";

/// How far the clock is set: seconds beside the true time.
const SHIFTS: &[i64] = &[-3600, 86_400, -30 * 86_400, 3 * 365 * 86_400, 0];

/// File descriptors of a relay that shall run out of them.
const DESCRIPTORS: u32 = 64;

/// Connections that take them. Those that wait to be accepted have room in the shortest queue that systems keep.
const CONNECTIONS: usize = 120;

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
        provoke: clock_set,
    },
    Case {
        name: "descriptors-exhausted",
        promise: "open connections are served, it neither ends nor spins, and takes new ones once there is room",
        limit: Duration::from_secs(60),
        provoke: descriptors,
    },
];

fn clock_set(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let Some(library) = shifting_library() else {
        findings.not_run =
            Some("the clock of a process cannot be shifted here: install Debian's package faketime".into());
        return Ok(());
    };
    let workspace = stage.workspace(CONFIGURATION)?;
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
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    let mut last_modified = modified(&relay)?;
    for (number, seconds) in SHIFTS.iter().enumerate() {
        fs::write(&shift, format!("{seconds:+}"))?;
        let set = time_until(RECOVERY, || {
            offset(&relay).is_ok_and(|offset| (offset - seconds).abs() < 60)
        });
        ensure!(
            set.is_some(),
            "the clock was set {seconds} s beside the true time, and the relay tells {:?}",
            offset(&relay)
        );
        load.wait_for(ANSWERS)?;
        let edition = format!("edition-{number}");
        relay.workspace().write(FLAG_FILE, &flags::file(&edition))?;
        findings.recovered(relay.time_to_edition(&edition, RECOVERY), RECOVERY)?;
        let now_modified = modified(&relay)?;
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
    findings.weighed(&relay, 24 << 20);
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

fn descriptors(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let launch = Launch {
        descriptors: Some(DESCRIPTORS),
        ..Launch::default()
    };
    let relay = stage.start_in(stage.workspace(CONFIGURATION)?, &launch)?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(
            Connection::open_with_patience(relay.address(), Duration::from_millis(50))
                .context("the system takes no connection")?,
        );
    }
    let served = connections
        .iter_mut()
        .filter_map(|connection| match connection.send(&Request::get("/health")) {
            Ok(answer) => Some(answer.status),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
            Err(_) => Some(0),
        });
    let statuses: Vec<_> = served.collect();
    let answered = statuses.iter().filter(|status| **status == 200).count();
    let refused = statuses.iter().filter(|status| **status == 503).count();
    findings.remark(format!(
        "of {CONNECTIONS} connections {answered} served, {refused} told 503, {} wait",
        CONNECTIONS - answered - refused
    ));
    findings.check(answered + refused < CONNECTIONS || refused > 0, || {
        format!("{DESCRIPTORS} descriptors served {CONNECTIONS} connections: the fault did not happen")
    });
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    let busy = || relay.process().processor_time();
    if let Some(before) = busy() {
        let watched = Duration::from_secs(2);
        thread::sleep(watched);
        let took = busy().unwrap_or_default().saturating_sub(before);
        findings.remark(format!(
            "{:.0} % of a processor while nobody asks",
            100.0 * took.as_secs_f64() / 2.0
        ));
        findings.check(took < watched / 5, || {
            format!(
                "it spins: {} ms of processor time in {} s",
                took.as_millis(),
                watched.as_secs()
            )
        });
    }
    let lines = relay.process().log().lines().count();
    findings.check(lines < 200, || format!("{lines} lines of log"));
    relay.workspace().write(FLAG_FILE, &flags::file("after"))?;
    drop(connections);
    findings.recovered(relay.time_to_edition("after", RECOVERY), RECOVERY)?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.weighed(&relay, 24 << 20);
    Ok(())
}
