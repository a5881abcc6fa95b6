//! What holds for every exporter, seen behind the log and the delivery that it gets its events from.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, bail, ensure};
use flagstaff_backend::{SettingsError, Surroundings};
use flagstaff_events::{
    Delivery, ErrorKind, Event, EventLog, EventType, Exporter, LogSettings, OnFull, Reader, Schedule,
};
use flagstaff_exporters::kinds::{self, Context};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::Setup;
use super::samples::{numbered, samples};
use crate::journal::Journal;
use crate::meter::Meter;
use crate::package::Missing;
use crate::proof::Proof;
use crate::server::Server;

/// How long events may take, or the return of a server.
const PATIENCE: Duration = Duration::from_secs(90);

/// How many events are recorded before a sink is taken away, and again while it is gone.
const CROWD: usize = 1000;

/// So many events are sent at once. No more may come twice when the server is taken away once.
const BATCH: usize = 50;

/// Memory for events that wait.
const MEMORY: usize = 64 << 20;

/// Where events go, in a real server.
pub(crate) trait Sink {
    /// How to write there.
    fn setup(&self) -> Setup;

    /// Makes what events go to: a topic, a bucket. Also after the server was taken away.
    fn prepare(&mut self) -> Result<()>;

    /// Everything that arrived, in any order.
    fn read(&mut self) -> Result<Vec<Value>>;

    /// What an event looks like there.
    fn shape(&self, event: &Value) -> Value {
        event.clone()
    }

    /// Whether it takes events of this type.
    fn takes(&self, _: EventType) -> bool {
        true
    }

    /// Setups that the server must refuse.
    fn refusals(&self) -> Vec<Refusal>;

    /// What must never be shown.
    fn secrets(&self) -> Vec<String>;

    /// What is taken away and brought back.
    fn lifeline(&mut self) -> &mut dyn Lifeline;
}

/// What events depend on: the server, or what leads there if it would forget everything.
pub(crate) trait Lifeline {
    /// Takes it away.
    fn cut(&mut self) -> Result<()>;

    /// Brings it back.
    fn mend(&mut self) -> Result<()>;
}

impl Lifeline for Server {
    fn cut(&mut self) -> Result<()> {
        self.kill()
    }

    fn mend(&mut self) -> Result<()> {
        self.revive()
    }
}

impl Lifeline for Meter {
    fn cut(&mut self) -> Result<()> {
        Self::cut(self);
        Ok(())
    }

    fn mend(&mut self) -> Result<()> {
        Self::mend(self);
        Ok(())
    }
}

/// A setup that the server must refuse.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// What is wrong with it.
    pub(crate) what: &'static str,
    /// The setup.
    pub(crate) setup: Setup,
    /// How an exporter calls it.
    pub(crate) kind: ErrorKind,
}

/// Proves one promise after the other.
pub(crate) async fn prove(sink: &mut dyn Sink, journal: &Journal, proof: &mut Proof) -> Result<()> {
    sink.prepare()?;
    let mut sent = Vec::new();
    for event_type in EventType::ALL {
        if sink.takes(event_type) {
            sent.extend(contents(sink, event_type).await.context(event_type.name())?);
            proof.add(format!("{} events", event_type.name()));
        }
    }
    let again = killed(sink, sent).await.context("killed in the middle")?;
    proof.add(format!("killed in the middle ({again} events twice)"));
    for refusal in sink.refusals() {
        let what = refusal.what;
        refused(refusal, sink).await.context(what)?;
        proof.add(what);
    }
    conceals(sink, &journal.text()).context("log")
}

/// Events of every shape arrive as they are.
async fn contents(sink: &mut dyn Sink, event_type: EventType) -> Result<Vec<Value>> {
    let events = samples(event_type)?;
    let mut line = Line::start(sink, event_type).await?;
    line.record(&events);
    line.delivered(events.len()).await?;
    line.finish().await;
    let found = sink.read()?;
    for event in &events {
        let shape = sink.shape(event);
        ensure!(found.contains(&shape), "{shape} is not among {}", json!(found));
    }
    Ok(events)
}

