//! Why a source could not be fetched.

use std::error::Error;
use std::fmt;

use flagstaff_backend::{ErrorKind, Explanation};

use crate::Pause;

/// A fetch that failed: a kind to match on, a status to retry on, and pairs that say what it was about.
///
/// `Display` is one line that holds the whole chain of causes, without secrets.
#[derive(Debug)]
pub struct RetrieveError {
    kind: ErrorKind,
    status: ErrorStatus,
    explanation: Explanation,
    pause: Option<Pause>,
}

/// Whether asking again may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorStatus {
    /// Somebody has to change something first.
    Permanent,
    /// It may pass.
    Temporary,
}

impl RetrieveError {
    /// An error with the status that its kind usually has.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let status = match kind {
            ErrorKind::Unreachable | ErrorKind::TimedOut => ErrorStatus::Temporary,
            _ => ErrorStatus::Permanent,
        };
        Self {
            kind,
            status,
            explanation: Explanation::new(message),
            pause: None,
        }
    }

    /// The document exceeds [`crate::MAX_DOCUMENT`].
    pub fn too_large() -> Self {
        Self::new(
            ErrorKind::TooLarge,
            format!("the document is larger than {} MiB", crate::MAX_DOCUMENT >> 20),
        )
    }

    /// Changes the status.
    #[must_use]
    pub fn status(mut self, status: ErrorStatus) -> Self {
        self.status = status;
        self
    }

    /// Adds how long the source wants to be left alone.
    #[must_use]
    pub fn with_pause(mut self, pause: Option<Pause>) -> Self {
        self.pause = pause;
        self
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

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// How long the source wants to be left alone, when it said so.
    pub fn pause(&self) -> Option<Pause> {
        self.pause
    }

    /// Whether asking again may help.
    pub fn is_temporary(&self) -> bool {
        self.status == ErrorStatus::Temporary
    }
}

impl fmt::Display for RetrieveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.explanation.fmt(f)
    }
}

/// The causes are part of `Display`, so they are not offered a second time as a source.
impl Error for RetrieveError {}
