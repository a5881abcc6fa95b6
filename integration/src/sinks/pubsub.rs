//! `pubsub` on Google's own fake.

use anyhow::{Context as _, Result, ensure};
use data_encoding::BASE64;
use flagstaff_events::ErrorKind;
use serde_json::{Value, json};

use crate::case::{Case, Role, Stage};
use crate::contract::Setup;
use crate::contract::exporter::{Lifeline, Refusal, Sink};
use crate::meter::Meter;
use crate::servers::pubsub::{self, PROJECT};

pub(super) const CASES: &[Case] = &[Case {
    role: Role::Exporter,
    kind: "pubsub",
    variant: "",
    needs: &[&pubsub::PACKAGE],
    run: prove,
}];

const TOPIC: &str = "evaluations";

fn prove(stage: &Stage) -> Result<()> {
    let server = pubsub::Pubsub::start(stage.cache(), stage.folder())?;
    let meter = Meter::before(server.port)?;
    stage.prove_exporter(&mut Pubsub {
        server,
        meter,
        arrived: Vec::new(),
    })
}

struct Pubsub {
    server: pubsub::Pubsub,
    meter: Meter,
    /// What was taken out of the subscription.
    arrived: Vec<Value>,
}

impl Pubsub {
    fn setup(&self, topic: &str) -> Setup {
        let emulator = format!("127.0.0.1:{}", self.meter.port());
        Setup {
            options: json!({"kind": "pubsub", "projectID": PROJECT, "topic": topic}),
            variables: vec![("PUBSUB_EMULATOR_HOST".to_owned(), emulator)],
            ..Setup::default()
        }
    }
}

impl Sink for Pubsub {
    fn setup(&self) -> Setup {
        self.setup(TOPIC)
    }

    fn prepare(&mut self) -> Result<()> {
        self.server.make(TOPIC)
    }

    fn read(&mut self) -> Result<Vec<Value>> {
        for message in self.server.take(TOPIC)? {
            ensure!(
                message["attributes"] == json!({"emitter": "GO Feature Flag"}),
                "{message}"
            );
            let data = message["data"].as_str().context("a message has data")?;
            self.arrived
                .push(serde_json::from_slice(&BASE64.decode(data.as_bytes())?)?);
        }
        Ok(self.arrived.clone())
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![Refusal {
            what: "no such topic",
            setup: self.setup("nobodys"),
            kind: ErrorKind::NotFound,
        }]
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    fn lifeline(&mut self) -> &mut dyn Lifeline {
        &mut self.meter
    }
}
