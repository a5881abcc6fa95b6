//! How far it is, for whoever watches.

use std::io::{IsTerminal, Write, stderr};

/// One line on standard error that is written again and again; nothing where nobody watches.
pub(super) struct Progress {
    noun: &'static str,
    is_watched: bool,
}

impl Progress {
    /// About things of a name.
    pub(super) fn of(noun: &'static str) -> Self {
        Self {
            noun,
            is_watched: stderr().is_terminal(),
        }
    }

    /// So many of all have answered.
    pub(super) fn show(&mut self, done: usize, all: usize) {
        if self.is_watched {
            // a terminal that is gone has nobody in front of it
            let _ = write!(stderr(), "\r{done} of {all} {} answered", self.noun);
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if self.is_watched {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}
