//! Traces: a span for each request and one for what it asks for, sent to an OpenTelemetry collector.
//!
//! A relay without traces has no [`Tracer`]. One that has it never waits for the collector: spans go into a bounded queue, and what
//! does not fit is counted as lost. Without the feature `otel` there is nothing behind these types.

#[cfg(not(feature = "otel"))]
mod absent;
#[cfg(feature = "otel")]
mod sdk;
mod settings;

use std::fmt;
use std::net::IpAddr;
use std::time::SystemTime;

use http::{HeaderMap, Version};

#[cfg(not(feature = "otel"))]
pub use absent::{ChildSpan, NotTaken, RequestSpan, SpanSink, Tracer};
#[cfg(feature = "otel")]
pub use sdk::{ChildSpan, NotTaken, RequestSpan, SpanSink, Tracer};
pub use settings::{Batches, Collector, Destination, Sampler, TraceSettings, Transport};

/// What a span of a request tells about it.
#[derive(Debug, Clone, Copy)]
pub struct TracedRequest<'r> {
    /// Method.
    pub method: &'r str,
    /// The route's template, like `/v1/feature/:flagKey/eval`.
    pub route: &'r str,
    /// Path, without its query: there may be a key in that.
    pub path: &'r str,
    /// `Host` header, with or without a port.
    pub host: &'r str,
    /// Version of HTTP.
    pub version: Version,
    /// Address of the caller; none on a Unix socket.
    pub client: Option<IpAddr>,
    /// `User-Agent` header.
    pub user_agent: Option<&'r str>,
    /// Headers, in which W3C's trace context is looked for.
    pub headers: &'r HeaderMap,
}

/// A span of what happened elsewhere and is over, in a trace of its own. It ends when it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedSpan {
    /// What happened.
    pub name: &'static str,
    /// When it began.
    pub start: SystemTime,
    /// What is told about it.
    pub attributes: Vec<(String, AttributeValue)>,
    /// Whether it went well, or why not.
    pub outcome: Result<(), &'static str>,
}

/// A value that a span is told about.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeValue {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Any other number.
    Fraction(f64),
    /// A switch.
    Boolean(bool),
}

impl From<&str> for AttributeValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for AttributeValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<usize> for AttributeValue {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for AttributeValue {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

/// The span of a request that is sampled, to be named elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanReference {
    /// The trace it belongs to.
    pub trace: TraceId,
    /// The span.
    pub span: SpanId,
}

/// Identifies a trace; shown as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId(pub [u8; 16]);

/// Identifies a span; shown as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanId(pub [u8; 8]);

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Traces cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// They are not part of this build.
    #[error("traces are not part of this build: build it with the feature otel")]
    NotBuilt,
    /// A file cannot be used.
    #[error("{path} cannot be used for the connection to the collector")]
    File {
        /// Its path.
        path: String,
        /// What is wrong.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The connection to the collector cannot be prepared.
    #[error("the connection to the collector cannot be set up")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
}
