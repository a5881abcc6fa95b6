//! A collector of OpenTelemetry: one span for each evaluation.
//!
//! ```yaml
//! otel:                             # where traces go, in the file or by OTEL_ variables
//!   exporter:
//!     otlp: {endpoint: https://collector.example.com}
//! exporter:
//!   kind: opentelemetry
//!   tracerName: go-feature-flag
//! ```
//!
//! Spans are called `feature_flag.evaluate`, begin when the flag was evaluated and end when they are sent. Their attributes are those of
//! GO Feature Flag: `feature_flag.key`, `user_key`, `context_kind`, `variation`, `version`, `source`, `default`, `value` (as JSON) and
//! `metadata.*`. An evaluation that gave the caller's default is an error. The sampler of traces counts here too.
//!
//! Events of tracking are no spans, and without a collector there are none either: both are counted as delivered.

use std::time::{Duration, SystemTime};

use flagstaff_backend::{Settings, SettingsError};
use flagstaff_telemetry::traces::{AttributeValue, FinishedSpan, NotTaken, SpanSink, TraceSettings};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::{
    Contact, Contacting, ErrorKind, Event, EventType, Export, ExportError, Exporter, FeatureEvent, Limits, Receipt,
    Refusal,
};

/// When nothing else is written.
const DEFAULT_TRACER: &str = "go-feature-flag";

/// Collectors take messages of 4 MiB, in which a span is larger than its event.
const LIMITS: Limits = Limits {
    events: 2000,
    bytes: 1 << 20,
};

/// Sends spans to a collector.
#[derive(Debug)]
pub struct OpentelemetryExporter {
    tracer: String,
    /// Where traces go; nowhere without.
    traces: Option<TraceSettings>,
    sink: OnceCell<SpanSink>,
}

impl OpentelemetryExporter {
    /// Reads the options of a configuration. The connection is set up with the first batch. Events of tracking go nowhere.
    pub fn read(
        settings: Settings<'_>,
        event_type: EventType,
        traces: Option<&TraceSettings>,
    ) -> Result<Self, SettingsError> {
        let tracer = settings.text("tracerName")?;
        Ok(Self {
            tracer: if tracer.is_empty() {
                DEFAULT_TRACER.to_owned()
            } else {
                tracer
            },
            traces: traces.filter(|_| event_type == EventType::Feature).cloned(),
            sink: OnceCell::new(),
        })
    }

    async fn send(&self, batch: &[Event]) -> Result<Receipt, ExportError> {
        let Some(traces) = &self.traces else {
            return Ok(Receipt::delivered());
        };
        let sink = self.sink(traces).await?;
        let mut receipt = Receipt::delivered();
        let mut spans = Vec::with_capacity(batch.len());
        for (index, event) in batch.iter().enumerate() {
            match event.feature() {
                Ok(event) => spans.push(span(&event)),
                Err(error) => receipt.refused.push(Refusal {
                    index,
                    reason: format!("it is no feature event: {error}"),
                }),
            }
        }
        sink.send(spans).await.map_err(|error| not_taken(&error))?;
        Ok(receipt)
    }

    async fn look(&self) -> Result<Contact, ExportError> {
        let Some(traces) = &self.traces else {
            let message = "it sends nothing: only feature events are spans, and they need a collector in `otel`";
            return Ok(Contact::Unclear(message.to_owned()));
        };
        self.sink(traces)
            .await?
            .contact()
            .await
            .map_err(|error| not_taken(&error))?;
        Ok(Contact::Answers("answers".to_owned()))
    }

    async fn sink(&self, traces: &TraceSettings) -> Result<&SpanSink, ExportError> {
        let connect = async || SpanSink::new(traces, &self.tracer);
        let sink = self.sink.get_or_try_init(connect).await;
        sink.map_err(|error| ExportError::new(ErrorKind::Settings, "traces cannot be set up").caused_by(error))
    }
}

impl Exporter for OpentelemetryExporter {
    fn export<'a>(&'a self, batch: &'a [Event]) -> Export<'a> {
        Box::pin(async move {
            let sent = self.send(batch).await;
            sent.map_err(|error| error.context("collector", self.target()))
        })
    }

    fn contact(&self) -> Contacting<'_> {
        Box::pin(async {
            let contact = self.look().await;
            contact.map_err(|error| error.context("collector", self.target()))
        })
    }

    fn target(&self) -> String {
        match &self.traces {
            Some(traces) => traces.destination.place(),
            None => "nowhere".to_owned(),
        }
    }

    fn limits(&self) -> Limits {
        LIMITS
    }
}

fn not_taken(error: &NotTaken) -> ExportError {
    ExportError::new(ErrorKind::Unreachable, error.to_string().replace('\n', " "))
}

fn span(event: &FeatureEvent<'_>) -> FinishedSpan {
    let mut attributes = Vec::new();
    for (name, text) in [
        ("key", &event.key),
        ("user_key", &event.user_key),
        ("context_kind", &event.context_kind),
        ("variation", &event.variation),
        ("version", &event.version),
        ("source", &event.source),
    ] {
        attributes.push((format!("feature_flag.{name}"), AttributeValue::from(&**text)));
    }
    attributes.push(("feature_flag.default".to_owned(), event.default.into()));
    if event.value.get() != "null" {
        attributes.push(("feature_flag.value".to_owned(), event.value.get().into()));
    }
    for (name, value) in event.metadata.iter().flatten() {
        attributes.push((format!("feature_flag.metadata.{name}"), attribute(value)));
    }
    let seconds = Duration::from_secs(event.creation_date.unsigned_abs());
    FinishedSpan {
        name: "feature_flag.evaluate",
        start: SystemTime::UNIX_EPOCH
            .checked_add(seconds)
            .unwrap_or(SystemTime::UNIX_EPOCH),
        attributes,
        outcome: if event.default {
            Err("default value used")
        } else {
            Ok(())
        },
    }
}

fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::Bool(flag) => (*flag).into(),
        Value::String(text) => text.as_str().into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => AttributeValue::Number(whole),
            (None, Some(fraction)) => AttributeValue::Fraction(fraction),
            (None, None) => number.to_string().into(),
        },
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests;
