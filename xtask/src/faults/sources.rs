//! Sources over HTTP that are down, slow, lost or endless.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use flagstaff_testkit::http::Request;
use serde_json::json;

use super::case::{Case, Findings, Stage, megabytes};
use super::flags;
use super::load::Load;
use super::relay::{FLAG_FILE, Launch, Relay, time_until};
use super::source::{Behaviour, FlagSource};

/// How long a relay may take to serve a source that is well again. It polls once in a second, and a fetch that is under way may take
/// another second to be given up.
const RECOVERY: Duration = Duration::from_secs(10);

/// Rounds that a fault lasts.
const ROUNDS: usize = 3;

/// How long a source comes and goes, and how long it stays each time.
const FLAPPING: Duration = Duration::from_secs(4);
const FLAP: Duration = Duration::from_millis(200);

/// Answers before, in the middle of and after a fault.
const ANSWERS: u64 = 500;

/// A document may take 64 MiB while it is read; what the round before it took need not be back with the system yet.
const DOCUMENT: u64 = 128 << 20;

/// What a fetch may leave behind that brings no document.
const NO_DOCUMENT: u64 = 24 << 20;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "source-down-at-start",
        promise: "the start ends at once with a code that is not 0, and the last message names the source",
        limit: Duration::from_secs(40),
        provoke: down_at_start,
    },
    Case {
        name: "source-down-at-start-allowed",
        promise: "with startWithRetrieverError the relay serves, and serves flags once the source is there",
        limit: Duration::from_secs(60),
        provoke: down_at_start_allowed,
    },
    Case {
        name: "source-down-later",
        promise: "no request fails, the last good flags stay; flags are fresh once the source is back",
        limit: Duration::from_secs(60),
        provoke: down_later,
    },
    Case {
        name: "source-fails",
        promise: "the same while the source answers 500, and while it hangs up",
        limit: Duration::from_secs(60),
        provoke: |stage, findings| {
            survive(stage, findings, &Behaviour::Fail(500), NO_DOCUMENT)?;
            survive(stage, findings, &Behaviour::HangUp, NO_DOCUMENT)
        },
    },
    Case {
        name: "source-slow",
        promise: "the same while the source sends a byte now and then",
        limit: Duration::from_secs(60),
        provoke: |stage, findings| survive(stage, findings, &Behaviour::Trickle(flags::file("slow")), NO_DOCUMENT),
    },
    Case {
        name: "source-redirect-loop",
        promise: "the same while the source redirects to itself, at most 10 times in a round",
        limit: Duration::from_secs(60),
        provoke: |stage, findings| survive(stage, findings, &Behaviour::RedirectToItself, NO_DOCUMENT),
    },
    Case {
        name: "source-1-gb",
        promise: "the same while the source has a document of 1 GB, which is not read",
        limit: Duration::from_secs(60),
        provoke: |stage, findings| survive(stage, findings, &Behaviour::Announce(1 << 30), NO_DOCUMENT),
    },
    Case {
        name: "source-endless",
        promise: "the same while the document of the source does not end, of which 64 MiB are read",
        limit: Duration::from_secs(60),
        provoke: |stage, findings| survive(stage, findings, &Behaviour::Flood, DOCUMENT),
    },
    Case {
        name: "source-flapping",
        promise: "no request fails while the source is up and down every 200 ms; the age of flags falls when it stays up",
        limit: Duration::from_secs(60),
        provoke: flapping,
    },
    Case {
        name: "source-one-of-two-down",
        promise: "no request fails, flags of the lost source stay, and those of the other one are refreshed",
        limit: Duration::from_secs(60),
        provoke: one_of_two,
    },
];

fn configuration(source: &str, more: &str) -> String {
    format!(
        "server: {{host: 127.0.0.1, port: 18031}}\n\
         hideBanner: true\n\
         logLevel: warn\n\
         pollingInterval: 1000\n\
         retriever: {{kind: http, url: \"{source}\", timeout: 1000}}\n{more}"
    )
}

