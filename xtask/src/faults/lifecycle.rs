//! A relay that ends, begins, or cannot begin.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use flagstaff_testkit::http::{Connection, Request};
use rustix::process::Signal;

use super::case::{Case, Findings, Stage};
use super::flags;
use super::load::Load;
use super::relay::{Launch, time_until};
use super::source::{Behaviour, FlagSource};

/// Answers before a fault, and after it.
const ANSWERS: u64 = 500;

/// How long a relay that has nothing to wait for may take to end. Its own deadline is 10 s.
const STOP: Duration = Duration::from_secs(5);

/// How long a relay may take from its start to its first answer.
const START: Duration = Duration::from_secs(5);

/// How often a relay is killed.
const KILLS: usize = 5;

const CONFIGURATION: &str = "\
server: {host: 127.0.0.1, port: 18031}
hideBanner: true
logLevel: warn
retriever: {kind: file, path: flags.yaml}
";

pub(super) const CASES: &[Case] = &[
    Case {
        name: "sigterm-under-load",
        promise: "every answer that was begun is finished, new connections are refused, and it ends in time with code 0",
        limit: Duration::from_secs(60),
        provoke: sigterm,
    },
    Case {
        name: "sigterm-with-grace",
        promise: "with a readinessGrace /readyz says 503 at once, every client is told in an answer to go, and no request fails",
        limit: Duration::from_secs(60),
        provoke: sigterm_with_grace,
    },
    Case {
        name: "kill-and-restart",
        promise: "killed under load and started without its source, it serves the last good flags from its file",
        limit: Duration::from_secs(120),
        provoke: kill,
    },
    Case {
        name: "port-taken",
        promise: "the start ends at once with a code that is not 0, the last message names the address, the other one serves on",
        limit: Duration::from_secs(40),
        provoke: port_taken,
    },
];

fn sigterm(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let mut relay = stage.start(CONFIGURATION)?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    // one that says nothing must not be waited for
    let idle = Connection::open(relay.address())?;
    findings.weighed(&relay, 16 << 20);
    let began = Instant::now();
    relay.process().signal(Signal::TERM)?;
    let status = relay.wait_for_end(Duration::from_secs(15))?;
    let took = began.elapsed();
    drop(idle);
    findings.check(status.success(), || format!("ended with {status}, want 0"));
    findings.check(took <= STOP, || format!("took {:.1} s to end", took.as_secs_f64()));
    findings.check(Connection::open(relay.address()).is_err(), || {
        "somebody still listens".to_owned()
    });
    let tally = load.finish();
    findings.remark(format!(
        "ended after {} ms; {} requests found their connection closed before they were read, which clients send again",
        took.as_millis(),
        tally.unanswered
    ));
    findings.answered += tally.answered;
    findings.failed += tally.wrong;
    findings.check(tally.wrong == 0, || {
        format!("{} answers broke off: {:?}", tally.wrong, tally.first_failure)
    });
    Ok(())
}

fn sigterm_with_grace(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let grace = CONFIGURATION.replace("port: 18031", "port: 18031, readinessGrace: 1s");
    let mut relay = stage.start(&grace)?;
    let load = Load::start_until_closed(relay.address());
    load.wait_for(ANSWERS)?;
    findings.weighed(&relay, 16 << 20);
    let began = Instant::now();
    relay.process().signal(Signal::TERM)?;
    let unready = || {
        relay
            .ask(&Request::get("/readyz"))
            .is_ok_and(|answer| answer.status == 503)
    };
    let unready = time_until(Duration::from_secs(1), unready).context("/readyz does not tell that the relay leaves")?;
    let status = relay.wait_for_end(Duration::from_secs(15))?;
    findings.check(status.success(), || format!("ended with {status}, want 0"));
    findings.remark(format!(
        "unready after {} ms, ended after {} ms",
        unready.as_millis(),
        began.elapsed().as_millis()
    ));
    findings.served(load.finish());
    Ok(())
}

fn kill(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let source = FlagSource::listen(0, Behaviour::Serve(flags::file("before")))?;
    let workspace = stage.workspace(&format!(
        "server: {{host: 127.0.0.1, port: 18031}}\n\
         hideBanner: true\n\
         logLevel: warn\n\
         pollingInterval: 1000\n\
         persistentFlagConfigurationFile: last-good.yaml\n\
         retriever: {{kind: http, url: \"{}\", timeout: 1000}}\n",
        source.url()
    ))?;
    let mut relay = stage.start_in(workspace, &Launch::default())?;
    let saved = relay.workspace().path("last-good.yaml");
    time_until(START, || saved.exists()).context("the last good flags are not saved")?;
    drop(source);
    for _ in 0..KILLS {
        let load = Load::start(relay.address(), None);
        load.wait_for(ANSWERS)?;
        relay.process().signal(Signal::KILL)?;
        relay.wait_for_end(STOP)?;
        let tally = load.finish();
        findings.answered += tally.answered;
        findings.check(tally.wrong <= tally.unanswered + tally.refused, || {
            format!("answers were wrong before the end: {:?}", tally.first_failure)
        });
        let began = Instant::now();
        relay = stage.start_in(relay.into_workspace(), &Launch::default())?;
        let first_answer = relay.time_to_edition("before", START).map(|_| began.elapsed());
        findings.recovered(first_answer, START)?;
    }
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.remark(format!(
        "killed {KILLS} times; recovery is the slowest start, to the first right answer"
    ));
    findings.weighed(&relay, 16 << 20);
    Ok(())
}

fn port_taken(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let first = stage.start(CONFIGURATION)?;
    let load = Load::start(first.address(), None);
    load.wait_for(ANSWERS)?;
    let monitoring = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let monitoring = monitoring.local_addr()?;
    for (port, taken) in [
        (format!("port: {}", first.address().port()), first.address()),
        (
            format!("port: 18031, monitoringPort: {}", monitoring.port()),
            monitoring,
        ),
    ] {
        let workspace = stage.workspace(&CONFIGURATION.replace("port: 18031", &port))?;
        let began = Instant::now();
        let mut second = stage.launch(workspace, &Launch::default())?;
        let status = second.wait_for_end(Duration::from_secs(15))?;
        findings.remark(format!("{port}: {status} after {} ms", began.elapsed().as_millis()));
        findings.check(status.code().is_some_and(|code| code != 0), || {
            format!("ended with {status}, want a code that is not 0")
        });
        let log = second.process().log();
        let last = log.lines().last().unwrap_or_default();
        findings.check(last.contains(&taken.to_string()), || {
            format!("the last line does not name {taken}:\n{log}")
        });
    }
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.weighed(&first, 16 << 20);
    Ok(())
}
