//! Traces with OpenTelemetry's kit.

mod exporter;
mod outbox;
mod sampler;
mod sink;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::Version;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{Span as _, SpanKind, Status, TraceContextExt, Tracer as _, TracerProvider};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span};
use opentelemetry_semantic_conventions::attribute::{
    CLIENT_ADDRESS, HTTP_REQUEST_METHOD, HTTP_RESPONSE_STATUS_CODE, HTTP_ROUTE, NETWORK_PROTOCOL_VERSION,
    SERVER_ADDRESS, SERVER_PORT, URL_PATH, URL_SCHEME, USER_AGENT_ORIGINAL,
};

pub use self::sink::{NotTaken, SpanSink};

use self::outbox::Outbox;
use super::{AttributeValue, SpanId, SpanReference, TraceError, TraceId, TraceSettings, TracedRequest};
use crate::metrics::Spans;

/// The tracer's name, as GO Feature Flag calls it.
const NAME: &str = "go-feature-flag";

/// Where GO Feature Flag writes why a request failed.
const ERROR: &str = "echo.error";

/// Makes spans. Cloning is cheap and shares the queue.
#[derive(Debug, Clone)]
pub struct Tracer {
    tracer: SdkTracer,
    propagator: Arc<TraceContextPropagator>,
    outbox: Outbox,
}

/// The span of a request that is sampled. It ends when it is dropped.
#[derive(Debug)]
pub struct RequestSpan {
    tracer: SdkTracer,
    /// Holds the span.
    context: Context,
}

/// A span within that of a request. It ends when it is dropped.
#[derive(Debug)]
pub struct ChildSpan(Span);

impl Tracer {
    /// Starts to send spans, in a task of its own. Must be called inside of a tokio runtime.
    ///
    /// # Errors
    /// When the connection cannot be prepared. Whether somebody listens shows later, in the log.
    pub fn start(settings: &TraceSettings, spans: Spans) -> Result<Self, TraceError> {
        let resource = sink::resource(settings);
        let outbox = exporter::start(settings, &resource, spans)?;
        let provider = SdkTracerProvider::builder()
            .with_sampler(sampler::build(settings)?)
            .with_resource(resource)
            .with_span_processor(outbox.clone())
            .build();
        Ok(Self {
            tracer: provider.tracer(NAME),
            propagator: Arc::default(),
            outbox,
        })
    }

    /// The span of a request, within the caller's trace if it has one; `None` when it is not sampled.
    pub fn request(&self, request: &TracedRequest<'_>) -> Option<RequestSpan> {
        let parent = self
            .propagator
            .extract_with_context(&Context::new(), &HeaderExtractor(request.headers));
        let method = known_method(request.method);
        let name = format!("{} {}", method.unwrap_or("HTTP"), request.route);
        let span = self.tracer.span_builder(name).with_kind(SpanKind::Server);
        let mut span = span.start_with_context(&self.tracer, &parent);
        if !span.is_recording() {
            return None;
        }
        let (address, port) = split_host(request.host);
        let text = |name, value: &str| KeyValue::new(name, value.to_owned());
        span.set_attributes([
            KeyValue::new(HTTP_REQUEST_METHOD, method.unwrap_or("_OTHER")),
            text(HTTP_ROUTE, request.route),
            text(URL_PATH, request.path),
            KeyValue::new(URL_SCHEME, "http"),
            text(SERVER_ADDRESS, address),
            KeyValue::new(NETWORK_PROTOCOL_VERSION, version(request.version)),
        ]);
        if let Some(port) = port {
            span.set_attribute(KeyValue::new(SERVER_PORT, i64::from(port)));
        }
        if let Some(client) = request.client {
            span.set_attribute(KeyValue::new(CLIENT_ADDRESS, client.to_string()));
        }
        if let Some(user_agent) = request.user_agent {
            span.set_attribute(text(USER_AGENT_ORIGINAL, user_agent));
        }
        Some(RequestSpan {
            tracer: self.tracer.clone(),
            context: parent.with_span(span),
        })
    }

    /// Sends the spans that wait, for at most this long.
    pub async fn shutdown(&self, deadline: Duration) {
        self.outbox.close(deadline).await;
    }
}

impl RequestSpan {
    /// A span within this one, which begins now.
    pub fn child(&self, name: &'static str) -> ChildSpan {
        ChildSpan(self.tracer.start_with_context(name, &self.context))
    }

    /// What identifies it.
    pub fn reference(&self) -> SpanReference {
        let span = self.context.span();
        let context = span.span_context();
        SpanReference {
            trace: TraceId(context.trace_id().to_bytes()),
            span: SpanId(context.span_id().to_bytes()),
        }
    }

    /// Notes why there is no better answer.
    pub fn failed(&self, error: &str) {
        let span = self.context.span();
        span.set_attribute(KeyValue::new(ERROR, error.to_owned()));
    }

    /// Notes the status of the answer. One of the server's own errors makes the span an error.
    pub fn answered(&self, status: u16) {
        let span = self.context.span();
        span.set_attribute(KeyValue::new(HTTP_RESPONSE_STATUS_CODE, i64::from(status)));
        if status >= 500 {
            span.set_status(Status::error(""));
        }
    }
}

impl ChildSpan {
    /// Adds an attribute.
    pub fn set(&mut self, name: &'static str, value: impl Into<AttributeValue>) {
        self.0.set_attribute(KeyValue::new(name, self::value(value.into())));
    }
}

fn value(attribute: AttributeValue) -> Value {
    match attribute {
        AttributeValue::Text(text) => Value::from(text),
        AttributeValue::Number(number) => Value::from(number),
        AttributeValue::Fraction(number) => Value::from(number),
        AttributeValue::Boolean(value) => Value::from(value),
    }
}

/// The methods that may stand in the name of a span: a caller must not choose how many names there are.
fn known_method(method: &str) -> Option<&'static str> {
    const METHODS: [&str; 9] = [
        "POST", "GET", "OPTIONS", "HEAD", "PUT", "DELETE", "PATCH", "CONNECT", "TRACE",
    ];
    METHODS.into_iter().find(|known| *known == method)
}

fn version(version: Version) -> Cow<'static, str> {
    match version {
        Version::HTTP_10 => "1.0".into(),
        Version::HTTP_11 => "1.1".into(),
        Version::HTTP_2 => "2".into(),
        other => format!("{other:?}").into(),
    }
}

fn split_host(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':').map(|(address, port)| (address, port.parse())) {
        Some((address, Ok(port))) => (address, Some(port)),
        _ => (host, None),
    }
}
