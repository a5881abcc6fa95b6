//! Readers of changes that do not read, and readers that come all at once.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use flagstaff_testkit::http::{Connection, Request};
use rustix::process::{Resource, Signal, getrlimit};
use serde_json::json;

use super::case::{Case, Findings, Stage, megabytes};
use super::flags;
use super::load::Load;
use super::relay::{FLAG_FILE, Launch, Relay};
use crate::exposition;

/// Answers before, in the middle of and after a fault.
const ANSWERS: u64 = 500;

/// WebSockets that never read.
const DEAF: usize = 20;

/// Editions that they do not read, and the bytes that each edition changes.
const EDITIONS: usize = 40;
const EDITED_BYTES: usize = 500_000;

/// Streams that come at once.
const STREAMS: usize = 10_000;

/// Threads that open them.
const OPENERS: usize = 8;

/// How long everybody may take to be told.
const TOLD: Duration = Duration::from_secs(5);

/// How long a WebSocket that takes nothing may be open.
const GIVEN_UP: Duration = Duration::from_secs(15);

/// How long all streams may take to be open again.
const RECOVERY: Duration = Duration::from_secs(20);

/// Memory of a stream, and of everything else that happens meanwhile.
const STREAM: u64 = 24 << 10;
const ELSE: u64 = 48 << 20;

/// Memory for changes: what each of those that do not read was sent last, and the recent ones that are kept for all.
const CHANGES: u64 = 96 << 20;

const HOST: &str = "relay";

const CONFIGURATION: &str = "\
server: {host: 127.0.0.1, port: 18031}
streams: {heartbeat: 1s}
hideBanner: true
logLevel: error
retriever: {kind: file, path: flags.yaml}
authorizedKeys: {admin: [administration]}
";

pub(super) const CASES: &[Case] = &[
    Case {
        name: "websockets-never-read",
        promise: "20 that never read hold nobody and are closed: others are told in time, memory is bounded, no request fails",
        limit: Duration::from_secs(120),
        provoke: deaf,
    },
    Case {
        name: "streams-reconnect",
        promise: "10,000 streams that come back at once after a restart are soon open again and told of the next change, no request fails",
        limit: Duration::from_secs(180),
        provoke: reconnect,
    },
];

fn deaf(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let relay = stage.start(CONFIGURATION)?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    let mut deaf = Vec::new();
    for _ in 0..DEAF {
        deaf.push(open_websocket(&relay)?);
    }
    let mut listener = open_stream(&relay)?;
    listener.receive_head()?;
    let mut slowest = Duration::ZERO;
    for number in 0..EDITIONS {
        let edition = format!("edition-{number}");
        let began = Instant::now();
        edit(&relay, &edition, EDITED_BYTES)?;
        wait_for_edition(&mut listener, &edition)?;
        slowest = slowest.max(began.elapsed());
    }
    findings.remark(format!(
        "{EDITIONS} changes of {}, the slowest was told after {} ms",
        megabytes(2 * EDITED_BYTES as u64),
        slowest.as_millis()
    ));
    findings.check(slowest <= TOLD, || format!("a change was told after {slowest:?}"));
    // a socket that is read takes something again, so the relay is asked
    let began = Instant::now();
    let mut open = open_web_sockets(&relay)?;
    while open > 0 && began.elapsed() < GIVEN_UP {
        thread::sleep(Duration::from_millis(50));
        open = open_web_sockets(&relay)?;
    }
    drop(deaf);
    findings.remark(format!("{} of {DEAF} closed", DEAF - open));
    findings.check(open == 0, || {
        format!("{open} WebSockets that take nothing are still open")
    });
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.weighed(&relay, CHANGES);
    Ok(())
}

fn reconnect(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    if descriptors < STREAMS as u64 + 200 {
        findings.not_run = Some(format!(
            "{STREAMS} streams need as many file descriptors, {descriptors} are allowed: raise the limit (ulimit -n)"
        ));
        return Ok(());
    }
    let mut relay = stage.start(CONFIGURATION)?;
    let (streams, took) = open_streams(&relay)?;
    findings.remark(format!("{STREAMS} streams open after {:.2} s", took.as_secs_f64()));
    let began = Instant::now();
    relay.process().signal(Signal::TERM)?;
    let status = relay.wait_for_end(Duration::from_secs(15))?;
    findings.check(status.success(), || format!("ended with {status}, want 0"));
    findings.remark(format!(
        "all of them ended after {:.2} s",
        began.elapsed().as_secs_f64()
    ));
    drop(streams);
    relay = stage.start_in(relay.into_workspace(), &Launch::default())?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    let (streams, took) = open_streams(&relay)?;
    findings.recovered((took <= RECOVERY).then_some(took), RECOVERY)?;
    let grown = relay.process().memory().unwrap_or_default();
    let grown = grown.saturating_sub(relay.memory_at_rest().unwrap_or_default());
    findings.remark(format!(
        "{:.1} KB of memory a stream",
        grown as f64 / 1e3 / STREAMS as f64
    ));
    load.wait_for(ANSWERS)?;
    let began = Instant::now();
    edit(&relay, "edition-1", 0)?;
    for result in on_threads(streams, |stream| wait_for_edition(stream, "edition-1")) {
        result?;
    }
    let told = began.elapsed();
    findings.remark(format!("all of them told of a change within {} ms", told.as_millis()));
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.weighed(&relay, STREAMS as u64 * STREAM + ELSE);
    Ok(())
}

