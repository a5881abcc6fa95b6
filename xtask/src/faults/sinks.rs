//! Sinks of events over HTTP that are down, slow, lost or picky.

use std::collections::BTreeSet;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::Signal;
use serde_json::Value;

use super::case::{Case, Findings, Stage};
use super::load::Load;
use super::relay::{Launch, Relay, time_until};
use super::reporter::{self, Reporter};
use super::sink::{EventSink, Ledger, Treatment};
use crate::exposition::Balance;

/// Answers before and in the middle of a fault, most of which are events.
const ANSWERS: u64 = 1000;

/// How long a failure may take to be seen, and what was kept to be delivered.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a sink comes and goes, and how long it stays each time.
const FLAPPING: Duration = Duration::from_secs(4);
const FLAP: Duration = Duration::from_millis(200);

/// Memory for events that soon is full.
const LITTLE_MEMORY: u64 = 1 << 20;

/// What a relay may grow by that has no more than this to remember.
const ALLOWANCE: u64 = 32 << 20;

/// How often a relay is killed.
const KILLS: usize = 4;

/// Events that are acknowledged before it is.
const ACKNOWLEDGED: usize = 200;

/// The key of an event that no sink takes.
const POISON: &str = "poison";

/// Name of the file of events that no sink takes.
const DEAD_LETTERS: &str = "dead-letters.jsonl";

pub(super) const CASES: &[Case] = &[
    Case {
        name: "sink-down",
        promise: "no request fails, another exporter does not wait, every event is accounted for and delivered once the sink is back",
        limit: Duration::from_secs(60),
        provoke: down,
    },
    Case {
        name: "sink-down-for-long",
        promise: "no request fails, memory stays bounded, every event is accounted for, and those that had room are delivered",
        limit: Duration::from_secs(60),
        provoke: down_for_long,
    },
    Case {
        name: "sink-hangs",
        promise: "the same as sink-down while the sink takes requests and says nothing",
        limit: Duration::from_secs(60),
        provoke: hangs,
    },
    Case {
        name: "sink-flapping",
        promise: "no request fails and no event is lost or doubled while the sink is up and down every 200 ms",
        limit: Duration::from_secs(60),
        provoke: flapping,
    },
    Case {
        name: "sink-refuses-an-event",
        promise: "the event is in the file of dead letters, and everything around it is delivered",
        limit: Duration::from_secs(60),
        provoke: poisoned,
    },
    Case {
        name: "spool-killed",
        promise: "killed under load again and again, no event that the collector acknowledged is lost",
        limit: Duration::from_secs(90),
        provoke: killed,
    },
];

/// A relay with an exporter to each of these sinks.
fn configuration(sinks: &[(&str, &EventSink)], more: &str) -> String {
    let exporters = sinks.iter().map(|(name, sink)| {
        let url = sink.url();
        format!("  - {{kind: webhook, name: {name}, endpointUrl: \"{url}\", flushInterval: 300, maxEventInMemory: 500, deadLetterFile: {DEAD_LETTERS}}}\n")
    });
    format!(
        "server: {{host: 127.0.0.1, port: 18031}}\n\
         hideBanner: true\n\
         logLevel: warn\n\
         retriever: {{kind: file, path: flags.yaml}}\n{more}\
         exporters:\n{}",
        exporters.collect::<String>()
    )
}

fn down(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let ([taken, other_taken], [sink, other]) = two_sinks()?;
    let relay = stage.start(&configuration(&[("down", &sink), ("other", &other)], ""))?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    let port = sink.port();
    drop(sink);
    relay.wait_for_log("cannot reach the webhook", PATIENCE)?;
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    delivers(&relay, "other", &other_taken, findings)?;
    let waiting = relay.even_balance("down")?.waiting();
    findings.check(waiting > 0, || "no event waits for a sink that is down".to_owned());
    let began = Instant::now();
    let _sink = EventSink::listen(port, Treatment::Take, &taken)?;
    let balance = delivers(&relay, "down", &taken, findings)?;
    findings.recovered(Some(began.elapsed()), PATIENCE)?;
    findings.remark(format!("{} events, {waiting} of them waited", balance.accepted));
    findings.weighed(&relay, ALLOWANCE);
    Ok(())
}

