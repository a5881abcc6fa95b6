//! Spans of what happened elsewhere and is over.

use std::time::SystemTime;

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_sdk::trace::{
    IdGenerator, RandomIdGenerator, Sampler, SamplingDecision, ShouldSample, SpanData, SpanEvents, SpanExporter,
    SpanLinks,
};

use super::{exporter, sampler, value};
use crate::traces::{FinishedSpan, TraceError, TraceSettings};

/// Sends spans that are over, in batches, and tells whether each batch arrived.
#[derive(Debug)]
pub struct SpanSink {
    connection: exporter::Connection,
    sampler: Sampler,
    scope: InstrumentationScope,
}

/// A batch of spans did not arrive. Holds no secret.
#[derive(Debug, thiserror::Error)]
#[error("the collector did not take the spans: {cause}")]
pub struct NotTaken {
    cause: OTelSdkError,
}

impl SpanSink {
    /// Prepares the connection; spans are those of a tracer of this name. Must be called inside of a tokio runtime.
    ///
    /// # Errors
    /// When the connection cannot be prepared. Whether somebody listens shows with the first batch.
    pub fn new(settings: &TraceSettings, tracer: &str) -> Result<Self, TraceError> {
        Ok(Self {
            connection: exporter::connect(settings, &resource(settings))?,
            sampler: sampler::build(settings)?,
            scope: InstrumentationScope::builder(tracer.to_owned()).build(),
        })
    }

    /// Sends those spans that are sampled, each in a trace of its own.
    ///
    /// # Errors
    /// When they did not arrive, as far as can be told.
    pub async fn send(&self, spans: impl IntoIterator<Item = FinishedSpan>) -> Result<(), NotTaken> {
        let now = SystemTime::now();
        let sampled = spans.into_iter().filter_map(|span| self.sample(span, now));
        let sampled: Vec<_> = sampled.collect();
        if sampled.is_empty() {
            return Ok(());
        }
        self.export(sampled).await
    }

    /// Sends no span at all, which shows whether somebody takes them.
    ///
    /// # Errors
    /// When nobody does.
    pub async fn contact(&self) -> Result<(), NotTaken> {
        self.export(Vec::new()).await
    }

    async fn export(&self, spans: Vec<SpanData>) -> Result<(), NotTaken> {
        let sent = match &self.connection {
            exporter::Connection::Collector(exporter) => exporter.export(spans).await,
            exporter::Connection::Console(exporter) => exporter.export(spans).await,
        };
        sent.map_err(|cause| NotTaken { cause })
    }

    fn sample(&self, span: FinishedSpan, now: SystemTime) -> Option<SpanData> {
        let FinishedSpan {
            name,
            start,
            attributes,
            outcome,
        } = span;
        let trace = RandomIdGenerator::default().new_trace_id();
        let attributes: Vec<_> = attributes
            .into_iter()
            .map(|(name, attribute)| KeyValue::new(name, value(attribute)))
            .collect();
        let sampling = self
            .sampler
            .should_sample(None, trace, name, &SpanKind::Internal, &attributes, &[]);
        if sampling.decision != SamplingDecision::RecordAndSample {
            return None;
        }
        Some(SpanData {
            span_context: SpanContext::new(
                trace,
                RandomIdGenerator::default().new_span_id(),
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            ),
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: name.into(),
            start_time: start,
            end_time: now.max(start),
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: match outcome {
                Ok(()) => Status::Ok,
                Err(reason) => Status::error(reason),
            },
            instrumentation_scope: self.scope.clone(),
        })
    }
}

/// What is said about the process.
pub(super) fn resource(settings: &TraceSettings) -> Resource {
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes(
            settings
                .resource
                .iter()
                .map(|(name, value)| KeyValue::new(name.to_string(), value.to_string())),
        )
        .build()
}
