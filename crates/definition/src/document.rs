//! A whole flag file: entries that stand or fall alone.

mod entries;
mod split;

use std::sync::Arc;

use crate::decode;
use crate::diagnostic::{Code, Diagnostic};
use crate::flag::FlagDefinition;
use crate::format::{self, Format};
use crate::span::Base;

use entries::Entries;

/// The top-level key that is no flag: what belongs to the whole set stands there.
pub const RESERVED_KEY: &str = "$flagstaff";

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
    /// A hash of what `parsed` was read from.
    fingerprint: u128,
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
    /// Entries whose bytes are the same as in `previous` (a document of the same format) are not parsed again, except in
    /// TOML and in YAML that is not a plain list of keys at the left margin; there, unchanged entries are still shared.
    pub fn parse(text: &str, format: Format, previous: Option<&Self>) -> Result<Self, Vec<Diagnostic>> {
        if u32::try_from(text.len()).is_err() {
            return Err(vec![
                Diagnostic::new(Code::DocumentTooLarge, "the file is larger than 4 GiB")
                    .hint("split it over several files"),
            ]);
        }
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let entries = Entries::new(format, previous);
        match format {
            Format::Yaml => entries.yaml(text),
            Format::Json => entries.json(text),
            Format::Toml => entries.toml(text),
        }
    }

    /// Reads the bytes of a flag file, see [`Format::decode_bytes`] and [`Document::parse`].
    pub fn parse_bytes(bytes: &[u8], format: Format, previous: Option<&Self>) -> Result<Self, Vec<Diagnostic>> {
        let text = format.decode_bytes(bytes).map_err(|error| vec![*error])?;
        Self::parse(&text, format, previous)
    }

    /// All findings of all flags, with the file's name and places counted from its beginning.
    pub fn diagnostics(&self, file: Option<&Arc<str>>) -> Vec<Diagnostic> {
        self.entries
            .iter()
            .flat_map(|entry| entry.parsed.diagnostics.iter().map(|found| entry.absolute(found, file)))
            .collect()
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

/// Reads one flag alone, written in JSON. Text that is not JSON is a finding about the flag.
pub fn parse_flag(key: &str, json: &str) -> ParsedFlag {
    let lines = format::lines::Lines::new(json);
    let mut reader = format::json::Reader::new(json, &lines);
    let node = reader.value(0).and_then(|node| {
        if reader.offset() == json.len() {
            Ok(node)
        } else {
            Err(reader.unexpected("the end").into())
        }
    });
    match node {
        Ok(node) => decode::flag(&node, Format::Json),
        Err(error) => {
            let error = Diagnostic {
                flag: Some(key.into()),
                ..*error
            };
            ParsedFlag {
                definition: None,
                diagnostics: vec![error],
            }
        }
    }
}

#[cfg(test)]
mod tests;
