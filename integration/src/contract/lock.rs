//! What holds for every lock of notifiers: of replicas that see the same change, one tells it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use flagstaff_notifiers::{Announcer, Difference, News, NotifierLock, Recipient};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Setup;
use crate::journal::Journal;
use crate::proof::Proof;
use crate::server::Server;
use crate::servers::nginx::TOKEN;
use crate::servers::receiver::Receiver;

/// How long a message may take, or the return of a server.
const PATIENCE: Duration = Duration::from_secs(30);

/// As long as nobody saw the flag otherwise.
const LONG: Duration = Duration::from_secs(600);

/// How many subjects replicas claim at the same time.
const CROWD: usize = 200;

/// Claims in a real server.
pub(crate) trait Place {
    /// How to claim.
    fn setup(&self) -> Setup;

    /// The same with a password that is wrong.
    fn wrong_password(&self) -> Setup;

    /// What must never be shown.
    fn secrets(&self) -> Vec<String>;

    /// The server.
    fn server(&mut self) -> &mut Server;
}

/// Proves one promise after the other.
pub(crate) async fn prove(
    place: &mut dyn Place,
    receiver: &mut Receiver,
    journal: &Journal,
    proof: &mut Proof,
) -> Result<()> {
    races(place).await.context("replicas at the same time")?;
    proof.add("one of many at the same time");
    claims(place).await.context("claims")?;
    proof.add("what is new, what happens again");
    once(place, receiver).await.context("replicas")?;
    proof.add("two replicas, one message each time");
    killed(place).await.context("killed and back")?;
    proof.add("killed and back");
    let error = claim(&build(place.wrong_password())?, &["a"], LONG, "one").await;
    let error = error.err().context("a wrong password is accepted")?;
    conceals(place, &format!("{error:#}"))?;
    proof.add("wrong password");
    conceals(place, &journal.text()).context("log")
}

/// Replicas that come at the same moment, the first ever among them, get each subject once.
async fn races(place: &dyn Place) -> Result<()> {
    let subjects: Vec<String> = (0..CROWD).map(|number| format!("{number:064x}")).collect();
    let mut claiming = Vec::new();
    for replica in 0..4 {
        let (lock, subjects) = (build(place.setup())?, subjects.clone());
        claiming.push(tokio::spawn(async move {
            lock.lock().claim(&subjects, LONG, &format!("replica-{replica}")).await
        }));
    }
    let mut granted = vec![0; CROWD];
    for claimed in claiming {
        let claimed = claimed.await?.map_err(|error| anyhow!(error))?;
        for (count, is_granted) in granted.iter_mut().zip(claimed) {
            *count += usize::from(is_granted);
        }
    }
    let wrong = granted.iter().filter(|count| **count != 1).count();
    ensure!(
        wrong == 0,
        "{wrong} of {CROWD} subjects were not granted to exactly one replica"
    );
    Ok(())
}

async fn claims(place: &dyn Place) -> Result<()> {
    let lock = build(place.setup())?;
    for (what, subjects, lookback, owner, expected) in [
        ("new ones", &["a", "b"][..], LONG, "one", &[true, true][..]),
        ("those of another replica", &["a", "b"], LONG, "two", &[false, false]),
        ("one's own", &["b", "a"], LONG, "one", &[true, true]),
        ("some of each", &["a", "c"], LONG, "two", &[false, true]),
        ("what happens again", &["a"], Duration::ZERO, "two", &[true]),
        ("what another one has taken over", &["a"], LONG, "one", &[false]),
    ] {
        let granted = claim(&lock, subjects, lookback, owner).await?;
        ensure!(granted == expected, "{what}: {granted:?}");
    }
    Ok(())
}

/// A flag is turned off, on and off, and two replicas see it.
async fn once(place: &dyn Place, receiver: &mut Receiver) -> Result<()> {
    let hook = json!({
        "kind": "webhook",
        "endpointUrl": format!("http://127.0.0.1:{}/changes", receiver.port),
        "headers": {"Authorization": [format!("Bearer {TOKEN}")]},
    });
    let recipient = Recipient::build(hook.as_object().context("an object")?)?;
    let (one, two) = (Announcer::start(), Announcer::start());
    for announcer in [&one, &two] {
        announcer.recruit(std::slice::from_ref(&recipient), Some(build(place.setup())?), None);
    }
    let states = [r#"{"disable":false}"#, r#"{"disable":true}"#];
    let mut told = Vec::new();
    for turn in 0..3 {
        let (old, new) = (states[turn % 2], states[(turn + 1) % 2]);
        for announcer in [&one, &two] {
            announcer.tell(news(old, new));
        }
        told.push(serde_json::from_str::<Value>(new)?);
        let began = Instant::now();
        while receiver.noted()?.len() < told.len() {
            ensure!(began.elapsed() < PATIENCE, "change {turn} is not told");
            sleep(Duration::from_millis(20)).await;
        }
    }
    // what both have left to say is said by then
    for announcer in [&one, &two] {
        announcer.finish(tokio::time::Instant::now() + PATIENCE).await;
    }
    let mut received = Vec::new();
    for request in receiver.received()? {
        let mut body: Value = serde_json::from_slice(&request.body)?;
        received.push(body["flags"]["updated"]["flag"]["new_value"].take());
    }
    ensure!(received == told, "told were {received:?}");
    Ok(())
}

async fn killed(place: &mut dyn Place) -> Result<()> {
    let lock = build(place.setup())?;
    claim(&lock, &["d"], LONG, "one").await?;
    place.server().kill()?;
    let error = claim(&lock, &["e"], LONG, "one").await;
    let error = error.err().context("the server is gone, and that is not seen")?;
    conceals(place, &format!("{error:#}"))?;
    place.server().revive()?;
    let granted = claim(&lock, &["e"], LONG, "one").await?;
    ensure!(granted == [true], "after the return: {granted:?}");
    Ok(())
}

fn news(old: &'static str, new: &'static str) -> News {
    News {
        known_until: Some(tokio::time::Instant::now()),
        flags: [(
            "flag".into(),
            Difference {
                old: Some(old.into()),
                new: Some(new.into()),
            },
        )]
        .into(),
        ..News::default()
    }
}

async fn claim(lock: &NotifierLock, subjects: &[&str], lookback: Duration, owner: &str) -> Result<Vec<bool>> {
    let subjects: Vec<_> = subjects.iter().map(|subject| (*subject).to_owned()).collect();
    let claimed = lock.lock().claim(&subjects, lookback, owner).await;
    claimed.map_err(|error| anyhow!(error))
}

fn build(setup: Setup) -> Result<NotifierLock> {
    let options = setup.options.as_object().context("options are an object")?;
    Ok(NotifierLock::build(
        options,
        &flagstaff_backend::Surroundings::new(setup.variables),
    )?)
}

fn conceals(place: &dyn Place, text: &str) -> Result<()> {
    for secret in place.secrets() {
        ensure!(!text.contains(&secret), "a secret is shown: {text}");
    }
    Ok(())
}
