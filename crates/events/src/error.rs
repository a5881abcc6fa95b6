//! Why a batch could not be exported.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use flagstaff_backend::{ErrorKind, Explanation};

/// An export that failed: nothing of the batch counts as delivered, all of it is sent again.
///
/// `Display` is one line that holds the whole chain of causes, without secrets.
#[derive(Debug)]
pub struct ExportError {
    kind: ErrorKind,
    explanation: Explanation,
    retry_after: Option<Duration>,
}

impl ExportError {
    /// An error.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            explanation: Explanation::new(message),
            retry_after: None,
        }
    }

    /// Adds what it was about. Never a secret.
    #[must_use]
    pub fn context(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.explanation.add(name, value);
        self
    }

    /// Adds the cause. Its texts are printed, so it must hold no secret.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.explanation.because_of(source);
        self
    }

    /// The sink asked not to be bothered for so long.
    #[must_use]
    pub fn retry_after(mut self, pause: Option<Duration>) -> Self {
        self.retry_after = pause;
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// For how long the sink wants no more, if it said so.
    pub fn pause(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.explanation.fmt(f)
    }
}

/// The causes are part of `Display`, so they are not offered a second time as a source.
impl Error for ExportError {}
