//! Clients that send without end.

use std::io;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use flagstaff_testkit::http::Connection;

use super::case::{Case, Findings, Stage, megabytes};
use super::load::Load;
use super::relay::Relay;

/// Answers before and in the middle of a fault.
const ANSWERS: u64 = 500;

/// Clients that send too much at the same time.
const FLOODS: usize = 4;

/// What clients send that send without end.
const TOO_MUCH: u64 = 1 << 30;

const HEAD: &str = "POST /ofrep/v1/evaluate/flags HTTP/1.1\r\nHost: relay\r\nContent-Type: application/json\r\n";

const CONFIGURATION: &str = "\
server:
  host: 127.0.0.1
  port: 18031
hideBanner: true
logLevel: error
retriever: {kind: file, path: flags.yaml}
";

pub(super) const CASES: &[Case] = &[
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

/// Some clients send a body, block after block, until they are told to stop or have sent far too much.
fn flood(stage: &Stage, findings: &mut Findings, header: &str, block: &[u8]) -> Result<()> {
    let relay = stage.start(CONFIGURATION)?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    let told: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> = connect(&relay, FLOODS)?
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

fn connect(relay: &Relay, count: usize) -> Result<Vec<Connection>> {
    let connections = (0..count).map(|_| Connection::open(relay.address()));
    connections.collect::<io::Result<_>>().context("cannot connect")
}

/// 64 KiB of a body.
fn block() -> Vec<u8> {
    vec![b' '; 64 << 10]
}