fn down_for_long(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let taken = Ledger::default();
    let sink = EventSink::listen(0, Treatment::Take, &taken)?;
    let relay = stage.start(&configuration(
        &[("down", &sink)],
        &format!("events: {{maxMemoryBytes: {LITTLE_MEMORY}}}\n"),
    ))?;
    let port = sink.port();
    drop(sink);
    let load = Load::start(relay.address(), None);
    let is_full = || relay.balance("down").is_ok_and(|balance| balance.dropped > 0);
    time_until(PATIENCE, is_full).context("memory does not become full")?;
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    let waiting = relay.even_balance("down")?.waiting();
    let began = Instant::now();
    let _sink = EventSink::listen(port, Treatment::Take, &taken)?;
    let balance = relay.settled_balance("down")?;
    findings.recovered(Some(began.elapsed()), PATIENCE)?;
    findings.check(taken.events() == balance.delivered, || {
        format!("the sink took {} events: {balance:?}", taken.events())
    });
    findings.remark(format!(
        "of {} events {} were dropped; {waiting} waited in {} KiB",
        balance.accepted,
        balance.dropped,
        LITTLE_MEMORY >> 10
    ));
    findings.weighed(&relay, ALLOWANCE);
    Ok(())
}

fn hangs(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let ([taken, other_taken], [sink, other]) = two_sinks()?;
    let relay = stage.start(&configuration(&[("hanging", &sink), ("other", &other)], ""))?;
    // both are put to the same work, so that their times can be compared
    let load = Load::start(relay.address(), None);
    load.wait_for(5 * ANSWERS)?;
    let before = load.finish();
    let batches = sink.batches();
    sink.treat(Treatment::Hang);
    let load = Load::start(relay.address(), None);
    time_until(PATIENCE, || sink.batches() > batches).context("the sink that hangs is not asked")?;
    load.wait_for(5 * ANSWERS)?;
    let meanwhile = load.finish();
    findings.remark(format!(
        "p99 of all requests {:.1} ms before, {:.1} ms meanwhile",
        before.p99().as_secs_f64() * 1e3,
        meanwhile.p99().as_secs_f64() * 1e3
    ));
    findings.served(before);
    findings.served(meanwhile);
    delivers(&relay, "other", &other_taken, findings)?;
    let waiting = relay.even_balance("hanging")?.waiting();
    findings.check(waiting > 0, || "no event waits for a sink that hangs".to_owned());
    sink.treat(Treatment::Take);
    let began = Instant::now();
    let balance = delivers(&relay, "hanging", &taken, findings)?;
    findings.recovered(Some(began.elapsed()), PATIENCE)?;
    findings.remark(format!("{} events, {waiting} of them waited", balance.accepted));
    findings.weighed(&relay, ALLOWANCE);
    Ok(())
}

fn flapping(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let taken = Ledger::default();
    let mut sink = EventSink::listen(0, Treatment::Take, &taken)?;
    let port = sink.port();
    let relay = stage.start(&configuration(&[("flapping", &sink)], ""))?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    let (began, mut ups) = (Instant::now(), 0);
    while began.elapsed() < FLAPPING {
        drop(sink);
        thread::sleep(FLAP);
        sink = EventSink::listen(port, Treatment::Take, &taken)?;
        ups += 1;
        thread::sleep(FLAP);
    }
    findings.served(load.finish());
    let began = Instant::now();
    let balance = delivers(&relay, "flapping", &taken, findings)?;
    findings.recovered(Some(began.elapsed()), PATIENCE)?;
    findings.remark(format!(
        "{} events while the sink was away {ups} times",
        balance.accepted
    ));
    findings.weighed(&relay, ALLOWANCE);
    Ok(())
}

