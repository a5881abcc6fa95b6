//! The fetches that are under way.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use flagstaff_retrievers::{ErrorKind, Fetched, RetrieveError, Revision};
use tokio::task::{self, AbortHandle, JoinSet};
use tokio::time::Instant;

use crate::options::{Options, Source};

/// What came of fetching the source of an index.
pub(crate) type Answer = (usize, Fetch);

/// What came of a fetch.
pub(crate) struct Fetch {
    pub(crate) result: Result<Fetched, RetrieveError>,
    pub(crate) took: Duration,
}

/// Fetches of the sources of a flag set, at most one of each at a time. They end when this is dropped.
#[derive(Default)]
pub(crate) struct Fetches {
    tasks: JoinSet<Fetch>,
    under_way: HashMap<task::Id, UnderWay>,
}

struct UnderWay {
    source: usize,
    handle: AbortHandle,
}

impl Fetches {
    /// Fetches the source of an index with the revision that is known of it. A fetch of it that is under way is given up.
    pub(crate) fn begin(&mut self, at: usize, source: &Source, known: Option<Revision>) {
        self.under_way.retain(|_, fetch| {
            let stays = fetch.source != at;
            if !stays {
                fetch.handle.abort();
            }
            stays
        });
        let retriever = Arc::clone(&source.retriever);
        let handle = self.tasks.spawn(async move {
            let began = Instant::now();
            let result = retriever.retrieve(known.as_ref()).await;
            let took = began.elapsed();
            Fetch { result, took }
        });
        self.under_way.insert(handle.id(), UnderWay { source: at, handle });
    }

    /// Whether the source of an index is being fetched.
    pub(crate) fn is_under_way(&self, at: usize) -> bool {
        self.under_way.values().any(|fetch| fetch.source == at)
    }

    /// The next answer; `None` when nothing is under way. No answer is lost when the future is dropped.
    pub(crate) async fn next(&mut self) -> Option<Answer> {
        loop {
            let (id, fetch) = match self.tasks.join_next_with_id().await? {
                Ok((id, fetch)) => (id, fetch),
                Err(error) => {
                    let id = error.id();
                    let broken = RetrieveError::new(ErrorKind::Refused, "internal error while fetching");
                    let fetch = Fetch {
                        result: Err(broken.caused_by(error)),
                        took: Duration::ZERO,
                    };
                    (id, fetch)
                }
            };
            // one that was given up is not asked for any more
            if let Some(fetched) = self.under_way.remove(&id) {
                return Some((fetched.source, fetch));
            }
        }
    }

    /// The answers of some sources, as far as they come before a deadline.
    pub(crate) async fn answers(&mut self, wanted: &[usize], deadline: Option<Instant>) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(wanted.len());
        while wanted.iter().any(|at| self.is_under_way(*at)) {
            let next = match deadline {
                Some(deadline) => tokio::time::timeout_at(deadline, self.next()).await.ok().flatten(),
                None => self.next().await,
            };
            match next {
                Some(answer) => answers.push(answer),
                None => break,
            }
        }
        answers
    }
}

/// Fetches sources side by side, for the first time.
pub(crate) async fn first(options: &Options, wanted: impl IntoIterator<Item = usize>) -> Vec<Answer> {
    let mut fetches = Fetches::default();
    let wanted: Vec<usize> = wanted.into_iter().collect();
    for at in &wanted {
        fetches.begin(*at, &options.sources[*at], None);
    }
    let mut answers = fetches.answers(&wanted, None).await;
    answers.sort_by_key(|(at, _)| *at);
    answers
}
