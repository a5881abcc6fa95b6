//! What is known of one source: its last good document, and what is wrong now.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use flagstaff_backend::Complaints;
use flagstaff_definition::diagnostic::{Code, Diagnostic};
use flagstaff_definition::document::Document;
use flagstaff_definition::format::Format;
use flagstaff_definition::span::Text;
use flagstaff_retrievers::{Fetched, FormatHint, Part, Revision};
use tokio::time::Instant;

use crate::fetches::Fetch;
use crate::options::Source;
use crate::status::{FetchCounts, SourceStatus};

/// The state of a source.
pub(crate) struct SourceState {
    pub(crate) label: Arc<str>,
    format: Format,
    /// What the retriever is asked with: of the last content, good or not.
    revision: Option<Revision>,
    /// The last good document of each part.
    good: Vec<Good>,
    /// What is wrong with the last content as a whole.
    broken: Arc<[Diagnostic]>,
    last_success: Option<SystemTime>,
    failure: Option<Arc<str>>,
    failures: u32,
    complaints: Complaints,
    /// The failure that was logged last.
    told: Option<Box<str>>,
    fetches: FetchCounts,
}

/// The last text of a part that could be read.
struct Good {
    /// What it is called in findings.
    file: Arc<str>,
    bytes: Bytes,
    format: Format,
    document: Document,
}

impl SourceState {
    pub(crate) fn new(source: &Source) -> Self {
        Self {
            label: Arc::clone(&source.label),
            format: source.format,
            revision: None,
            good: Vec::new(),
            broken: Arc::default(),
            last_success: None,
            failure: None,
            failures: 0,
            complaints: Complaints::default(),
            told: None,
            fetches: FetchCounts::default(),
        }
    }

    /// Whether it has given a document.
    pub(crate) fn is_known(&self) -> bool {
        !self.good.is_empty()
    }

    /// The last good documents, each with what it is called.
    pub(crate) fn documents(&self) -> impl Iterator<Item = (&Arc<str>, &Document)> {
        self.good.iter().map(|good| (&good.file, &good.document))
    }

    /// What to ask the retriever with.
    pub(crate) fn revision(&self) -> Option<&Revision> {
        self.revision.as_ref()
    }

    /// Why the last round could not use the source.
    pub(crate) fn failure(&self) -> Option<&Arc<str>> {
        self.failure.as_ref()
    }

    /// Takes what came of a fetch. Whether one of the last good documents is another one now.
    pub(crate) fn receive(&mut self, fetch: Fetch, flag_set: &str, now: SystemTime) -> bool {
        let (changed, failure) = match fetch.result {
            Err(error) => (false, Some(error.to_string())),
            Ok(Fetched::Unchanged(revision)) => {
                self.revision = Some(revision);
                (false, broken_summary(&self.broken))
            }
            Ok(Fetched::Content(content)) => {
                self.revision = Some(content.revision.clone());
                let changed = self.read(content.parts);
                (changed, broken_summary(&self.broken))
            }
        };
        self.fetches.count(fetch.took, failure.is_none());
        self.note(failure, flag_set, now);
        changed
    }

    /// How it is doing.
    pub(crate) fn status(&self) -> SourceStatus {
        SourceStatus {
            label: Arc::clone(&self.label),
            last_success: self.last_success,
            failure: self.failure.clone(),
            failures: self.failures,
            fetches: self.fetches,
            diagnostics: Arc::clone(&self.broken),
            revision: self.revision.as_ref().map(|revision| revision.to_string().into()),
        }
    }

    /// Reads every part. Whether one of them is another document now, or is gone; what is broken stays as it was.
    fn read(&mut self, parts: Vec<Part>) -> bool {
        let mut known = std::mem::take(&mut self.good);
        let mut broken = Vec::new();
        let mut changed = false;
        for part in parts {
            let file = file_name(&self.label, &part);
            let at = known.iter().position(|good| good.file == file);
            let previous = at.map(|at| known.remove(at));
            match self.document(&part, previous.as_ref()) {
                Ok(document) => {
                    changed = true;
                    let (bytes, format) = (part.bytes, format(self.format, part.format_hint));
                    self.good.push(Good {
                        file,
                        bytes,
                        format,
                        document,
                    });
                }
                Err(diagnostics) => {
                    broken.extend(diagnostics.into_iter().map(|mut diagnostic| {
                        diagnostic.file.get_or_insert_with(|| Arc::clone(&file));
                        diagnostic
                    }));
                    self.good.extend(previous);
                }
            }
        }
        self.broken = broken.into();
        changed || !known.is_empty()
    }

    fn document(&self, part: &Part, previous: Option<&Good>) -> Result<Document, Vec<Diagnostic>> {
        let format = format(self.format, part.format_hint);
        let previous = previous.filter(|good| good.format == format);
        let document = Document::parse_bytes(&part.bytes, format, previous.map(|good| &good.document))?;
        match previous.and_then(|previous| truncation(&part.bytes, &document, previous)) {
            Some(diagnostic) => Err(vec![diagnostic]),
            None => Ok(document),
        }
    }