/// Nothing is lost when the server is taken away in the middle of a batch. How many events came twice.
async fn killed(sink: &mut dyn Sink, before: Vec<Value>) -> Result<usize> {
    let event_type = if sink.takes(EventType::Feature) {
        EventType::Feature
    } else {
        EventType::Tracking
    };
    let mut line = Line::start(sink, event_type).await?;
    let events: Vec<Value> = (0..2 * CROWD).map(|number| numbered(event_type, number)).collect();
    line.record(&events[..CROWD]);
    line.delivered(1).await?;
    sink.lifeline().cut()?;
    line.record(&events[CROWD..]);
    let began = Instant::now();
    while line.delivery.monitor().status().failures == 0 {
        ensure!(began.elapsed() < PATIENCE, "the server is gone, and that is not seen");
        sleep(Duration::from_millis(20)).await;
    }
    let status = line.delivery.monitor().status().error.context("it is said why")?;
    conceals(sink, &status)?;
    sink.lifeline().mend()?;
    sink.prepare()?;
    line.delivered(events.len()).await?;
    line.finish().await;
    let mut found: HashMap<String, usize> = HashMap::new();
    for event in sink.read()? {
        *found.entry(event.to_string()).or_default() += 1;
    }
    let all = before.len() + events.len();
    let lost = before
        .iter()
        .chain(&events)
        .filter(|event| !found.contains_key(&sink.shape(event).to_string()));
    let lost = lost.count();
    ensure!(lost == 0, "{lost} of {all} events were lost");
    let again = found.values().sum::<usize>() - found.len();
    ensure!(again <= BATCH, "{again} events came twice, and a batch has {BATCH}");
    Ok(again)
}

async fn refused(refusal: Refusal, sink: &dyn Sink) -> Result<()> {
    let exporter = build(refusal.setup, EventType::Feature)?;
    let event = Event::new(numbered(EventType::Feature, 0).to_string());
    match timeout(PATIENCE, exporter.export(&[event])).await? {
        Ok(receipt) => bail!("the event was taken all the same: {receipt:?}"),
        Err(error) => {
            let kind = error.kind();
            ensure!(
                kind == refusal.kind,
                "is {kind:?} and should be {:?}: {error}",
                refusal.kind
            );
            conceals(sink, &format!("{error} {error:?} {exporter:?} {}", exporter.target()))
        }
    }
}

/// A log and what delivers from it.
struct Line {
    log: EventLog,
    reader: Reader,
    delivery: Delivery,
}

impl Line {
    async fn start(sink: &dyn Sink, event_type: EventType) -> Result<Self> {
        let settings = LogSettings {
            memory: MEMORY,
            on_full: OnFull::Drop,
            spool: None,
        };
        let log = EventLog::start(settings, Arc::new(SystemTime::now))?;
        let reader = log.reader(&Arc::from("contract"));
        let schedule = Schedule {
            interval: Some(Duration::from_millis(100)),
            events: BATCH,
            patience: Duration::from_secs(20),
            dead_letters: None,
            random: || 0.5,
        };
        let delivery = Delivery::start(reader.clone(), build(sink.setup(), event_type)?, schedule);
        Ok(Self { log, reader, delivery })
    }

    fn record(&self, events: &[Value]) {
        for event in events {
            assert!(
                self.log.record(Event::new(event.to_string())),
                "there is room for the event"
            );
        }
    }

    /// Waits until so many events are delivered, and sees that none was given up.
    async fn delivered(&self, count: usize) -> Result<()> {
        let counts = self.reader.counts();
        let began = Instant::now();
        while counts.delivered() < count as u64 {
            let error = self.delivery.monitor().status().error;
            ensure!(
                began.elapsed() < PATIENCE && counts.dead_lettered() == 0,
                "{} of {count} events are delivered: {error:?}",
                counts.delivered()
            );
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    async fn finish(&mut self) {
        self.delivery.finish(tokio::time::Instant::now() + PATIENCE).await;
    }
}

fn build(setup: Setup, event_type: EventType) -> Result<Arc<dyn Exporter>> {
    let options = setup.options.as_object().context("options are an object")?;
    let surroundings = Surroundings::new(setup.variables);
    let context = Context {
        event_type,
        hostname: "contract-host",
        surroundings: &surroundings,
        traces: setup.traces.as_ref(),
        clock: Arc::new(SystemTime::now),
    };
    kinds::build(options, &context).map_err(|error| match error {
        SettingsError::NotCompiled { .. } => Missing("not part of this build".to_owned()).into(),
        error => error.into(),
    })
}

fn conceals(sink: &dyn Sink, text: &str) -> Result<()> {
    for secret in sink.secrets() {
        if let Some(line) = text.lines().find(|line| line.contains(&secret)) {
            bail!("a secret is shown: {line}");
        }
    }
    Ok(())
}
