//! Disks for events that are full, or may not be written to.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

use super::case::{Case, Findings, Stage};
use super::disk::{Disk, FOLDER};
use super::load::Load;
use super::relay::{Launch, Relay, time_until};
use super::reporter::Reporter;
use super::sink::{EventSink, Ledger, Treatment};
use super::sinks::arrived;

/// Answers before and in the middle of a fault, most of which are events.
const ANSWERS: u64 = 500;

/// How long a fault may take to be seen, and what was kept to be written.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a relay may grow by that has this much to remember.
const ALLOWANCE: u64 = 48 << 20;

/// Room on a disk that soon is full, and on the same disk when there is enough.
const LITTLE_ROOM: Disk = Disk::Small(4 << 10);
const ENOUGH_ROOM: Disk = Disk::Small(256 << 10);

/// Memory for events that soon is full.
const LITTLE_MEMORY: u64 = 1 << 20;

/// Room for a few files of events.
const NO_ROOM: Disk = Disk::Small(64);

pub(super) const CASES: &[Case] = &[
    Case {
        name: "spool-disk-full",
        promise: "no evaluation fails, the collector says 503 while nothing can be kept, and what it acknowledged is delivered",
        limit: Duration::from_secs(60),
        provoke: durable_spool,
    },
    Case {
        name: "spool-disk-full-overflow",
        promise: "no request fails, every event is accounted for, and the spool is used again once there is room",
        limit: Duration::from_secs(60),
        provoke: overflowing_spool,
    },
    Case {
        name: "file-sink-disk-full",
        promise: "no request fails, every event is accounted for, and each is in a file once there is room, whole",
        limit: Duration::from_secs(60),
        provoke: |stage, findings| files(stage, findings, NO_ROOM, "No space left"),
    },
    Case {
        name: "file-sink-read-only",
        promise: "the same for a folder that cannot be written to",
        limit: Duration::from_secs(60),
        provoke: |stage, findings| files(stage, findings, Disk::ReadOnly, "Read-only file system"),
    },
];

/// A relay in whose folder a disk is mounted; `None` where that is not possible.
fn start(stage: &Stage, findings: &mut Findings, disk: Disk, more: &str) -> Result<Option<Relay>> {
    let workspace = stage.workspace(&format!(
        "server: {{host: 127.0.0.1, port: 18031}}\n\
         hideBanner: true\n\
         logLevel: warn\n\
         retriever: {{kind: file, path: flags.yaml}}\n{more}"
    ))?;
    if let Err(reason) = disk.prepare(&workspace)? {
        findings.not_run = Some(reason);
        return Ok(None);
    }
    let launch = Launch {
        disk: Some(disk),
        ..Launch::default()
    };
    stage.start_in(workspace, &launch).map(Some)
}

/// A sink that is down, its port and what it will have taken, and the settings of an exporter to it.
fn absent_sink(events: &str) -> Result<(u16, Ledger, String)> {
    let taken = Ledger::default();
    let sink = EventSink::listen(0, Treatment::Take, &taken)?;
    let url = sink.url();
    let exporter = format!("{{kind: webhook, name: sink, endpointUrl: \"{url}\", flushInterval: 300}}");
    Ok((sink.port(), taken, format!("events: {events}\nexporter: {exporter}\n")))
}

fn durable_spool(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let (port, taken, settings) = absent_sink(&format!(
        "{{maxMemoryBytes: {LITTLE_MEMORY}, spool: {{path: {FOLDER}/spool, durable: true}}}}"
    ))?;
    let Some(relay) = start(stage, findings, LITTLE_ROOM, &settings)? else {
        return Ok(());
    };
    let load = Load::start(relay.address(), None);
    let reporter = Reporter::start(relay.address(), "event");
    time_until(PATIENCE, || reporter.refused() > 0).context("the disk does not become full")?;
    load.wait_for(ANSWERS)?;
    ENOUGH_ROOM.replace(&relay)?;
    let (began, before) = (Instant::now(), reporter.acknowledged());
    time_until(PATIENCE, || reporter.acknowledged() > before)
        .with_context(|| format!("nothing is acknowledged again:\n{}", relay.process().log()))?;
    findings.recovered(Some(began.elapsed()), PATIENCE)?;
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    let refused = reporter.refused();
    let acknowledged = reporter.finish();
    relay.even_balance("sink")?;
    let _sink = EventSink::listen(port, Treatment::Take, &taken)?;
    let balance = relay.settled_balance("sink")?;
    arrived(&acknowledged, &taken, findings);
    findings.remark(format!("{refused} requests of the collector refused; {balance:?}"));
    findings.weighed(&relay, ALLOWANCE);
    Ok(())
}

