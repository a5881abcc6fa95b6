//! Files of a git repository, at any host that git can reach over https or ssh.
//!
//! ```yaml
//! retriever:
//!   kind: git
//!   url: https://git.internal/team/flags.git   # or git@git.internal:team/flags.git
//!   ref: production                            # a branch, a tag or the id of a commit
//!   path: teams/*/*.yaml                       # or a file, or a folder
//!   token: glpat-...                           # over https; ssh takes the keys of the system's ssh program, or sshKeyPath
//! ```
//!
//! The references of the repository are listed first. Only another commit is fetched, alone and without its history, into a folder that is gone
//! afterwards; its id is the revision, its author and message are kept. A commit that is named by its id is fetched once. Each file is a
//! document of its own, as with the kind `directory`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::time::timeout;

use crate::{Content, ErrorKind, Fetched, Retrieval, RetrieveError, Retriever, Revision};

pub use options::GitOptions;

mod options;
mod repository;
mod ssh;

/// Reads files of a repository.
#[derive(Debug)]
pub struct GitRetriever {
    options: Arc<GitOptions>,
}

impl GitRetriever {
    /// A retriever of the files of one branch, tag or commit.
    pub fn new(options: GitOptions) -> Self {
        Self {
            options: Arc::new(options),
        }
    }

    async fn fetch(&self, previous: Option<&Revision>) -> Result<Fetched, RetrieveError> {
        let known = previous.and_then(Revision::token).map(str::to_owned);
        if let Some(previous) = previous
            && known.is_some()
            && known == self.options.reference
        {
            return Ok(Fetched::Unchanged(previous.clone()));
        }
        let certificates = self.options.certificates.load().await?;
        let limit = self.options.timeout;
        let interruption = Interruption::default();
        let (options, interrupt) = (Arc::clone(&self.options), Arc::clone(&interruption.0));
        let fetched = tokio::task::spawn_blocking(move || {
            repository::fetch(&options, certificates, known.as_deref(), &interrupt)
        });
        let fetched = timeout(limit, fetched).await.map_err(|_| {
            let message = format!("deadline exceeded: no complete answer within {} ms", limit.as_millis());
            RetrieveError::new(ErrorKind::TimedOut, message)
        });
        let fetched = fetched.and_then(|ended| {
            ended.unwrap_or_else(|error| {
                let message = "internal error while fetching the repository";
                Err(RetrieveError::new(ErrorKind::Unreachable, message).caused_by(error))
            })
        });
        match (
            fetched.map_err(|error| error.context("place", self.options.place()))?,
            previous,
        ) {
            (None, Some(previous)) => Ok(Fetched::Unchanged(previous.clone())),
            (None, None) => unreachable!("only what is known can be unchanged"),
            (Some(commit), previous) => {
                let mut content = Content::of_files(commit.files, Some(commit.id.into()));
                content.author = Some(commit.author.into());
                content.message = Some(commit.message.into());
                Ok(Fetched::new(content, previous))
            }
        }
    }
}

impl Retriever for GitRetriever {
    fn retrieve<'a>(&'a self, previous: Option<&'a Revision>) -> Retrieval<'a> {
        Box::pin(self.fetch(previous))
    }

    fn place(&self) -> String {
        self.options.place()
    }
}

/// Tells a fetch on its own thread that nobody waits for it any more.
#[derive(Default)]
struct Interruption(Arc<AtomicBool>);

impl Drop for Interruption {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
