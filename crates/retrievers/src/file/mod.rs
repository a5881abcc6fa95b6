//! A file on this machine, read whole at each poll and watched beside it.
//!
//! ```yaml
//! retriever:
//!   kind: file
//!   path: /etc/flags/flags.yaml   # relative paths are of the working folder
//! ```
//!
//! The watch follows what editors and deployment tools do: a rename over the file, its removal and re-creation, a
//! Kubernetes volume whose `..data` link is swapped, a link among its parent folders that is pointed elsewhere.

use std::io;

use bytes::Bytes;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use crate::{Changes, Content, ErrorKind, Fetched, MAX_DOCUMENT, Retrieval, RetrieveError, Retriever, Revision};

pub use options::FileOptions;
pub use watch::watch;

mod options;
pub(crate) mod watch;

/// Reads a file.
#[derive(Debug)]
pub struct FileRetriever {
    options: FileOptions,
}

impl FileRetriever {
    /// A retriever of one file.
    pub fn new(options: FileOptions) -> Self {
        Self { options }
    }

    async fn read(&self, previous: Option<&Revision>) -> Result<Fetched, RetrieveError> {
        let mut bytes = Vec::new();
        let file = File::open(&self.options.path)
            .await
            .map_err(|error| self.failed(&error))?;
        if file.metadata().await.is_ok_and(|metadata| metadata.is_dir()) {
            return Err(RetrieveError::new(ErrorKind::Refused, "is a directory, not a file")
                .context("path", self.options.path.display()));
        }
        file.take(MAX_DOCUMENT + 1)
            .read_to_end(&mut bytes)
            .await
            .map_err(|error| self.failed(&error))?;
        if bytes.len() as u64 > MAX_DOCUMENT {
            return Err(RetrieveError::too_large().context("path", self.options.path.display()));
        }
        // Size and time of the file are no proof that it is the same: both can stay while the content changes. Hashing
        // what was read costs a fraction of a millisecond per megabyte.
        Ok(Fetched::new(Content::new(Bytes::from(bytes), None), previous))
    }

    fn failed(&self, error: &io::Error) -> RetrieveError {
        let (kind, message) = match error.kind() {
            io::ErrorKind::NotFound => (ErrorKind::NotFound, "no such file".to_owned()),
            io::ErrorKind::PermissionDenied => (ErrorKind::Denied, "not allowed to read the file".to_owned()),
            io::ErrorKind::IsADirectory => (ErrorKind::Refused, "is a directory, not a file".to_owned()),
            _ => (ErrorKind::Unreachable, format!("cannot read the file: {error}")),
        };
        RetrieveError::new(kind, message).context("path", self.options.path.display())
    }
}

impl Retriever for FileRetriever {
    fn retrieve<'a>(&'a self, previous: Option<&'a Revision>) -> Retrieval<'a> {
        Box::pin(self.read(previous))
    }

    fn place(&self) -> String {
        self.options.path.display().to_string()
    }

    fn changes(&self) -> Option<Changes> {
        watch::watch_flags(&self.options.path)
            .inspect_err(|error| {
                let path = self.options.path.display();
                tracing::warn!(%path, %error, "cannot watch the flag file: changes are seen at the next poll");
            })
            .ok()
    }
}

#[cfg(test)]
mod tests;
