//! What became of events, for each exporter.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of one exporter. At any quiet moment, accepted = delivered + queued + spooled + set aside + lost.
#[derive(Debug, Default)]
pub struct Counts {
    accepted: AtomicU64,
    delivered: AtomicU64,
    set_aside: AtomicU64,
    lost: [AtomicU64; Loss::ALL.len()],
    failures: AtomicU64,
}

/// Why an event was never delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// There was no room for it, and this exporter was behind.
    Overflow,
    /// It came faster than it could be put away.
    Overrun,
    /// The sink will never take it, and no file for such events is configured.
    Refused,
    /// The relay ended before it could be sent.
    Shutdown,
    /// The exporter was removed before it could be sent.
    Removed,
    /// The spool was full, or it lay there for too long.
    Spool,
    /// Sampling left it out.
    Sampled,
}

impl Loss {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Overflow,
        Self::Overrun,
        Self::Refused,
        Self::Shutdown,
        Self::Removed,
        Self::Spool,
        Self::Sampled,
    ];

    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overflow => "overflow",
            Self::Overrun => "overrun",
            Self::Refused => "refused",
            Self::Shutdown => "shutdown",
            Self::Removed => "removed",
            Self::Spool => "spool",
            Self::Sampled => "sampled",
        }
    }
}

impl Counts {
    pub(crate) fn accept(&self, events: u64) {
        self.accepted.fetch_add(events, Ordering::Relaxed);
    }

    pub(crate) fn deliver(&self, events: u64) {
        self.delivered.fetch_add(events, Ordering::Relaxed);
    }

    pub(crate) fn set_aside(&self, events: u64) {
        self.set_aside.fetch_add(events, Ordering::Relaxed);
    }

    pub(crate) fn lose(&self, loss: Loss, events: u64) {
        self.lost[loss as usize].fetch_add(events, Ordering::Relaxed);
    }

    pub(crate) fn fail(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// Events that it was to send.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Events that a sink took.
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Events that were put into the file of those that no sink takes.
    pub fn dead_lettered(&self) -> u64 {
        self.set_aside.load(Ordering::Relaxed)
    }

    /// Events that were never delivered, for this reason.
    pub fn lost(&self, loss: Loss) -> u64 {
        self.lost[loss as usize].load(Ordering::Relaxed)
    }

    /// Exports that failed.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}
