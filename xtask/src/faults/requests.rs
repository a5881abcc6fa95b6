//! Requests that are too deep, not allowed, or no requests at all.

use std::net::SocketAddr;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use flagstaff_testkit::http::{Connection, Request};
use serde_json::json;

use super::case::{Case, Findings, Stage};
use super::load::Load;
use super::malformed;

/// Answers before and in the middle of a fault.
const ANSWERS: u64 = 500;

/// Bytes of nested JSON.
const NESTED: usize = 10_000_000;

/// Wrong keys that are tried, as long as there is time.
const WRONG_KEYS: usize = 1_000_000;

/// The time for that.
const WRONG_KEYS_TIME: Duration = Duration::from_secs(20);

/// Connections that try wrong keys.
const GUESSERS: usize = 4;

/// Requests that are sent before the first of their answers is read.
const PIPELINE: usize = 100;

/// Connections that bring random bytes.
const RANDOM: u64 = 500;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "nested-json",
        promise: "10 MB of brackets get a 400 from every route, and no other request fails",
        limit: Duration::from_secs(60),
        provoke: nested,
    },
    Case {
        name: "wrong-keys",
        promise: "each is told 401, memory does not grow with their number, and the right key is always served",
        limit: Duration::from_secs(60),
        provoke: wrong_keys,
    },
    Case {
        name: "malformed-http",
        promise: "what is no HTTP is refused or cut off, and no other request fails",
        limit: Duration::from_secs(120),
        provoke: malformed_http,
    },
];

fn nested(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let relay = stage.start(
        "server: {host: 127.0.0.1, port: 18031, limits: {maxBodyBytes: 33554432, maxCollectorBodyBytes: 33554432}}\n\
         hideBanner: true\n\
         logLevel: error\n\
         retriever: {kind: file, path: flags.yaml}\n",
    )?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    let (mut asked, mut slowest) = (0, Duration::ZERO);
    for (path, before, after) in [
        ("/ofrep/v1/evaluate/flags", r#"{"context":{"a":"#, "}}"),
        ("/ofrep/v1/evaluate/flags/steady-001", r#"{"context":{"a":"#, "}}"),
        (
            "/v1/feature/steady-001/eval",
            r#"{"evaluationContext":{"custom":{"a":"#,
            "}}}",
        ),
        ("/v1/allflags", r#"{"evaluationContext":{"custom":{"a":"#, "}}}"),
        ("/v1/flag/configuration", r#"{"flags":"#, "}"),
        ("/v1/data/collector", r#"{"events":["#, "]}"),
    ] {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"a":"#, "}]")] {
            let depth = NESTED / (open.len() + close.len());
            for body in [
                format!("{before}{}null{}{after}", open.repeat(depth), close.repeat(depth)),
                format!("{before}{}", open.repeat(NESTED / open.len())),
            ] {
                let request = Request {
                    body: body.into_bytes(),
                    ..Request::post(path, &json!(null))
                };
                let began = Instant::now();
                let answer = relay.ask(&request).with_context(|| format!("{path} gives no answer"))?;
                slowest = slowest.max(began.elapsed());
                asked += 1;
                findings.check(answer.status == 400, || {
                    format!("{path} answers {} to {open}{open}..: {}", answer.status, answer.text())
                });
            }
        }
    }
    findings.remark(format!(
        "{asked} bodies of 10 MB, the slowest took {} ms",
        slowest.as_millis()
    ));
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.weighed(&relay, 96 << 20);
    Ok(())
}

fn wrong_keys(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let relay = stage.start(
        "server: {host: 127.0.0.1, port: 18031}\n\
         hideBanner: true\n\
         logLevel: error\n\
         authorizedKeys: {evaluation: [right], admin: [administration]}\n\
         retriever: {kind: file, path: flags.yaml}\n",
    )?;
    let load = Load::start(relay.address(), Some("right"));
    load.wait_for(ANSWERS)?;
    let began = Instant::now();
    let (address, deadline) = (relay.address(), began + WRONG_KEYS_TIME);
    let refused = thread::scope(|scope| {
        let guessers: Vec<_> = (0..GUESSERS)
            .map(|guesser| scope.spawn(move || guess(address, guesser, deadline)))
            .collect();
        let joined = guessers.into_iter().map(ScopedJoinHandle::join);
        joined
            .map(|refused| refused.unwrap_or_else(|_| bail!("a client panicked")))
            .sum::<Result<usize>>()
    })?;
    findings.remark(format!(
        "{refused} wrong keys, {PIPELINE} at a time on {GUESSERS} connections, in {:.1} s",
        began.elapsed().as_secs_f64()
    ));
    findings.check(refused > 100_000, || {
        format!("only {refused} wrong keys could be tried in that time")
    });
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.weighed(&relay, 24 << 20);
    Ok(())
}

/// Tries wrong keys in every form and returns how many; an error as soon as one is not refused.
fn guess(address: SocketAddr, guesser: usize, deadline: Instant) -> Result<usize> {
    let mut connection = Connection::open(address)?;
    let host = address.to_string();
    let mut tried = 0;
    while tried < WRONG_KEYS / GUESSERS && Instant::now() < deadline {
        let mut pipeline = Vec::new();
        for number in tried..tried + PIPELINE {
            let key = format!("{guesser}-{number}-right");
            let request = match number % 4 {
                0 => Request::get("/v1/flag/change").header("X-API-Key", &key),
                1 => Request::get("/v1/flag/change").header("Authorization", &format!("Bearer {key}")),
                2 => Request::post("/admin/v1/retriever/refresh", &json!({})).header("X-API-Key", &key),
                _ => Request::get(&format!("/stream/v1/sse/flag/change?apiKey={key}")),
            };
            pipeline.extend(request.to_bytes(&host));
        }
        connection.write(&pipeline)?;
        for _ in 0..PIPELINE {
            let answer = connection.receive("GET")?;
            ensure!(answer.status == 401, "a wrong key is told {}", answer.status);
        }
        tried += PIPELINE;
    }
    Ok(tried)
}

fn malformed_http(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let relay = stage.start(
        "server: {host: 127.0.0.1, port: 18031, limits: {readHeaderTimeout: 1s, readBodyTimeout: 1s}}\n\
         hideBanner: true\n\
         logLevel: error\n\
         retriever: {kind: file, path: flags.yaml}\n",
    )?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    let (mut told, mut cut) = (0, 0);
    for sample in malformed::samples() {
        match malformed::send(relay.address(), &sample.bytes)? {
            statuses if statuses.is_empty() => cut += 1,
            statuses if statuses.len() == 1 && (400..500).contains(&statuses[0]) => told += 1,
            statuses => findings
                .problems
                .push(format!("{} is answered with {statuses:?}", sample.about)),
        }
    }
    findings.remark(format!("{told} samples told a status of 400 to 499, {cut} cut off"));
    for seed in 0..RANDOM {
        let statuses = malformed::send(relay.address(), &malformed::random(seed))?;
        findings.check(statuses.iter().all(|status| (400..500).contains(status)), || {
            format!("random bytes of seed {seed} are answered with {statuses:?}")
        });
    }
    findings.remark(format!("{RANDOM} connections with random bytes"));
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.weighed(&relay, 48 << 20);
    Ok(())
}
