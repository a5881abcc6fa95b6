//! What stands for traces in a build without them: types that have no value.

use std::convert::Infallible;
use std::time::Duration;

use super::{AttributeValue, FinishedSpan, SpanReference, TraceError, TraceSettings, TracedRequest};
use crate::metrics::Spans;

/// Makes spans.
#[derive(Debug, Clone)]
pub struct Tracer(Infallible);

/// The span of a request.
#[derive(Debug)]
pub struct RequestSpan(Infallible);

/// A span within that of a request.
#[derive(Debug)]
pub struct ChildSpan(Infallible);

/// Sends spans that are over.
#[derive(Debug)]
pub struct SpanSink(Infallible);

/// A batch of spans did not arrive.
#[derive(Debug, thiserror::Error)]
#[error("traces are not part of this build")]
pub struct NotTaken(Infallible);

impl SpanSink {
    /// Never succeeds.
    pub fn new(_: &TraceSettings, _: &str) -> Result<Self, TraceError> {
        Err(TraceError::NotBuilt)
    }

    /// Sends spans.
    pub async fn send(&self, _: impl IntoIterator<Item = FinishedSpan>) -> Result<(), NotTaken> {
        match self.0 {}
    }

    /// Looks whether somebody takes spans.
    pub async fn contact(&self) -> Result<(), NotTaken> {
        match self.0 {}
    }
}

impl Tracer {
    /// Never succeeds.
    pub fn start(_: &TraceSettings, _: Spans) -> Result<Self, TraceError> {
        Err(TraceError::NotBuilt)
    }

    /// The span of a request.
    pub fn request(&self, _: &TracedRequest<'_>) -> Option<RequestSpan> {
        match self.0 {}
    }

    /// Sends what waits.
    pub async fn shutdown(&self, _: Duration) {
        match self.0 {}
    }
}

impl RequestSpan {
    /// A span within this one.
    pub fn child(&self, _: &'static str) -> ChildSpan {
        match self.0 {}
    }

    /// What identifies it.
    pub fn reference(&self) -> SpanReference {
        match self.0 {}
    }

    /// Notes an error.
    pub fn failed(&self, _: &str) {
        match self.0 {}
    }

    /// Notes the status of the answer.
    pub fn answered(&self, _: u16) {
        match self.0 {}
    }
}

impl ChildSpan {
    /// Adds an attribute.
    pub fn set(&mut self, _: &'static str, _: impl Into<AttributeValue>) {
        match self.0 {}
    }
}
