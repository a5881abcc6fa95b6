//! `kafka` on a real broker.

use anyhow::{Context as _, Result, ensure};
use flagstaff_events::ErrorKind;
use serde_json::{Value, json};

use crate::case::{Case, Role, Stage};
use crate::contract::Setup;
use crate::contract::exporter::{Lifeline, Refusal, Sink};
use crate::servers::kafka::{self, PASSWORD, USER};
use crate::trust::Trust;

pub(super) const CASES: &[Case] = &[
    Case {
        role: Role::Exporter,
        kind: "kafka",
        variant: "",
        needs: &[&kafka::PACKAGE],
        run: |stage| prove(stage, false),
    },
    Case {
        role: Role::Exporter,
        kind: "kafka",
        variant: "TLS, SCRAM",
        needs: &[&kafka::PACKAGE],
        run: |stage| prove(stage, true),
    },
];

const TOPIC: &str = "evaluations";

fn prove(stage: &Stage, is_guarded: bool) -> Result<()> {
    let trust = Trust::new(stage.folder())?;
    let kafka = kafka::Kafka::start(stage.cache(), stage.folder(), &trust)?;
    stage.prove_exporter(&mut Kafka {
        kafka,
        trust,
        is_guarded,
    })
}

struct Kafka {
    kafka: kafka::Kafka,
    trust: Trust,
    is_guarded: bool,
}

impl Kafka {
    fn setup(&self, password: &str) -> Setup {
        if !self.is_guarded {
            let address = format!("127.0.0.1:{}", self.kafka.port);
            return json!({"kind": "kafka", "kafka": {"topic": TOPIC, "addresses": [address]}}).into();
        }
        let address = format!("127.0.0.1:{}", self.kafka.guarded_port);
        let sasl = json!({"enable": true, "mechanism": "SCRAM-SHA-512", "user": USER, "password": password});
        let net = json!({"tls": {"enable": true, "caCertPath": self.trust.authority}, "sasl": sasl});
        json!({"kind": "kafka", "kafka": {"topic": TOPIC, "addresses": [address], "config": {"net": net}}}).into()
    }
}

impl Sink for Kafka {
    fn setup(&self) -> Setup {
        self.setup(PASSWORD)
    }

    fn prepare(&mut self) -> Result<()> {
        self.kafka.make(TOPIC)
    }

    fn read(&mut self) -> Result<Vec<Value>> {
        let text = self.kafka.read(TOPIC)?;
        let lines = text.lines().map(|line| {
            let (key, event) = line.split_once('\t').context("a message has a key")?;
            let event: Value = serde_json::from_str(event).context("an event is JSON")?;
            ensure!(event["userKey"] == key, "the key of {event} is {key:?}");
            Ok(event)
        });
        lines.collect()
    }

    fn refusals(&self) -> Vec<Refusal> {
        if !self.is_guarded {
            return Vec::new();
        }
        vec![Refusal {
            what: "wrong password",
            setup: self.setup("wrong-secret-81"),
            kind: ErrorKind::Denied,
        }]
    }

    fn secrets(&self) -> Vec<String> {
        vec![PASSWORD.to_owned(), "wrong-secret-81".to_owned()]
    }

    fn lifeline(&mut self) -> &mut dyn Lifeline {
        &mut self.kafka.server
    }
}
