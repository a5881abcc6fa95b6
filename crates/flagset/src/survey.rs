//! What the sources of a flag set hold at one moment.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flagstaff_definition::format::Format;
use flagstaff_retrievers::{Content, ErrorKind, Fetched, RetrieveError};
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::assembly::Assembly;
use crate::fetches::{Answer, Fetch, Fetches};
use crate::options::{Options, Source};
use crate::set::StartError;
use crate::snapshot::Snapshot;
use crate::source;
use crate::status::Status;

/// What came of fetching every source of a flag set once, and the flags put together as a [`FlagSet`](crate::FlagSet) would serve
/// them. For tools that look at flags: nothing is watched, polled or written.
#[derive(Debug)]
pub struct Survey {
    /// The flags of the sources that gave a document.
    pub snapshot: Arc<Snapshot>,
    /// What is wrong with sources and flags.
    pub status: Status,
    /// The sources, in their order.
    pub sources: Vec<SurveyedSource>,
}

/// What came of fetching a source.
#[derive(Debug)]
pub struct SurveyedSource {
    /// How long that took.
    pub took: Duration,
    /// Its documents as they were fetched; none when that failed.
    pub files: Vec<SurveyedFile>,
    /// Why it could not be fetched. A document that is broken was fetched all the same.
    pub failure: Option<ErrorKind>,
}

/// A document as it was fetched.
#[derive(Debug)]
pub struct SurveyedFile {
    /// What it is called in findings.
    pub name: Arc<str>,
    /// The format that it is read in.
    pub format: Format,
    /// Its text.
    pub bytes: Bytes,
}

impl Survey {
    /// Fetches the sources side by side, each for as long as `patience` lasts.
    ///
    /// # Errors
    /// When the flags cannot be put together, which is a mistake of this program.
    pub async fn take(options: Options, patience: Option<Duration>) -> Result<Self, StartError> {
        let options = Arc::new(Options {
            start_with_retriever_error: true,
            persistent_file: None,
            ..options
        });
        let answers = fetch(&options, patience).await;
        let sources = answers.iter().zip(&options.sources);
        let sources = sources.map(|((_, fetch), source)| SurveyedSource::new(source, fetch));
        let sources = sources.collect();
        let now = (options.clock)();
        let empty = Snapshot::empty(now, options.enrichment.clone(), options.client_time);
        let name = Arc::clone(&options.name);
        let put_together = spawn_blocking(move || {
            let mut assembly = Assembly::new(&options, Arc::new(empty));
            let built = assembly.start(answers, now)?;
            Ok((Arc::clone(assembly.snapshot()), built.status))
        });
        let put_together = put_together
            .await
            .unwrap_or_else(|error| Err(format!("internal error: {error}")));
        let (snapshot, status) = put_together.map_err(|cause| StartError { name, cause })?;
        Ok(Self {
            snapshot,
            status,
            sources,
        })
    }
}

impl SurveyedSource {
    fn new(source: &Source, fetch: &Fetch) -> Self {
        let (content, failure) = match &fetch.result {
            Ok(Fetched::Content(content)) => (Some(content), None),
            Ok(Fetched::Unchanged(_)) => (None, None),
            Err(error) => (None, Some(error.kind())),
        };
        Self {
            took: fetch.took,
            files: content.map(|content| files(source, content)).unwrap_or_default(),
            failure,
        }
    }
}

fn files(source: &Source, content: &Content) -> Vec<SurveyedFile> {
    let file = |part: &flagstaff_retrievers::Part| SurveyedFile {
        name: source::file_name(&source.label, part),
        format: source::format(source.format, part.format_hint),
        bytes: part.bytes.clone(),
    };
    content.parts.iter().map(file).collect()
}

/// What came of each source, in their order.
async fn fetch(options: &Options, patience: Option<Duration>) -> Vec<Answer> {
    let wanted: Vec<usize> = (0..options.sources.len()).collect();
    let mut fetches = Fetches::default();
    for at in &wanted {
        fetches.begin(*at, &options.sources[*at], None);
    }
    let deadline = patience.map(|patience| Instant::now() + patience);
    let mut answers = fetches.answers(&wanted, deadline).await;
    let took = patience.unwrap_or_default();
    let silent = wanted.into_iter().filter(|at| fetches.is_under_way(*at));
    answers.extend(silent.map(|at| {
        let result = Err(RetrieveError::new(
            ErrorKind::TimedOut,
            format!("no answer within {took:?}"),
        ));
        (at, Fetch { result, took })
    }));
    answers.sort_by_key(|(at, _)| *at);
    answers
}
