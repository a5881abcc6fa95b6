//! Streams of changes: who listens to a flag set is told what changes in it.
//!
//! A [hub](hub::Hub) stands beside each flag set. It keeps a short [history](history::History) of [messages](message::Message),
//! each encoded once; a stream holds its [place](reader::Reader) in it and pulls what comes next. Who falls behind the history
//! is brought up to date with one message. There are no timers and no queues of single streams. What somebody
//! [was let in with](guest::Guest) is looked at again when the configuration was edited.

pub(crate) mod events;
pub(crate) mod guest;
pub(crate) mod history;
pub(crate) mod hub;
pub(crate) mod message;
pub(crate) mod reader;
mod sum;
pub(crate) mod token;
pub(crate) mod web_socket;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flagstaff_telemetry::metrics::{StreamKind, StreamMetrics, Streams as Metrics};
use futures_util::future::join_all;
use tokio::time::timeout;

use crate::streams::hub::Hub;
use crate::streams::token::Signer;

/// How long streams may take to end.
const FAREWELL: Duration = Duration::from_secs(1);

/// All streams of a relay, whatever they listen to.
pub(crate) struct Streams {
    open: Arc<AtomicUsize>,
    /// Counts those who were refused.
    turn: AtomicUsize,
    metrics: Metrics,
    /// Signs tokens where the configuration has no secret for that.
    pub(crate) signer: Signer,
}

/// The right to be one of the open streams, given back when it is dropped.
pub(crate) struct Seat {
    open: Arc<AtomicUsize>,
    metrics: Metrics,
    kind: StreamKind,
}

impl Streams {
    /// None is open.
    pub(crate) fn new(metrics: &Metrics) -> Self {
        Self {
            open: Arc::default(),
            turn: AtomicUsize::new(0),
            metrics: metrics.clone(),
            signer: Signer::random(),
        }
    }

    /// A seat for one more stream, while fewer than `limit` are open.
    pub(crate) fn seat(&self, kind: StreamKind, limit: usize) -> Option<Seat> {
        let one_more = |open| (open < limit).then_some(open + 1);
        let metrics = self.metrics.of(kind);
        if self
            .open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .is_err()
        {
            metrics.refused.inc();
            return None;
        }
        metrics.open.inc();
        Some(Seat {
            open: Arc::clone(&self.open),
            metrics: self.metrics.clone(),
            kind,
        })
    }
}

impl Streams {
    /// Seconds after which somebody who was refused may come back: from 5 to 20, in turns, so that not all come at once.
    pub(crate) fn retry_after(&self) -> u64 {
        5 + self.turn.fetch_add(1, Ordering::Relaxed) as u64 % 16
    }
}

/// Ends the streams of these hubs properly, and waits a little until they have ended.
pub(crate) async fn close(hubs: impl Iterator<Item = &Hub>) {
    let closing = join_all(hubs.map(Hub::close));
    if timeout(FAREWELL, closing).await.is_err() {
        tracing::warn!("streams that nobody reads from are broken off");
    }
}

impl Seat {
    pub(crate) fn metrics(&self) -> &StreamMetrics {
        self.metrics.of(self.kind)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.metrics().open.dec();
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}
