//! Other options for a flag set that goes on serving: what is new is fetched first, then everything takes effect at once.

use std::fmt;
use std::sync::Arc;

use flagstaff_retrievers::Changes;
use tokio::task::spawn_blocking;

use crate::fetches;
use crate::options::{Options, Source};
use crate::set::StartError;
use crate::source::SourceState;
use crate::writer::watch;

/// Options whose new sources have given a document, ready to take effect with [`FlagSet::reconfigure`].
///
/// Dropping it changes nothing.
///
/// [`FlagSet::reconfigure`]: crate::FlagSet::reconfigure
pub struct Prepared {
    pub(crate) options: Arc<Options>,
    /// Every source in its order: what is known of a new one, or where the set knows it from.
    pub(crate) sources: Vec<Origin>,
    /// The watches, which began before anything was read.
    pub(crate) changes: Vec<Option<Changes>>,
}

/// Where the state of a source comes from.
pub(crate) enum Origin {
    /// It is new.
    Fetched(Box<SourceState>),
    /// It is the one with this index in the options before.
    Kept(usize),
}

impl Origin {
    /// The index of one that is kept.
    pub(crate) fn index(&self) -> Option<usize> {
        match self {
            Self::Fetched(_) => None,
            Self::Kept(index) => Some(*index),
        }
    }
}

impl Prepared {
    /// Fetches the sources of `options` that `current` does not have. A source is the same when it shares its retriever
    /// and its format.
    ///
    /// Fails when one of them gives no document, unless [`Options::start_with_retriever_error`] is set.
    pub(crate) async fn new(options: Options, current: &Options) -> Result<Self, StartError> {
        let options = Arc::new(options);
        let changes = watch(&options);
        let known = |source: &Source| current.sources.iter().position(|other| other.is_same(source));
        let kept: Vec<Option<usize>> = options.sources.iter().map(known).collect();
        let new = (0..options.sources.len()).filter(|at| kept[*at].is_none());
        let answers = fetches::first(&options, new).await;
        let now = (options.clock)();
        let reading = Arc::clone(&options);
        let read = spawn_blocking(move || {
            let read = |(at, answer)| {
                let mut state = SourceState::new(&reading.sources[at]);
                state.receive(answer, &reading.name, now);
                (at, state)
            };
            answers.into_iter().map(read).collect::<Vec<_>>()
        });
        let failed = |cause: String| StartError {
            name: Arc::clone(&options.name),
            cause,
        };
        let mut read = read
            .await
            .map_err(|error| failed(format!("internal error: {error}")))?
            .into_iter()
            .peekable();
        let mut sources = Vec::with_capacity(kept.len());
        let mut causes = Vec::new();
        for (at, kept) in kept.into_iter().enumerate() {
            sources.push(match (kept, read.next_if(|(fetched, _)| *fetched == at)) {
                (Some(index), _) => Origin::Kept(index),
                (None, fetched) => {
                    let state = fetched.map_or_else(|| SourceState::new(&options.sources[at]), |(_, state)| state);
                    if let Some(failure) = state.failure() {
                        causes.push(format!("{}: {failure}", state.label));
                    }
                    Origin::Fetched(Box::new(state))
                }
            });
        }
        if !causes.is_empty() && !options.start_with_retriever_error {
            return Err(failed(format!("cannot retrieve the flags from {}", causes.join("; "))));
        }
        Ok(Self {
            options,
            sources,
            changes,
        })
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