fn overflowing_spool(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let events = format!("{{maxMemoryBytes: {LITTLE_MEMORY}, spool: {{path: {FOLDER}/spool}}}}");
    let (port, taken, settings) = absent_sink(&events)?;
    let Some(relay) = start(stage, findings, LITTLE_ROOM, &settings)? else {
        return Ok(());
    };
    let load = Load::start(relay.address(), None);
    let is_full = || relay.balance("sink").is_ok_and(|balance| balance.dropped > 0);
    time_until(PATIENCE, is_full).context("the disk does not become full")?;
    load.wait_for(ANSWERS)?;
    let full = relay.balance("sink")?;
    findings.check(full.spooled > 0, || format!("what was spooled is lost: {full:?}"));
    ENOUGH_ROOM.replace(&relay)?;
    let began = Instant::now();
    let is_used = || {
        relay
            .balance("sink")
            .is_ok_and(|balance| balance.spooled > full.spooled)
    };
    time_until(PATIENCE, is_used)
        .with_context(|| format!("nothing is spooled again, {full:?}:\n{}", relay.process().log()))?;
    findings.recovered(Some(began.elapsed()), PATIENCE)?;
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    relay.even_balance("sink")?;
    let _sink = EventSink::listen(port, Treatment::Take, &taken)?;
    let balance = relay.settled_balance("sink")?;
    findings.check(taken.events() == balance.delivered, || {
        format!("the sink took {} events: {balance:?}", taken.events())
    });
    findings.remark(format!(
        "of {} events {} were dropped while the disk was full",
        balance.accepted, balance.dropped
    ));
    findings.weighed(&relay, ALLOWANCE);
    Ok(())
}

/// An exporter of files lives through a disk on which it cannot write them.
fn files(stage: &Stage, findings: &mut Findings, disk: Disk, complaint: &str) -> Result<()> {
    let folder = format!("{FOLDER}/events");
    let exporter = format!(
        "exporter: {{kind: file, name: files, outputDir: {folder}, flushInterval: 300, maxEventInMemory: 200}}\n"
    );
    let Some(relay) = start(stage, findings, disk, &exporter)? else {
        return Ok(());
    };
    let load = Load::start(relay.address(), None);
    relay.wait_for_log(complaint, PATIENCE)?;
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    let waiting = relay.even_balance("files")?.waiting();
    findings.check(waiting > 0, || "no event waits for a disk that takes none".to_owned());
    ENOUGH_ROOM.replace(&relay)?;
    let began = Instant::now();
    let balance = relay.settled_balance("files")?;
    findings.recovered(Some(began.elapsed()), PATIENCE)?;
    let (whole, broken) = written(&relay, &folder)?;
    findings.check(
        balance.delivered == balance.accepted && whole == balance.delivered,
        || format!("{whole} events are in files: {balance:?}"),
    );
    findings.check(broken == 0, || format!("{broken} lines hold no whole event"));
    findings.remark(format!("{} events, {waiting} of them waited", balance.accepted));
    findings.weighed(&relay, ALLOWANCE);
    Ok(())
}

/// How many lines of all files hold an event, and how many do not.
fn written(relay: &Relay, folder: &str) -> Result<(u64, u64)> {
    // the disk is only there where the relay is
    let root = format!("/proc/{}/root", relay.process().id().as_raw_nonzero());
    let folder = relay.workspace().path(folder);
    let folder = folder.strip_prefix("/").context("the folder has a whole path")?;
    let (mut whole, mut broken) = (0, 0);
    for entry in fs::read_dir(std::path::Path::new(&root).join(folder)).context("there is no folder of events")? {
        for line in fs::read_to_string(entry?.path())?.lines() {
            match serde_json::from_str::<Value>(line) {
                Ok(event) if event["key"].is_string() => whole += 1,
                _ => broken += 1,
            }
        }
    }
    Ok((whole, broken))
}
