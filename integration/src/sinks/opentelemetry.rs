//! `opentelemetry` on collectors, by both of their protocols. Each evaluation is a span, tracking events are none.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use flagstaff_events::EventType;
use flagstaff_telemetry::traces::{self, Batches, Destination, Sampler, TraceSettings, Transport};
use flagstaff_testkit::collector::Span;
use serde_json::{Map, Value, json};

use crate::case::{Case, Role, Stage};
use crate::contract::Setup;
use crate::contract::exporter::{Lifeline, Refusal, Sink};
use crate::meter::Meter;
use crate::servers::collector::{self, Collector};
use crate::servers::rotel::{self, Rotel};

pub(super) const CASES: &[Case] = &[
    Case {
        role: Role::Exporter,
        kind: "opentelemetry",
        variant: "HTTP",
        needs: &[&collector::PACKAGE],
        run: |stage| prove(stage, Receiver::collector(stage)?, Transport::Http),
    },
    Case {
        role: Role::Exporter,
        kind: "opentelemetry",
        variant: "gRPC",
        needs: &[&collector::PACKAGE],
        run: |stage| prove(stage, Receiver::collector(stage)?, Transport::Grpc),
    },
    Case {
        role: Role::Exporter,
        kind: "opentelemetry",
        variant: "HTTP",
        needs: &[&rotel::PACKAGE],
        run: |stage| prove(stage, Receiver::rotel(stage)?, Transport::Http),
    },
    Case {
        role: Role::Exporter,
        kind: "opentelemetry",
        variant: "gRPC",
        needs: &[&rotel::PACKAGE],
        run: |stage| prove(stage, Receiver::rotel(stage)?, Transport::Grpc),
    },
];

fn prove(stage: &Stage, receiver: Receiver, transport: Transport) -> Result<()> {
    let (http_port, grpc_port) = match &receiver {
        Receiver::Collector(collector) => (collector.http_port, collector.grpc_port),
        Receiver::Rotel(rotel) => (rotel.http_port, rotel.grpc_port),
    };
    let meter = Meter::before(match transport {
        Transport::Http => http_port,
        Transport::Grpc => grpc_port,
    })?;
    stage.prove_exporter(&mut Opentelemetry {
        receiver,
        meter,
        transport,
    })
}

enum Receiver {
    Collector(Collector),
    Rotel(Rotel),
}

impl Receiver {
    fn collector(stage: &Stage) -> Result<Self> {
        Ok(Self::Collector(Collector::start(stage.cache(), stage.folder())?))
    }

    fn rotel(stage: &Stage) -> Result<Self> {
        Ok(Self::Rotel(Rotel::start(stage.cache(), stage.folder())?))
    }
}

struct Opentelemetry {
    receiver: Receiver,
    meter: Meter,
    transport: Transport,
}

impl Sink for Opentelemetry {
    fn setup(&self) -> Setup {
        let path = match self.transport {
            Transport::Http => "/v1/traces",
            Transport::Grpc => "",
        };
        let collector = traces::Collector {
            transport: self.transport,
            url: format!("http://127.0.0.1:{}{path}", self.meter.port()).into(),
            headers: Vec::new(),
            timeout: Duration::from_secs(10),
            gzip: true,
            certificates: None,
            identity: None,
        };
        Setup {
            options: json!({"kind": "opentelemetry"}),
            traces: Some(TraceSettings {
                destination: Destination::Collector(Box::new(collector)),
                sampler: Sampler::AlwaysOn,
                resource: Vec::new(),
                batches: Batches::default(),
            }),
            ..Setup::default()
        }
    }

    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    fn read(&mut self) -> Result<Vec<Value>> {
        match &mut self.receiver {
            Receiver::Collector(collector) => collector
                .spans()?
                .into_iter()
                .map(|(tracer, span)| written(&tracer, &span))
                .collect(),
            Receiver::Rotel(rotel) => Ok(rotel.spans()?.iter().map(handed_on).collect()),
        }
    }

    fn shape(&self, event: &Value) -> Value {
        let span = span(event);
        match &self.receiver {
            Receiver::Collector(_) => span,
            Receiver::Rotel(_) => in_texts(&span),
        }
    }

    fn takes(&self, event_type: EventType) -> bool {
        event_type == EventType::Feature
    }

    /// The collector takes everything from everybody.
    fn refusals(&self) -> Vec<Refusal> {
        Vec::new()
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    /// Killed, it would forget what it has not written yet.
    fn lifeline(&mut self) -> &mut dyn Lifeline {
        &mut self.meter
    }
}

/// The span of an event, as OTLP has it in JSON.
fn span(event: &Value) -> Value {
    let mut attributes = Map::new();
    for (name, member) in [
        ("key", "key"),
        ("user_key", "userKey"),
        ("context_kind", "contextKind"),
        ("variation", "variation"),
        ("version", "version"),
        ("source", "source"),
    ] {
        let text = event[member].as_str().unwrap_or_default();
        attributes.insert(format!("feature_flag.{name}"), json!({"stringValue": text}));
    }
    let value = &event["value"];
    attributes.insert(
        "feature_flag.default".to_owned(),
        json!({"boolValue": event["default"]}),
    );
    if !value.is_null() {
        attributes.insert(
            "feature_flag.value".to_owned(),
            json!({"stringValue": value.to_string()}),
        );
    }
    for (name, value) in event["metadata"].as_object().into_iter().flatten() {
        let value = match value {
            Value::Bool(flag) => json!({"boolValue": flag}),
            // whole numbers of 64 bits are texts in JSON
            Value::Number(number) if number.is_i64() => json!({"intValue": number.to_string()}),
            Value::Number(number) => json!({"doubleValue": number}),
            Value::String(text) => json!({"stringValue": text}),
            other => json!({"stringValue": other.to_string()}),
        };
        attributes.insert(format!("feature_flag.metadata.{name}"), value);
    }
    let status = if event["default"] == true {
        json!({"code": 2, "message": "default value used"})
    } else {
        json!({"code": 1})
    };
    json!({
        "name": "feature_flag.evaluate", "kind": 1, "start": format!("{}000000000", event["creationDate"]),
        "status": status, "attributes": attributes,
    })
}

/// What the Collector wrote of a span.
fn written(tracer: &str, span: &Value) -> Result<Value> {
    ensure!(tracer == "go-feature-flag", "the tracer is {tracer:?}");
    let attributes = span["attributes"].as_array().context("a span has attributes")?;
    let attribute = |attribute: &Value| {
        let name = attribute["key"].as_str().unwrap_or_default().to_owned();
        (name, attribute["value"].clone())
    };
    Ok(json!({
        "name": span["name"], "kind": span["kind"], "start": span["startTimeUnixNano"], "status": span["status"],
        "attributes": attributes.iter().map(attribute).collect::<Map<_, _>>(),
    }))
}

/// What is kept of a span that was handed on: its attributes are texts.
fn handed_on(span: &Span) -> Value {
    json!({"name": span.name, "kind": span.kind, "error": span.error, "attributes": span.attributes})
}

/// The same of the span of an event.
fn in_texts(span: &Value) -> Value {
    let attributes = span["attributes"].as_object().into_iter().flatten();
    let text = |(name, value): (&String, &Value)| {
        let value = value.as_object().and_then(|value| value.values().next());
        let text = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        (name.clone(), Value::from(text))
    };
    json!({
        "name": span["name"], "kind": "SPAN_KIND_INTERNAL", "error": span["status"]["code"] == 2,
        "attributes": attributes.map(text).collect::<Map<_, _>>(),
    })
}
