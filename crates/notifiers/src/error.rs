//! Why a notifier could not be told.

use std::time::Duration;

use flagstaff_backend::ErrorKind;
use thiserror::Error;

/// A notification that failed. `Display` is one line that holds the whole chain of causes, without secrets.
#[derive(Debug, Error)]
#[error("{message} (target: {target})")]
pub struct NotifyError {
    kind: ErrorKind,
    message: String,
    target: String,
    pause: Option<Duration>,
}

impl NotifyError {
    /// An error.
    pub fn new(kind: ErrorKind, target: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            target: target.into(),
            pause: None,
        }
    }

    /// The target asked to be left alone for so long.
    #[must_use]
    pub fn retry_after(mut self, pause: Option<Duration>) -> Self {
        self.pause = pause;
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether telling it again may help before somebody changes something.
    pub fn is_temporary(&self) -> bool {
        matches!(self.kind, ErrorKind::Unreachable | ErrorKind::TimedOut)
    }

    /// For how long the target wants to be left alone, if it said so.
    pub fn pause(&self) -> Option<Duration> {
        self.pause
    }
}
