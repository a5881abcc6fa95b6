//! A flag file as the tools look at it: its text, its flags, and everything that is to be said about them.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use flagstaff_definition::diagnostic::{Diagnostic, Severity};
use flagstaff_definition::document::Document;
use flagstaff_definition::format::Format;
use flagstaff_definition::timestamp::Instant;
use flagstaff_engine::validate::validate;

/// A flag file that was read.
pub(crate) struct FlagFile {
    /// The name that findings carry.
    pub(crate) name: Arc<str>,
    /// Its text; what is no UTF-8 is replaced.
    pub(crate) text: String,
    /// Its flags; none when it is no document.
    pub(crate) document: Document,
    /// Findings about the document and all flags, by place.
    pub(crate) findings: Vec<Diagnostic>,
    /// Whether it is no document at all.
    pub(crate) unreadable: bool,
}

impl FlagFile {
    /// Reads the bytes of a file and examines every flag. `now` tells what is over.
    pub(crate) fn read(name: &str, bytes: &[u8], format: Format, now: Instant) -> Self {
        let name: Arc<str> = name.into();
        let (text, parsed) = match format.decode_bytes(bytes) {
            Ok(text) => (text.to_string(), Document::parse(&text, format, None)),
            Err(error) => (String::from_utf8_lossy(bytes).into_owned(), Err(vec![*error])),
        };
        let unreadable = parsed.is_err();
        let (document, mut findings) = match parsed {
            Ok(document) => {
                let findings = examine(&document, &name, now);
                (document, findings)
            }
            Err(findings) => (Document::default(), findings),
        };
        for finding in &mut findings {
            finding.file = Some(Arc::clone(&name));
        }
        let mut file = Self {
            name,
            text,
            document,
            findings,
            unreadable,
        };
        file.sort();
        file
    }

    /// Adds what cannot be seen in this file alone.
    pub(crate) fn add(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
        self.sort();
    }

    fn sort(&mut self) {
        self.findings
            .sort_by_key(|finding| (finding.span.map(|span| span.start), std::cmp::Reverse(finding.severity)));
    }

    /// How many findings are of a severity.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    }
}

/// The system's time.
pub(crate) fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant {
        seconds: since.as_secs() as i64,
        nanos: since.subsec_nanos(),
    }
}

fn examine(document: &Document, name: &Arc<str>, now: Instant) -> Vec<Diagnostic> {
    let mut findings = document.diagnostics(Some(name));
    for entry in &document.entries {
        if let Some(definition) = &entry.parsed.definition {
            let found = validate(&entry.key, definition, now);
            findings.extend(found.iter().map(|found| entry.absolute(found, Some(name))));
        }
    }
    findings
}
