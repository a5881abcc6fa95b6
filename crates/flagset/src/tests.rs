//! The behaviour of a flag set: files in, flags and status out.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flagstaff_definition::format::Format;
use flagstaff_definition::value::Value;
use flagstaff_retrievers::{Content, ErrorKind, Fetched, Retrieval, RetrieveError, Retriever, Revision};

use crate::{Duplicates, FlagSet, Options, Served, Snapshot, Source};

mod change;
mod edit;
mod failing;
mod parts;
mod reconfiguration;
mod start;

/// A source whose content a test sets.
#[derive(Debug, Clone)]
struct Memory {
    name: &'static str,
    text: Arc<Mutex<Option<String>>>,
}

impl Memory {
    fn new(name: &'static str, text: &str) -> Self {
        Self {
            name,
            text: Arc::new(Mutex::new(Some(text.to_owned()))),
        }
    }

    fn set(&self, text: &str) {
        *self.text.lock().unwrap() = Some(text.to_owned());
    }

    fn fail(&self) {
        *self.text.lock().unwrap() = None;
    }
}

impl Retriever for Memory {
    fn retrieve<'a>(&'a self, previous: Option<&'a Revision>) -> Retrieval<'a> {
        let text = self.text.lock().unwrap().clone();
        Box::pin(async move {
            let text = text.ok_or_else(|| RetrieveError::new(ErrorKind::Unreachable, "is away"))?;
            Ok(Fetched::new(Content::new(text.into(), None), previous))
        })
    }

    fn place(&self) -> String {
        self.name.to_owned()
    }
}

/// A clock that moves a second each time somebody looks.
fn clock() -> crate::Clock {
    let seconds = AtomicU64::new(1_700_000_000);
    Arc::new(move || UNIX_EPOCH + Duration::from_secs(seconds.fetch_add(1, Ordering::Relaxed)))
}

/// Options of sources in memory.
fn options(sources: &[&Memory]) -> Options {
    let source = |memory: &&Memory| Source::new(Arc::new((*memory).clone()), Format::Yaml);
    Options {
        clock: clock(),
        ..Options::new("test", sources.iter().map(source).collect())
    }
}

/// A flag that serves one value.
fn flag(key: &str, value: &str) -> String {
    format!("{key}: {{variations: {{on: {value}}}, defaultRule: {{variation: on}}}}\n")
}

/// Flags `f000` and so on.
fn flags(count: usize) -> String {
    (0..count)
        .map(|number| flag(&format!("f{number:03}"), &number.to_string()))
        .collect()
}

/// The flags that are served as `key=value`, in order.
fn served(set: &FlagSet) -> String {
    set.load().flags().iter().fold(String::new(), |mut text, flag| {
        let variations = flag
            .flag
            .definition()
            .variations
            .as_ref()
            .expect("served flags have variations");
        let separator = if text.is_empty() { "" } else { " " };
        match &variations[0].value {
            Value::Int(value) => write!(text, "{separator}{}={value}", flag.key()),
            Value::String(value) => write!(text, "{separator}{}={value}", flag.key()),
            other => write!(text, "{separator}{}={other:?}", flag.key()),
        }
        .unwrap();
        text
    })
}

/// The findings about flags that are not served as written: `key: what is served: line:column code`.
fn refused(set: &FlagSet) -> Vec<String> {
    let status = set.status();
    let describe = |found: &crate::FlagFindings| {
        let place = |diagnostic: &flagstaff_definition::diagnostic::Diagnostic| {
            let span = diagnostic.span.expect("a finding has a place");
            format!(
                "{}:{}:{} {}",
                diagnostic.file.as_deref().unwrap(),
                span.line,
                span.column,
                diagnostic.code.name()
            )
        };
        let errors = found
            .diagnostics
            .iter()
            .filter(|found| found.severity == flagstaff_definition::diagnostic::Severity::Error);
        let served = if found.served == Served::LastGood {
            "last good"
        } else {
            "nothing"
        };
        format!(
            "{}: {served}: {}",
            found.key,
            errors.map(place).collect::<Vec<_>>().join(", ")
        )
    };
    status.refused().map(describe).collect()
}

async fn start(sources: &[&Memory]) -> FlagSet {
    FlagSet::start(options(sources)).await.unwrap()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn file(path: &Path) -> Source {
    let options = flagstaff_retrievers::file::FileOptions { path: path.to_owned() };
    Source::new(
        Arc::new(flagstaff_retrievers::file::FileRetriever::new(options)),
        Format::Yaml,
    )
}