/// Opens all streams at once, and how long it takes until the last one is open.
fn open_streams(relay: &Relay) -> Result<(Vec<Connection>, Duration)> {
    let began = Instant::now();
    let (opened, failed): (Vec<_>, Vec<_>) = thread::scope(|scope| {
        let openers: Vec<_> = (0..OPENERS)
            .map(|_| {
                scope.spawn(|| {
                    let streams = (0..STREAMS / OPENERS).map(|_| open_stream(relay));
                    streams.collect::<io::Result<Vec<_>>>()
                })
            })
            .collect();
        openers
            .into_iter()
            .filter_map(|opener| opener.join().ok())
            .partition(Result::is_ok)
    });
    if let Some(Err(error)) = failed.into_iter().next() {
        return Err(error).context("a stream cannot be opened");
    }
    let mut streams: Vec<_> = opened.into_iter().flatten().flatten().collect();
    for stream in &mut streams {
        let head = stream.receive_head().context("a stream is not answered")?;
        ensure!(head.status == 200, "a stream is answered with {}", head.status);
    }
    ensure!(streams.len() == STREAMS, "{} streams are open", streams.len());
    Ok((streams, began.elapsed()))
}

fn on_threads<R: Send>(mut streams: Vec<Connection>, work: impl Fn(&mut Connection) -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let shares = streams.chunks_mut(STREAMS.div_ceil(OPENERS));
        let workers: Vec<_> = shares
            .map(|share| scope.spawn(|| share.iter_mut().map(&work).collect::<Vec<_>>()))
            .collect();
        workers
            .into_iter()
            .filter_map(|worker| worker.join().ok())
            .flatten()
            .collect()
    })
}

/// Asks for changes; the answer is still to be read.
fn open_stream(relay: &Relay) -> io::Result<Connection> {
    let mut stream = Connection::open(relay.address())?;
    stream.write(&Request::get("/stream/v1/sse/flag/change").to_bytes(HOST))?;
    Ok(stream)
}

fn open_websocket(relay: &Relay) -> Result<Connection> {
    let request = Request::get("/stream/v1/ws/flag/change")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    let mut socket = Connection::open(relay.address())?;
    socket.write(&request.to_bytes(HOST))?;
    let head = socket.receive_head()?;
    ensure!(head.status == 101, "a WebSocket is answered with {}", head.status);
    Ok(socket)
}

/// How many WebSockets are open.
fn open_web_sockets(relay: &Relay) -> Result<usize> {
    let metrics = relay.metrics()?;
    let samples = exposition::samples(&metrics)?;
    let sockets = samples
        .iter()
        .find(|sample| sample.name == "flagstaff_streams_open" && sample.label("kind") == "websocket");
    Ok(sockets.context("the relay does not count WebSockets")?.value as usize)
}

/// Makes the relay serve another edition at once; a flag of it changes by this many bytes.
fn edit(relay: &Relay, edition: &str, bytes: usize) -> Result<()> {
    let large = format!(
        "large:\n  variations: {{only: \"{edition}{}\"}}\n  defaultRule: {{variation: only}}\n",
        "x".repeat(bytes)
    );
    relay.workspace().write(FLAG_FILE, &(flags::file(edition) + &large))?;
    let refresh = Request::post("/admin/v1/retriever/refresh", &json!({})).header("X-API-Key", "administration");
    let answer = relay.ask(&refresh)?;
    ensure!(answer.status == 200, "a refresh is answered with {}", answer.status);
    Ok(())
}

/// Reads changes until one brings an edition.
fn wait_for_edition(stream: &mut Connection, edition: &str) -> Result<()> {
    let wanted = format!("\"{edition}\"");
    loop {
        let line = stream.line().context("a stream ends")?;
        if line.starts_with("data:") && line.contains(&wanted) {
            return Ok(());
        }
    }
}
