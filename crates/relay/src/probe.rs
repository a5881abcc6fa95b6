//! Contacts what a configuration names, each once, and says what works and what to do about what does not.
//!
//! Sources are fetched as a relay would. Exporters and notifiers are contacted as far as their kind allows without writing
//! anything, or are sent one event or notification that says what it is.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flagstaff_backend::ErrorKind;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::{Map, Value};

use crate::config::{FlagSetSettings, Loaded};
use crate::start;

use hint::Description;

mod exporter;
mod hint;
mod notifier;
mod source;

/// What is contacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Where flags come from.
    Sources,
    /// Where events go.
    Exporters,
    /// Who is told of changes.
    Notifiers,
}

/// How far to go.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// How long each of them may take.
    pub patience: Duration,
    /// Whether exporters and notifiers are sent something.
    pub sends: bool,
}

/// What came of contacting one of them.
#[derive(Debug)]
pub struct Report {
    /// The name of its flag set.
    pub flag_set: Arc<str>,
    /// Its kind.
    pub kind: String,
    /// What it was called in the configuration, if it was.
    pub name: Option<Arc<str>>,
    /// Where it is, without secrets.
    pub target: String,
    /// How long it took.
    pub took: Duration,
    /// What came of it.
    pub outcome: Outcome,
    /// What to do next, where there is something to do.
    pub hint: Option<String>,
}

/// What came of contacting something. All texts are for people, and hold no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It works, as far as can be told.
    Works(String),
    /// Only sending something can tell; why.
    Unclear(String),
    /// It does not; why.
    Fails(String),
}

/// One of them, ready to be contacted.
struct Probe {
    flag_set: Arc<str>,
    kind: String,
    name: Option<Arc<str>>,
    target: String,
    contact: Contact,
    description: Description,
}

/// A contact that has not begun.
type Contact = Pin<Box<dyn Future<Output = Contacted> + Send>>;

/// What came of a contact.
struct Contacted {
    outcome: Result<Outcome, Failure>,
    hint: Option<String>,
}

/// A contact that failed.
struct Failure {
    kind: ErrorKind,
    error: String,
}

/// Contacts all that a configuration names of a kind of backends, side by side. `progress` learns how many have answered, of how
/// many.
pub async fn contact(
    loaded: &Loaded,
    subject: Subject,
    effort: Effort,
    mut progress: impl FnMut(usize, usize),
) -> Vec<Report> {
    let probes = probes(loaded, subject, effort);
    let all = probes.len();
    let probes = probes.into_iter().enumerate();
    let mut contacts: FuturesUnordered<_> = probes
        .map(|(at, probe)| async move { (at, probe.run(effort).await) })
        .collect();
    let mut reports = Vec::with_capacity(all);
    progress(0, all);
    while let Some(report) = contacts.next().await {
        reports.push(report);
        progress(reports.len(), all);
    }
    reports.sort_by_key(|(at, _)| *at);
    reports.into_iter().map(|(_, report)| report).collect()
}

fn probes(loaded: &Loaded, subject: Subject, effort: Effort) -> Vec<Probe> {
    let sets = &loaded.settings.flag_sets;
    let hostname = start::hostname();
    let mut probes = Vec::new();
    for (index, set) in sets.all().iter().enumerate() {
        let name = start::name(sets, index);
        match subject {
            Subject::Sources => {
                let lint = lint(loaded.file.as_deref(), set);
                let sources = set.retrievers.iter();
                probes.extend(sources.map(|settings| source::probe(settings, &name, &lint, effort)));
            }
            Subject::Exporters => {
                let exporters = set.exporters.iter();
                probes.extend(exporters.map(|settings| exporter::probe(settings, &name, &hostname, effort)));
            }
            Subject::Notifiers => {
                let notifiers = set.notifiers.iter();
                probes.extend(notifiers.map(|recipient| notifier::probe(recipient, &name, &hostname, effort)));
            }
        }
    }
    probes
}

/// The command that shows what is wrong with the flags of a set.
fn lint(file: Option<&Path>, set: &FlagSetSettings) -> String {
    let mut command = "flagstaff lint".to_owned();
    if let Some(file) = file {
        command.push_str(&format!(" --relay-config {}", file.display()));
    }
    if let Some(name) = &set.name {
        command.push_str(&format!(" --flag-set {name}"));
    }
    command
}

impl Subject {
    /// Its name: `sources`, `exporters` or `notifiers`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sources => "sources",
            Self::Exporters => "exporters",
            Self::Notifiers => "notifiers",
        }
    }
}

impl Probe {
    async fn run(self, effort: Effort) -> Report {
        let began = Instant::now();
        let contacted = tokio::time::timeout(effort.patience, self.contact).await;
        let took = began.elapsed();
        let contacted = contacted.unwrap_or_else(|_| {
            let error = format!("no answer within {:?}", effort.patience);
            Contacted::failed(ErrorKind::TimedOut, error)
        });
        let (outcome, hint) = match contacted.outcome {
            Ok(outcome) => (outcome, None),
            Err(failure) => {
                let hint = self.description.hint(failure.kind, &failure.error);
                (Outcome::Fails(failure.error), hint)
            }
        };
        Report {
            flag_set: self.flag_set,
            kind: self.kind,
            name: self.name,
            target: self.target,
            took,
            outcome,
            hint: contacted.hint.or(hint),
        }
    }
}

impl Contacted {
    fn new(outcome: Outcome) -> Self {
        Self {
            outcome: Ok(outcome),
            hint: None,
        }
    }

    fn failed(kind: ErrorKind, error: impl Into<String>) -> Self {
        let error = error.into();
        Self {
            outcome: Err(Failure { kind, error }),
            hint: None,
        }
    }

    fn with_hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }
}

/// The name that was written for a backend, if one was.
fn written_name(options: &Map<String, Value>) -> Option<Arc<str>> {
    let name = options.get("name")?.as_str()?;
    (!name.is_empty()).then(|| name.into())
}