fn down_at_start(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let source = FlagSource::listen(0, Behaviour::HangUp)?;
    let url = source.url();
    drop(source);
    let began = Instant::now();
    let mut relay = stage.launch(stage.workspace(&configuration(&url, ""))?, &Launch::default())?;
    let status = relay.wait_for_end(Duration::from_secs(20))?;
    findings.remark(format!(
        "ended with {status} after {:.2} s",
        began.elapsed().as_secs_f64()
    ));
    findings.check(status.code().is_some_and(|code| code != 0), || {
        format!("ended with {status}, want a code that is not 0")
    });
    let log = relay.process().log();
    let last = log.lines().last().unwrap_or_default();
    findings.check(last.contains(&url), || {
        format!("the last line does not name the source:\n{log}")
    });
    Ok(())
}

fn down_at_start_allowed(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let source = FlagSource::listen(0, Behaviour::HangUp)?;
    let (url, port) = (source.url(), source.port());
    drop(source);
    let relay = stage.start(&configuration(&url, "startWithRetrieverError: true\n"))?;
    let ready = relay.ask(&Request::get("/readyz"))?;
    findings.check(ready.status == 503, || {
        format!("/readyz answers {} without flags: {}", ready.status, ready.text())
    });
    let unknown = relay.edition();
    findings.check(unknown.is_none(), || format!("serves {unknown:?} without a source"));
    let _source = FlagSource::listen(port, Behaviour::Serve(flags::file("before")))?;
    findings.recovered(relay.time_to_edition("before", RECOVERY), RECOVERY)?;
    let ready = relay.ask(&Request::get("/readyz"))?;
    findings.check(ready.status == 200, || {
        format!("/readyz answers {} with flags: {}", ready.status, ready.text())
    });
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.weighed(&relay, NO_DOCUMENT);
    Ok(())
}

fn down_later(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let source = FlagSource::listen(0, Behaviour::Serve(flags::file("before")))?;
    let port = source.port();
    let relay = stage.start(&configuration(&source.url(), ""))?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    drop(source);
    relay.wait_for_log("cannot connect", RECOVERY)?;
    load.wait_for(ANSWERS)?;
    let served = relay.edition();
    findings.check(served.as_ref().is_some_and(|value| value == "before"), || {
        format!("serves {served:?} while the source is down")
    });
    let _source = FlagSource::listen(port, Behaviour::Serve(flags::file("after")))?;
    findings.recovered(relay.time_to_edition("after", RECOVERY), RECOVERY)?;
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.weighed(&relay, NO_DOCUMENT);
    Ok(())
}

fn flapping(stage: &Stage, findings: &mut Findings) -> Result<()> {
    let source = FlagSource::listen(0, Behaviour::Serve(flags::file("before")))?;
    let port = source.port();
    let relay = stage.start(&configuration(&source.url(), ""))?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    drop(source);
    let age = || relay.highest("flagstaff_flagset_age_seconds", "");
    let failures = || failed_fetches(&relay);
    let (began, mut oldest, mut fetches) = (Instant::now(), 0.0_f64, 0);
    // chance decides which polls find it up: it lasts until some did and some did not
    while began.elapsed() < FLAPPING || (began.elapsed() < 5 * FLAPPING && (fetches < ROUNDS || failures() < ROUNDS)) {
        thread::sleep(FLAP);
        let up = FlagSource::listen(port, Behaviour::Serve(flags::file("before")))?;
        thread::sleep(FLAP);
        fetches += up.requests();
        oldest = oldest.max(age()?);
    }
    findings.remark(format!(
        "{fetches} polls found it up and {} down, flags were at most {oldest:.1} s old",
        failures()
    ));
    findings.check(fetches > 0 && failures() > 0, || "it did not flap".to_owned());
    let served = relay.edition();
    findings.check(served.as_ref().is_some_and(|value| value == "before"), || {
        format!("serves {served:?} while the source flaps")
    });
    let _source = FlagSource::listen(port, Behaviour::Serve(flags::file("after")))?;
    findings.recovered(relay.time_to_edition("after", RECOVERY), RECOVERY)?;
    let is_young = || age().is_ok_and(|age| age < 1.0);
    time_until(RECOVERY, is_young).context("the age of flags does not fall")?;
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.weighed(&relay, NO_DOCUMENT);
    Ok(())
}

