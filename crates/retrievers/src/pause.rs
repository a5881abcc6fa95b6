//! What a source says about when to ask it again.

use std::time::{Duration, SystemTime};

/// A source's wish to be left alone for a while: it limits how often it answers, or is under repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pause {
    /// For so long from its answer on.
    For(Duration),
    /// Until a time that it named.
    Until(SystemTime),
}

impl Pause {
    /// When it ends, for an answer that came `now`.
    pub fn end(self, now: SystemTime) -> Option<SystemTime> {
        match self {
            Self::For(duration) => now.checked_add(duration),
            Self::Until(time) => Some(time),
        }
    }
}
