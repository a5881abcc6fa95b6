//! Clients that send slowly, nothing, or without end.

use std::io::{self, ErrorKind};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use flagstaff_testkit::http::Connection;

use super::case::{Case, Findings, Stage, megabytes};
use super::load::Load;
use super::relay::{Relay, time_until};

/// Answers before and in the middle of a fault.
const ANSWERS: u64 = 500;

/// How long a relay may take to be done with a sender, beyond the time that its settings grant.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long one of many connections is looked at.
const GLANCE: Duration = Duration::from_millis(1);

/// Slow senders at the same time.
const SENDERS: usize = 300;

/// Connections that are only open.
const IDLE: usize = 1000;

/// Clients that send too much at the same time.
const FLOODS: usize = 4;

/// What clients send that send without end.
const TOO_MUCH: u64 = 1 << 30;

const HEAD: &str = "POST /ofrep/v1/evaluate/flags HTTP/1.1\r\nHost: relay\r\nContent-Type: application/json\r\n";

const CONFIGURATION: &str = "\
server:
  host: 127.0.0.1
  port: 18031
  limits: {readHeaderTimeout: 2s, readBodyTimeout: 2s, idleTimeout: 3s}
hideBanner: true
logLevel: error
retriever: {kind: file, path: flags.yaml}
";

pub(super) const CASES: &[Case] = &[
    Case {
        name: "slow-headers",
        promise: "300 senders of a header byte now and then are told 408 in time, and no other request fails",
        limit: Duration::from_secs(60),
        provoke: |stage, findings| slow(stage, findings, &format!("{HEAD}X-Slow: ")),
    },
    Case {
        name: "slow-bodies",
        promise: "300 senders of a body byte now and then are told 408 in time, and no other request fails",
        limit: Duration::from_secs(60),
        provoke: |stage, findings| slow(stage, findings, &format!("{HEAD}Content-Length: 1000\r\n\r\n{{")),
    },
    Case {
        name: "idle-connections",
        promise: "1,000 connections that say nothing cost little, are closed in time, and no other request fails",
        limit: Duration::from_secs(60),
        provoke: idle,
    },
    Case {
        name: "request-1-gb",
        promise: "bodies of 1 GB are told 413 and not kept, and no other request fails",
        limit: Duration::from_secs(60),
        provoke: |stage, findings| flood(stage, findings, &format!("Content-Length: {TOO_MUCH}"), &block()),
    },
    Case {
        name: "request-endless",
        promise: "the same for bodies in chunks that do not end",
        limit: Duration::from_secs(60),
        provoke: |stage, findings| {
            let block = block();
            let mut chunk = format!("{:x}\r\n", block.len()).into_bytes();
            chunk.extend_from_slice(&block);
            chunk.extend_from_slice(b"\r\n");
            flood(stage, findings, "Transfer-Encoding: chunked", &chunk)
        },
    },
];

/// Many senders begin a request and go on with a byte in a fifth of a second.
fn slow(stage: &Stage, findings: &mut Findings, beginning: &str) -> Result<()> {
    let relay = stage.start(CONFIGURATION)?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    let mut senders = connect(&relay, SENDERS, GLANCE)?;
    for sender in &mut senders {
        sender.write(beginning.as_bytes())?;
    }
    let began = Instant::now();
    let (mut told, mut cut) = (0, 0);
    let done = time_until(Duration::from_secs(2) + PATIENCE, || {
        senders.retain_mut(|sender| match sender.is_answered() {
            Err(error) if is_silence(&error) => {
                // it may be ended just now, which the next round sees
                let _ = sender.write(b"x");
                true
            }
            Ok(true) if sender.receive("POST").is_ok_and(|answer| answer.status == 408) => {
                told += 1;
                false
            }
            _ => {
                cut += 1;
                false
            }
        });
        thread::sleep(Duration::from_millis(200));
        senders.is_empty()
    });
    findings.remark(format!(
        "{told} of {SENDERS} told 408, {cut} cut off without that, after {:.1} s",
        began.elapsed().as_secs_f64()
    ));
    findings.check(done.is_some(), || {
        format!("{} senders are still being listened to", senders.len())
    });
    findings.check(cut == 0, || format!("{cut} senders were not told 408"));
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.weighed(&relay, 48 << 20);
    Ok(())
}

fn idle(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let relay = stage.start(CONFIGURATION)?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    let before = relay.process().memory().unwrap_or_default();
    let mut connections = connect(&relay, IDLE, GLANCE)?;
    load.wait_for(ANSWERS)?;
    let grown = relay.process().memory().unwrap_or_default().saturating_sub(before);
    findings.remark(format!(
        "{:.1} KB of memory a connection",
        grown as f64 / 1e3 / IDLE as f64
    ));
    let closed = time_until(Duration::from_secs(3) + PATIENCE, || {
        connections.retain_mut(|connection| matches!(connection.is_answered(), Err(error) if is_silence(&error)));
        connections.is_empty()
    });
    match closed {
        Some(after) => findings.remark(format!("all closed after {:.1} s", after.as_secs_f64())),
        None => findings.problems.push(format!("{} are still open", connections.len())),
    }
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.weighed(&relay, 32 << 20);
    Ok(())
}

/// Some clients send a body, block after block, until they are told to stop or have sent far too much.
fn flood(stage: &Stage, findings: &mut Findings, header: &str, block: &[u8]) -> Result<()> {
    let relay = stage.start(CONFIGURATION)?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    let told: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> = connect(&relay, FLOODS, PATIENCE)?
            .into_iter()
            .map(|connection| scope.spawn(|| send_without_end(connection, header, block)))
            .collect();
        let joined = clients.into_iter().map(|client| client.join().ok().flatten());
        anyhow::Ok(joined.collect())
    })?;
    let right = told.iter().flatten().filter(|(_, status)| *status == 413).count();
    let taken: u64 = told.iter().flatten().map(|(taken, _)| *taken).sum();
    findings.remark(format!("{right} of {FLOODS} told 413, {} taken", megabytes(taken)));
    findings.check(right == FLOODS, || format!("bytes taken and status: {told:?}"));
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.weighed(&relay, 24 << 20);
    Ok(())
}

/// How many bytes were taken, and the status that came in the end; `None` when none came.
fn send_without_end(mut connection: Connection, header: &str, block: &[u8]) -> Option<(u64, u16)> {
    let mut taken = 0;
    let mut send = |bytes: &[u8]| connection.write(bytes).map(|()| bytes.len() as u64);
    send(format!("{HEAD}{header}\r\n\r\n").as_bytes()).ok()?;
    while taken < TOO_MUCH {
        match send(block) {
            Ok(bytes) => taken += bytes,
            Err(_) => break,
        }
    }
    let answer = connection.receive("POST").ok()?;
    Some((taken, answer.status))
}

fn connect(relay: &Relay, count: usize, patience: Duration) -> Result<Vec<Connection>> {
    let connections = (0..count).map(|_| Connection::open_with_patience(relay.address(), patience));
    connections.collect::<io::Result<_>>().context("cannot connect")
}

/// Nothing came, and the connection still stands.
fn is_silence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// 64 KiB of a body.
fn block() -> Vec<u8> {
    vec![b' '; 64 << 10]
}