fn one_of_two(stage: &Stage, findings: &mut Findings) -> Result<()> {
    const LOST: &str = "lost:\n  variations: {only: kept}\n  defaultRule: {variation: only}\n";
    let source = FlagSource::listen(0, Behaviour::Serve(LOST.to_owned()))?;
    let relay = stage.start(&format!(
        "server: {{host: 127.0.0.1, port: 18031}}\n\
         hideBanner: true\n\
         logLevel: warn\n\
         pollingInterval: 1000\n\
         retrievers:\n  \
         - {{kind: http, url: \"{}\", timeout: 1000}}\n  \
         - {{kind: file, path: flags.yaml}}\n",
        source.url()
    ))?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    drop(source);
    relay.wait_for_log("cannot connect", RECOVERY)?;
    let age = |retriever| relay.highest("flagstaff_retriever_age_seconds", retriever);
    for round in 0..ROUNDS {
        let edition = format!("edition-{round}");
        relay.workspace().write(FLAG_FILE, &flags::file(&edition))?;
        findings.recovered(relay.time_to_edition(&edition, RECOVERY), RECOVERY)?;
    }
    let is_told_apart = || age("1").is_ok_and(|other| other < 1.0) && age("0").is_ok_and(|lost| lost > 2.0);
    time_until(RECOVERY, is_told_apart).context("ages do not tell the sources apart")?;
    let kept = relay.ask(&Request::post(
        "/ofrep/v1/evaluate/flags/lost",
        &json!({"context": {"targetingKey": "user-1"}}),
    ))?;
    findings.check(kept.status == 200 && kept.text().contains("kept"), || {
        format!(
            "a flag of the lost source is answered with {} {}",
            kept.status,
            kept.text()
        )
    });
    let ready = relay.ask(&Request::get("/readyz"))?;
    findings.check(ready.status == 200 && ready.text().contains("stale"), || {
        format!(
            "/readyz answers {} while a source is lost: {}",
            ready.status,
            ready.text()
        )
    });
    findings.remark(format!(
        "{:.1} s old against {:.1} s; recovery is the slowest edit of the other",
        age("0")?,
        age("1")?
    ));
    findings.served(load.finish());
    findings.weighed(&relay, NO_DOCUMENT);
    Ok(())
}

/// How often the only source could not be fetched.
fn failed_fetches(relay: &Relay) -> usize {
    relay
        .highest("flagstaff_retriever_errors_total", "0")
        .map_or(0, |failures| failures as usize)
}

/// A relay lives through some rounds with a source that does not do what it should.
fn survive(stage: &Stage, findings: &mut Findings, behaviour: &Behaviour, allowance: u64) -> Result<()> {
    let source = FlagSource::listen(0, Behaviour::Serve(flags::file("before")))?;
    let relay = stage.start(&configuration(&source.url(), ""))?;
    let load = Load::start(relay.address(), None);
    load.wait_for(ANSWERS)?;
    let (requests, sent) = (source.requests(), source.sent());
    source.behave(behaviour.clone());
    let failures = || failed_fetches(&relay);
    time_until(RECOVERY, || failures() >= ROUNDS)
        .with_context(|| format!("{} rounds failed, want {ROUNDS}", failures()))?;
    load.wait_for(ANSWERS)?;
    let (requests, sent) = (source.requests() - requests, (source.sent() - sent) as u64);
    findings.remark(format!(
        "{behaviour}: {requests} requests in {} rounds, {} taken",
        failures(),
        megabytes(sent),
    ));
    // the last round may be under way
    let most = 11 * (failures() + 1);
    findings.check(requests <= most, || {
        format!("the source was asked {requests} times, at most {most} are right")
    });
    let served = relay.edition();
    findings.check(served.as_ref().is_some_and(|value| value == "before"), || {
        format!("serves {served:?} in the middle of the fault")
    });
    source.behave(Behaviour::Serve(flags::file("after")));
    findings.recovered(relay.time_to_edition("after", RECOVERY), RECOVERY)?;
    load.wait_for(ANSWERS)?;
    findings.served(load.finish());
    findings.weighed(&relay, allowance);
    Ok(())
}