    fn note(&mut self, failure: Option<String>, flag_set: &str, now: SystemTime) {
        let Some(failure) = failure else {
            if let Some(failures) = self.complaints.succeed() {
                tracing::info!(flag_set, source = %self.label, failures, "the source of flags works again");
            }
            self.last_success = Some(now);
            self.failure = None;
            self.failures = 0;
            return;
        };
        self.failures = self.failures.saturating_add(1);
        let repeated = self.complaints.fail(Instant::now().into_std());
        // whoever mends a document wants to know what else is wrong with it
        if repeated.is_some() || self.told.as_deref() != Some(&*failure) {
            self.complain(&failure, flag_set, repeated.filter(|repeated| *repeated > 0));
            self.told = Some(failure.as_str().into());
        }
        self.failure = Some(failure.into());
    }

    /// Logs a failure, and how often it was not logged.
    fn complain(&self, failure: &str, flag_set: &str, repeated: Option<u64>) {
        let kept = if self.is_known() {
            "the last good flags of this source stay"
        } else {
            "there are no flags of this source yet"
        };
        if self.broken.is_empty() || self.broken_elsewhere(failure) {
            tracing::error!(flag_set, source = %self.label, error = failure, repeated, "cannot fetch flags: {kept}");
        } else {
            for diagnostic in self.broken.iter() {
                log(diagnostic, flag_set, kept);
            }
        }
    }

    /// Whether a failure is not about the document that is broken.
    fn broken_elsewhere(&self, failure: &str) -> bool {
        broken_summary(&self.broken).is_none_or(|broken| broken != failure)
    }
}

/// What a part of a source is called in findings.
pub(crate) fn file_name(label: &Arc<str>, part: &Part) -> Arc<str> {
    match &part.name {
        None => Arc::clone(label),
        Some(name) => format!("{label}/{name}").into(),
    }
}

/// The format of a part: the one that the source dictates, or else the one that was written.
pub(crate) fn format(written: Format, hint: Option<FormatHint>) -> Format {
    match hint {
        None => written,
        Some(FormatHint::Yaml) => Format::Yaml,
        Some(FormatHint::Json) => Format::Json,
        Some(FormatHint::Toml) => Format::Toml,
    }
}

/// Logs a diagnostic with its place.
pub(crate) fn log(diagnostic: &Diagnostic, flag_set: &str, kept: &str) {
    let (line, column) = diagnostic.span.map_or((0, 0), |span| (span.line, span.column));
    let file = diagnostic.file.as_deref().unwrap_or_default();
    let flag = diagnostic.flag.as_deref().unwrap_or_default();
    let hint = diagnostic.hint.as_deref().unwrap_or_default();
    let (code, path, message) = (diagnostic.code.name(), &diagnostic.path, &diagnostic.message);
    tracing::error!(
        flag_set,
        file,
        line,
        column,
        flag,
        path,
        code,
        hint,
        "{message}: {kept}"
    );
}

/// One line about a broken document.
fn broken_summary(broken: &[Diagnostic]) -> Option<String> {
    let first = broken.first()?;
    let place = first
        .span
        .map(|span| format!(" (line {}, column {})", span.line, span.column))
        .unwrap_or_default();
    let more = if broken.len() > 1 {
        format!(", and {} more", broken.len() - 1)
    } else {
        String::new()
    };
    Some(format!("{}{place}{more}", first.message))
}

/// Whether a document looks like the beginning of the one before, cut off: it is one, lacks flags of it, and ends inside
/// of a line or of a flag. A cut between two flags cannot be told from a deletion.
fn truncation(bytes: &[u8], document: &Document, previous: &Good) -> Option<Diagnostic> {
    let rest = previous.bytes.strip_prefix(bytes)?;
    if document.entries.len() >= previous.document.entries.len() {
        return None;
    }
    let inside_line = !bytes.ends_with(b"\n") && !rest.starts_with(b"\n") && !rest.starts_with(b"\r\n");
    let inside_flag = document.entries.last().is_some_and(|last| {
        let before = previous.document.entries.iter().find(|entry| entry.key == last.key);
        before.is_none_or(|before| before.parsed.definition != last.parsed.definition)
    });
    let missing = previous.document.entries.len() - document.entries.len();
    (inside_line || inside_flag).then(|| {
        let end = Text::plain(&*String::from_utf8_lossy(bytes)).locate(bytes.len(), bytes.len());
        Diagnostic::new(
            Code::TruncatedDocument,
            format!("the document looks cut off: it ends inside of a flag, and {missing} flags after it are gone"),
        )
        .at(end)
        .hint("write the file again; to really cut it there, change anything else in it, a comment for instance")
    })
}
