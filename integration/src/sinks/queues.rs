//! `sqs` on ElasticMQ, `kinesis` on moto, which plays SQS too and takes minutes for some thousand messages.

use anyhow::{Result, ensure};
use flagstaff_events::ErrorKind;
use serde_json::{Value, json};

use crate::case::{Case, Role, Stage};
use crate::clients::queues::Queues;
use crate::contract::Setup;
use crate::contract::exporter::{Lifeline, Refusal, Sink};
use crate::meter::Meter;
use crate::servers::elasticmq::{self, Elasticmq};
use crate::servers::moto::{self, Moto};
use crate::servers::versitygw::{self, SECRET_KEY};

pub(super) const CASES: &[Case] = &[
    Case {
        role: Role::Exporter,
        kind: "sqs",
        variant: "",
        needs: &[&elasticmq::PACKAGE, &moto::PACKAGE],
        run: |stage| sqs(stage, "evaluations"),
    },
    Case {
        role: Role::Exporter,
        kind: "sqs",
        variant: "FIFO",
        needs: &[&elasticmq::PACKAGE, &moto::PACKAGE],
        run: |stage| sqs(stage, "evaluations.fifo"),
    },
    Case {
        role: Role::Exporter,
        kind: "kinesis",
        variant: "",
        needs: &[&moto::PACKAGE],
        run: kinesis,
    },
];

/// The stream.
const STREAM: &str = "evaluations";

fn sqs(stage: &Stage, queue: &str) -> Result<()> {
    let server = Elasticmq::start(stage.cache(), stage.folder())?;
    let client = client(stage, server.port)?;
    let meter = Meter::before(server.port)?;
    let url = client.make_queue(queue)?;
    stage.prove_exporter(&mut Sqs {
        _server: server,
        meter,
        client,
        url,
        arrived: Vec::new(),
    })
}

fn kinesis(stage: &Stage) -> Result<()> {
    let moto = Moto::start(stage.cache(), stage.folder())?;
    let client = client(stage, moto.port)?;
    let meter = Meter::before(moto.port)?;
    stage.prove_exporter(&mut Kinesis {
        _server: moto,
        meter,
        client,
    })
}

fn client(stage: &Stage, port: u16) -> Result<Queues> {
    let installed = stage.cache().need(&moto::PACKAGE)?;
    Ok(Queues::new(installed, versitygw::variables(port, SECRET_KEY)))
}

struct Sqs {
    /// Kept so that it lives; it would forget everything.
    _server: Elasticmq,
    meter: Meter,
    client: Queues,
    url: String,
    /// What was taken out of the queue.
    arrived: Vec<Value>,
}

impl Sqs {
    fn setup(&self, url: &str) -> Setup {
        Setup {
            options: json!({"kind": "sqs", "queueUrl": url}),
            variables: versitygw::variables(self.meter.port(), SECRET_KEY),
            ..Setup::default()
        }
    }
}

impl Sink for Sqs {
    fn setup(&self) -> Setup {
        self.setup(&self.url)
    }

    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    fn read(&mut self) -> Result<Vec<Value>> {
        let keeps_order = self.url.ends_with(".fifo");
        for (body, emitter, group) in self.client.take_messages(&self.url)? {
            ensure!(emitter == "GO Feature Flag", "the emitter is {emitter}");
            let event: Value = serde_json::from_str(&body)?;
            let user = event["userKey"].as_str().filter(|_| keeps_order);
            ensure!(group.as_deref() == user, "the group is {group:?}");
            self.arrived.push(event);
        }
        Ok(self.arrived.clone())
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![Refusal {
            what: "no such queue",
            setup: self.setup(&self.url.replace("evaluations", "nobodys")),
            kind: ErrorKind::NotFound,
        }]
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET_KEY.to_owned()]
    }

    fn lifeline(&mut self) -> &mut dyn Lifeline {
        &mut self.meter
    }
}

struct Kinesis {
    /// Kept so that it lives; it would forget everything.
    _server: Moto,
    meter: Meter,
    client: Queues,
}

impl Kinesis {
    fn setup(&self, stream: &str) -> Setup {
        Setup {
            options: json!({"kind": "kinesis", "streamName": stream}),
            variables: versitygw::variables(self.meter.port(), SECRET_KEY),
            ..Setup::default()
        }
    }
}

impl Sink for Kinesis {
    fn setup(&self) -> Setup {
        self.setup(STREAM)
    }

    fn prepare(&mut self) -> Result<()> {
        self.client.make_stream(STREAM)
    }

    fn read(&mut self) -> Result<Vec<Value>> {
        let records = self.client.dump_stream(STREAM)?.into_iter();
        let event = |(key, data): (String, String)| {
            ensure!(key == "default", "the partition key is {key}");
            Ok(serde_json::from_str(&data)?)
        };
        records.map(event).collect()
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![Refusal {
            what: "no such stream",
            setup: self.setup("nobodys"),
            kind: ErrorKind::NotFound,
        }]
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET_KEY.to_owned()]
    }

    fn lifeline(&mut self) -> &mut dyn Lifeline {
        &mut self.meter
    }
}
