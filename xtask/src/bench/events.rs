//! `cargo xtask bench events`: what recording costs while every exporter hangs, whether every event is accounted for, and how
//! many events a second leave through a file.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use flagstaff_testkit::http::{Connection, Request};

use super::case::{self, Case};
use super::load::Load;
use super::server::Server;
use crate::build::executable;
use crate::exposition::{self, Balance};
use crate::listener::Listener;

/// Memory for the events of one type, in bytes.
const MEMORY: u64 = 32 << 20;

/// How long the sinks may take for what has piled up.
const PATIENCE: Duration = Duration::from_secs(120);

/// What to measure, and how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Seconds of load on a server, for each round of a case
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// How often each server has its turn
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// Measures and prints; `false` when an event is not accounted for, or a server failed to answer.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    super::load::check_tool()?;
    let relay = executable(&["--package", "flagstaff", "--features", "full"])?;
    let sinks = Sinks::open()?;
    let without = start(&relay, "no exporters", "")?;
    let hanging = start(
        &relay,
        "hanging exporters",
        &format!(
            "events: {{maxMemoryBytes: {MEMORY}}}\nexporters:\n  \
             - {{kind: webhook, endpointUrl: 'http://{0}/a', maxEventInMemory: 1000}}\n  \
             - {{kind: webhook, endpointUrl: 'http://{0}/b', maxEventInMemory: 10000, flushInterval: 1000}}\n",
            sinks.listener.address()
        ),
    )?;
    let mut holds = true;
    println!(
        "{:<12}{:>16}{:>16}{:>8}{:>12}{:>12}{:>8}",
        "", "no exporters/s", "hanging/s", "ratio", "p99", "p99", "ratio"
    );
    for case in [Case::Static, Case::Collector] {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for _ in 0..arguments.rounds {
            before.push(Load::put(&without, case, arguments.seconds)?);
            after.push(Load::put(&hanging, case, arguments.seconds)?);
        }
        holds &= before.iter().chain(&after).all(|load| load.failures.is_none());
        let rate = |loads: &[Load]| loads.iter().map(|load| load.rate).sum::<f64>() / loads.len() as f64;
        let p99 = |loads: &[Load]| {
            let mut times: Vec<_> = loads.iter().map(|load| load.p99).collect();
            times.sort_unstable();
            times[times.len() / 2]
        };
        println!(
            "{:<12}{:>16.0}{:>16.0}{:>8.2}{:>12.1?}{:>12.1?}{:>8.2}",
            case.name(),
            rate(&before),
            rate(&after),
            rate(&after) / rate(&before),
            p99(&before),
            p99(&after),
            p99(&after).as_secs_f64() / p99(&before).as_secs_f64(),
        );
    }
    let rest = |server: &Server| server.memory().unwrap_or_default() >> 20;
    println!(
        "memory: {} MiB without exporters, {} MiB with; events may take {} MiB",
        rest(&without),
        rest(&hanging),
        MEMORY >> 20
    );
    sinks.release();
    let balances = settled(&hanging)?;
    for balance in &balances {
        println!("{balance:?}");
        holds &= balance.is_even();
    }
    drop((without, hanging));
    for format in ["JSON", "Parquet"] {
        let settings = format!("exporter: {{kind: file, outputDir: out, format: {format}, flushInterval: 1000}}\n");
        let server = start(&relay, format, &settings)?;
        let began = Instant::now();
        Load::put(&server, Case::Collector, arguments.seconds)?;
        let balance = settled(&server)?.remove(0);
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "file, {format}: {:.0} events a second delivered, {} of {} dropped",
            balance.delivered as f64 / seconds,
            balance.dropped,
            balance.accepted
        );
        holds &= balance.is_even();
    }
    Ok(holds)
}

fn start(relay: &Path, name: &str, settings: &str) -> Result<Server> {
    Server::start(name, Some(case::FLAGS), |workspace| {
        let configuration = format!(
            "server: {{host: 127.0.0.1, port: {}}}\nhideBanner: true\nlogLevel: error\n\
             retriever: {{kind: file, path: {}}}\n{settings}",
            workspace.port(),
            case::FLAG_FILE,
        );
        workspace.write("goff-proxy.yaml", &configuration)?;
        let mut command = Command::new(relay);
        command.args(["relay", "--config", "goff-proxy.yaml"]).env_clear();
        Ok(command)
    })
}

/// Waits until nothing waits any more; the balance of each exporter.
fn settled(server: &Server) -> Result<Vec<Balance>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let balances = balances(server)?;
        if balances.iter().all(|balance| balance.waiting() == 0) {
            return Ok(balances);
        }
        ensure!(Instant::now() < deadline, "events still wait: {balances:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

fn balances(server: &Server) -> Result<Vec<Balance>> {
    let metrics = Connection::open(server.address())?
        .send(&Request::get("/metrics"))?
        .text();
    let balances = exposition::balances(&metrics)?;
    ensure!(!balances.is_empty(), "there are no exporters");
    Ok(balances.into_values().collect())
}

/// Sinks that take connections and requests, and answer when they are released.
struct Sinks {
    listener: Listener,
    is_released: Arc<AtomicBool>,
}

impl Sinks {
    fn open() -> Result<Self> {
        let is_released = Arc::new(AtomicBool::new(false));
        let released = Arc::clone(&is_released);
        let listener = Listener::start(0, move |connection| {
            // a relay that is stopped breaks off in the middle
            let _ = answer(connection, &released);
        })?;
        Ok(Self { listener, is_released })
    }

    fn release(&self) {
        self.is_released.store(true, Ordering::Relaxed);
    }
}

/// Answers each request on a connection once sinks are released. What is broken off meanwhile is sent again by the relay.
fn answer(mut connection: TcpStream, is_released: &AtomicBool) -> Option<()> {
    let mut seen = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let end = loop {
            if let Some(end) = request_end(&seen) {
                break end;
            }
            match connection.read(&mut buffer).ok()? {
                0 => return None,
                length => seen.extend_from_slice(&buffer[..length]),
            }
        };
        seen.drain(..end);
        while !is_released.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(20));
        }
        connection
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .ok()?;
    }
}

/// Where the first request ends, if it is all there.
fn request_end(seen: &[u8]) -> Option<usize> {
    let head = seen.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&seen[..head]).ok()?.to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    match length {
        Some(length) => {
            let end = head + length.trim().parse::<usize>().ok()?;
            (seen.len() >= end).then_some(end)
        }
        None if text.contains("transfer-encoding: chunked") => {
            let last = seen[head..].windows(5).position(|bytes| bytes == b"0\r\n\r\n")?;
            Some(head + last + 5)
        }
        None => Some(head),
    }
}