fn poisoned(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let taken = Ledger::default();
    let sink = EventSink::listen(0, Treatment::Refuse(POISON), &taken)?;
    let relay = stage.start(&configuration(&[("picky", &sink)], ""))?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    let answer = relay.ask(&reporter::request(&[POISON.to_owned()]))?;
    findings.check(answer.status == 200, || {
        format!("the collector answers {}", answer.status)
    });
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    let began = Instant::now();
    let balance = relay.settled_balance("picky")?;
    findings.recovered(Some(began.elapsed()), PATIENCE)?;
    let (events, poison) = (taken.events(), taken.events_of(POISON));
    findings.check(balance.dropped == 0 && balance.dead_lettered == 1, || {
        format!("an event was refused: {balance:?}")
    });
    findings.check(events == balance.delivered && poison == 0, || {
        format!("the sink took {events} events, {poison} of them refused: {balance:?}")
    });
    let letters = fs::read_to_string(relay.workspace().path(DEAD_LETTERS)).context("there are no dead letters")?;
    let kept: Vec<_> = letters
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|letter| letter["event"]["key"].clone())
        .collect();
    findings.check(kept == [POISON], || format!("dead letters hold {kept:?}"));
    findings.remark(format!(
        "{} events, one refused and found in {} batches",
        balance.accepted,
        sink.batches()
    ));
    findings.weighed(&relay, ALLOWANCE);
    Ok(())
}

fn killed(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let taken = Ledger::default();
    let sink = EventSink::listen(0, Treatment::Take, &taken)?;
    let spool = "events: {spool: {path: spool, durable: true}}\n";
    let mut workspace = stage.workspace(&configuration(&[("durable", &sink)], spool))?;
    let mut acknowledged = Vec::new();
    for kill in 0..KILLS {
        let mut relay = stage.start_in(workspace, &Launch::default())?;
        let load = Load::start(relay.address(), None);
        let reporter = Reporter::start(relay.address(), &format!("life-{kill}"));
        let enough = || reporter.acknowledged() >= ACKNOWLEDGED;
        time_until(PATIENCE, enough).context("events are not acknowledged")?;
        // anywhere in the time from one batch to the next
        thread::sleep(Duration::from_millis(fastrand::u64(..300)));
        relay.process().signal(Signal::KILL)?;
        relay.wait_for_end(PATIENCE)?;
        let tally = load.finish();
        findings.answered += tally.answered;
        acknowledged.extend(reporter.finish());
        workspace = relay.into_workspace();
    }
    let relay = stage.start_in(workspace, &Launch::default())?;
    let began = Instant::now();
    relay.settled_balance("durable")?;
    findings.recovered(Some(began.elapsed()), PATIENCE)?;
    arrived(&acknowledged, &taken, findings);
    findings.weighed(&relay, ALLOWANCE);
    Ok(())
}

/// Every acknowledged event must have arrived.
pub(super) fn arrived(acknowledged: &[String], taken: &Ledger, findings: &mut Findings) {
    let counts: Vec<_> = acknowledged.iter().map(|key| taken.events_of(key)).collect();
    let lost = counts.iter().filter(|count| **count == 0).count();
    let again: u64 = counts.iter().map(|count| count.saturating_sub(1)).sum();
    findings.check(!counts.is_empty(), || "no event was acknowledged".to_owned());
    findings.check(lost == 0, || {
        format!("{lost} of {} acknowledged events were lost", counts.len())
    });
    findings.remark(format!(
        "{} events acknowledged, {again} came more than once",
        acknowledged.iter().collect::<BTreeSet<_>>().len()
    ));
}

/// Waits until everything is delivered: once, and nothing else.
fn delivers(relay: &Relay, exporter: &str, taken: &Ledger, findings: &mut Findings) -> Result<Balance> {
    let balance = relay.settled_balance(exporter)?;
    findings.check(balance.delivered == balance.accepted, || {
        format!("not everything is delivered to {exporter}: {balance:?}")
    });
    findings.check(taken.events() == balance.delivered, || {
        format!("the sink of {exporter} took {} events: {balance:?}", taken.events())
    });
    Ok(balance)
}

fn two_sinks() -> Result<([Ledger; 2], [EventSink; 2])> {
    let ledgers = [Ledger::default(), Ledger::default()];
    let sinks = [
        EventSink::listen(0, Treatment::Take, &ledgers[0])?,
        EventSink::listen(0, Treatment::Take, &ledgers[1])?,
    ];
    Ok((ledgers, sinks))
}
