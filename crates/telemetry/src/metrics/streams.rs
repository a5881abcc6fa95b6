//! Streams of changes by kind.

use std::sync::Arc;

use prometheus::{IntCounter, IntGauge, Registry};

use super::families;

/// A kind of stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StreamKind {
    /// Server-sent events in GO Feature Flag's form.
    Events,
    /// A web socket.
    WebSocket,
    /// Server-sent events in OFREP's form.
    Ofrep,
}

impl StreamKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Events, Self::WebSocket, Self::Ofrep];

    /// The label.
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "sse",
            Self::WebSocket => "websocket",
            Self::Ofrep => "ofrep",
        }
    }
}

/// The metrics of every kind of stream.
#[derive(Debug, Clone)]
pub struct Streams(Arc<[StreamMetrics; StreamKind::ALL.len()]>);

/// The metrics of one kind of stream.
#[derive(Debug, Clone)]
pub struct StreamMetrics {
    /// How many are open.
    pub open: IntGauge,
    /// Messages handed to them.
    pub messages: IntCounter,
    /// How often one merged message brought one of them up to date.
    pub behind: IntCounter,
    /// How many were refused because too many were open.
    pub refused: IntCounter,
}

impl Streams {
    pub(super) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let open = families::STREAMS_OPEN.gauges(registry)?;
        let messages = families::STREAM_MESSAGES.counters(registry)?;
        let behind = families::STREAMS_BEHIND.counters(registry)?;
        let refused = families::STREAMS_REFUSED.counters(registry)?;
        Ok(Self(Arc::new(StreamKind::ALL.map(|kind| {
            let kind = &[kind.name()];
            StreamMetrics {
                open: open.with_label_values(kind),
                messages: messages.with_label_values(kind),
                behind: behind.with_label_values(kind),
                refused: refused.with_label_values(kind),
            }
        }))))
    }

    /// The metrics of a kind.
    pub fn of(&self, kind: StreamKind) -> &StreamMetrics {
        &self.0[kind as usize]
    }
}
