//! What a connection is doing, and for how long it may.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::StatusCode;

use super::watched::Protocol;
use crate::config::Limits;

/// How often is looked at a connection that is in no danger of being overdue.
const SELDOM: Duration = Duration::from_secs(60);

/// What a connection is doing. It is noted where bytes and requests pass by, and looked at by a timer that is set for the
/// earliest moment at which something could be overdue, so that a request costs one look at the clock and no timer.
pub(crate) struct Activity {
    opened: Instant,
    /// Requests that are being answered.
    requests: AtomicU32,
    /// When the last request began, or the connection.
    request_at: AtomicU64,
    /// When the head that is being read began.
    head_at: Moment,
    /// Bytes of an answer were written and others may follow.
    writing: AtomicBool,
    /// Since when not a byte could be written.
    blocked_at: Moment,
    /// The other end has sent all it will.
    ended: AtomicBool,
    /// The last request was refused, perhaps before it was read.
    refused: AtomicBool,
}

/// Milliseconds since the connection was opened and one, or 0 for none.
#[derive(Default)]
struct Moment(AtomicU64);

/// What took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// The head of a request does not come to an end.
    Head,
    /// No request comes.
    Request,
    /// Nobody takes the answer.
    Reader,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self {
            opened: Instant::now(),
            requests: AtomicU32::new(0),
            request_at: AtomicU64::new(0),
            head_at: Moment::default(),
            writing: AtomicBool::new(false),
            blocked_at: Moment::default(),
            ended: AtomicBool::new(false),
            refused: AtomicBool::new(false),
        }
    }

    /// Bytes came in.
    pub(super) fn received(&self) {
        if self.requests.load(Ordering::Relaxed) == 0 && self.head_at.get().is_none() {
            self.head_at.set(self.now());
        }
    }

    /// The other end has sent all it will.
    pub(super) fn received_all(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_received_all(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// The other end takes bytes of an answer.
    pub(super) fn sent(&self) {
        self.writing.store(true, Ordering::Relaxed);
        self.blocked_at.clear();
    }

    /// The other end takes no more bytes for now.
    pub(super) fn blocked(&self) {
        self.writing.store(true, Ordering::Relaxed);
        if self.blocked_at.get().is_none() {
            self.blocked_at.set(self.now());
        }
    }

    /// There is nothing left to send.
    pub(super) fn sent_all(&self) {
        self.writing.store(false, Ordering::Relaxed);
        self.blocked_at.clear();
    }

    /// The head of a request was read.
    pub(super) fn request_began(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        // its head has come in just now, unless it came together with the one before
        let now = self.head_at.get().unwrap_or_else(|| self.now());
        self.request_at.store(now, Ordering::Relaxed);
        self.head_at.clear();
    }

    /// What a request is answered with.
    pub(super) fn answered(&self, status: StatusCode) {
        let refused = status.is_client_error() || status.is_server_error();
        self.refused.store(refused, Ordering::Relaxed);
    }

    pub(super) fn has_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// A request has its answer, or all of it where that is a stream.
    pub(super) fn request_ended(&self) {
        self.requests.fetch_sub(1, Ordering::Relaxed);
    }

    /// Gives the next request as much time once more.
    pub(super) fn forgive(&self) {
        self.request_at.store(self.now(), Ordering::Relaxed);
    }

    /// What is overdue now; otherwise how long to wait before looking again. Where requests come one after the other,
    /// what comes in while none is being answered is the head of the next one.
    pub(super) fn overdue(&self, limits: &Limits, protocol: Protocol) -> Result<Duration, Overdue> {
        let (since, limit, overdue) = if let Some(since) = self.blocked_at.get() {
            (since, limits.write_timeout, Overdue::Reader)
        } else if self.requests.load(Ordering::Relaxed) > 0 || self.writing.load(Ordering::Relaxed) {
            return Ok(soon(limits));
        } else if let Some(since) = self.head_at.get().filter(|_| protocol == Protocol::Http1) {
            (since, limits.head_timeout, Overdue::Head)
        } else {
            let since = self.request_at.load(Ordering::Relaxed);
            (since, limits.idle_timeout, Overdue::Request)
        };
        let Some(limit) = limit else { return Ok(soon(limits)) };
        let elapsed = Duration::from_millis(self.now().saturating_sub(since));
        match limit.checked_sub(elapsed) {
            None | Some(Duration::ZERO) => Err(overdue),
            Some(left) => Ok(left.min(soon(limits))),
        }
    }

    /// Milliseconds since the connection was opened.
    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }
}

impl Moment {
    fn get(&self) -> Option<u64> {
        self.0.load(Ordering::Relaxed).checked_sub(1)
    }

    fn set(&self, at: u64) {
        self.0.store(at + 1, Ordering::Relaxed);
    }

    fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// A head may begin right after a look at it, or the other end stop reading.
fn soon(limits: &Limits) -> Duration {
    [limits.head_timeout, limits.write_timeout]
        .into_iter()
        .flatten()
        .fold(SELDOM, Duration::min)
}
