//! What is wrong, where, and how to mend it.

use std::sync::Arc;

use crate::span::Span;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing: Flagstaff answers differently from GO Feature Flag here, on purpose.
    Info,
    /// Loads, but probably does not do what was meant.
    Warning,
    /// The flag (or the document) is refused; the last good version stays.
    Error,
}

/// One finding about a flag file.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable name of the finding, explained in `docs/diagnostics.md`.
    pub code: Code,
    /// What is wrong, in a short lower-case sentence. For findings that GO Feature Flag has too, its own words.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// File name, filled in by whoever knows it.
    pub file: Option<Arc<str>>,
    /// Where (relative to the entry until [`crate::document::Document::diagnostics`] makes it absolute).
    pub span: Option<Span>,
    /// The flag it is about.
    pub flag: Option<Arc<str>>,
    /// Path inside the flag, like `targeting[0].query`; empty for the flag itself.
    pub path: String,
}

impl Diagnostic {
    /// A finding with the severity that its code usually has.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: code.severity(),
            code,
            message: message.into(),
            hint: None,
            file: None,
            span: None,
            flag: None,
            path: String::new(),
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds where it stands.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Adds the path inside the flag.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Changes the severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}

mod codes;
pub use codes::Code;
