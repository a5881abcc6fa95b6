//! Why a notifier could not be told.

use std::time::Duration;

use thiserror::Error;

/// A notification that failed. `Display` is one line that holds the whole chain of causes, without secrets.
#[derive(Debug, Error)]
#[error("{message} (target: {target})")]
pub struct NotifyError {
    message: String,
    target: String,
    temporary: bool,
    pause: Option<Duration>,
}

impl NotifyError {
    /// It may pass: the target cannot be reached, does not answer, has too much to do.
    pub fn temporary(target: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            target: target.into(),
            temporary: true,
            pause: None,
        }
    }

    /// Telling it again is of no use before somebody changes something.
    pub fn permanent(target: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            temporary: false,
            ..Self::temporary(target, message)
        }
    }

    /// The target asked to be left alone for so long.
    #[must_use]
    pub fn retry_after(mut self, pause: Option<Duration>) -> Self {
        self.pause = pause;
        self
    }

    /// Whether telling it again may help.
    pub fn is_temporary(&self) -> bool {
        self.temporary
    }

    /// For how long the target wants to be left alone, if it said so.
    pub fn pause(&self) -> Option<Duration> {
        self.pause
    }
}
