//! A machine that has no file descriptors left.

use std::io::ErrorKind;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use flagstaff_testkit::http::{Connection, Request};

use super::case::{Case, Findings, Stage};
use super::flags;
use super::load::Load;
use super::relay::{FLAG_FILE, Launch};

/// Answers before, in the middle of and after a fault.
const ANSWERS: u64 = 500;

/// How long a change of the flag file may take.
const RECOVERY: Duration = Duration::from_secs(10);

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

pub(super) const CASES: &[Case] = &[Case {
    name: "descriptors-exhausted",
    promise: "open connections are served, it neither ends nor spins, and takes new ones once there is room",
    limit: Duration::from_secs(60),
    provoke: descriptors,
}];

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
