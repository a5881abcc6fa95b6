//! What a flag set is made of.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use flagstaff_definition::format::Format;
use flagstaff_engine::context::ContextMap;
use flagstaff_retrievers::Retriever;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Gives numbers between 0 and 1 that nobody can foresee.
pub type Random = Arc<dyn Fn() -> f64 + Send + Sync>;

/// Everything that a flag set needs to know.
pub struct Options {
    /// Its name, for logs.
    pub name: Arc<str>,
    /// Where its flags come from, in order.
    pub sources: Vec<Source>,
    /// Which of two sources counts that have the same flag.
    pub duplicates: Duplicates,
    /// Time between two polls; `None` switches polling off.
    pub polling_interval: Option<Duration>,
    /// Added to the interval as a fraction of it, so that replicas do not poll together. Between -0.1 and 0.1.
    pub jitter: f64,
    /// Starts with the sources that answer, even if none does.
    pub start_with_retriever_error: bool,
    /// Attributes laid over those of each request.
    pub enrichment: ContextMap<'static>,
    /// Whether a request may choose the time at which it is evaluated.
    pub client_time: bool,
    /// Where the last good flags are kept for a start at which a source does not answer.
    pub persistent_file: Option<PathBuf>,
    /// Tells the time of changes.
    pub clock: Clock,
    /// Spreads the tries of replicas that saw the same source fail.
    pub random: Random,
}

impl Options {
    /// Sources without polling, everything else off, on the system's clock; what fails is tried again as late as it may.
    pub fn new(name: impl Into<Arc<str>>, sources: Vec<Source>) -> Self {
        Self {
            name: name.into(),
            sources,
            duplicates: Duplicates::default(),
            polling_interval: None,
            jitter: 0.0,
            start_with_retriever_error: false,
            enrichment: ContextMap::default(),
            client_time: true,
            persistent_file: None,
            clock: Arc::new(SystemTime::now),
            random: Arc::new(|| 1.0),
        }
    }

    /// The polling interval with its jitter.
    pub(crate) fn period(&self) -> Option<Duration> {
        let jitter = if self.jitter.is_finite() {
            self.jitter.clamp(-0.1, 0.1)
        } else {
            0.0
        };
        self.polling_interval
            .map(|interval| interval.mul_f64(1.0 + jitter))
            .filter(|period| !period.is_zero())
    }
}

/// What becomes of a flag that stands in several sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Duplicates {
    /// That of a later source replaces that of an earlier one, with a warning.
    #[default]
    Override,
    /// That of a later source is refused.
    Refuse,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("name", &self.name)
            .field("sources", &self.sources)
            .field("polling_interval", &self.polling_interval)
            .finish_non_exhaustive()
    }
}

/// A source of flags.
#[derive(Debug, Clone)]
pub struct Source {
    /// How diagnostics and logs call it, without secrets.
    pub label: Arc<str>,
    /// What fetches it.
    pub retriever: Arc<dyn Retriever>,
    /// The format of its documents, unless the retriever knows better.
    pub format: Format,
}

impl Source {
    /// A source that is called after its place.
    pub fn new(retriever: Arc<dyn Retriever>, format: Format) -> Self {
        Self {
            label: retriever.place().into(),
            retriever,
            format,
        }
    }

    /// Whether both share their retriever and their format, so that what is known of one holds for the other.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.retriever, &other.retriever) && self.format == other.format
    }
}
