//! All flag files below a folder of this machine, watched as the kind `file` is.
//!
//! ```yaml
//! retriever:
//!   kind: directory
//!   path: /etc/flags
//!   glob: "teams/*/*.yaml"        # all .yaml, .yml, .json and .toml files unless it is written
//! ```
//!
//! Each file is a document of its own, in the format that its name says. They count in the order of their paths: a flag in a later file
//! replaces the one of the same key in an earlier file. Hidden files and folders are left out, and a folder in which no file matches is an error,
//! so that one that is just being mounted takes no flags away.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;

use crate::file::watch;
use crate::{
    Changes, Content, ErrorKind, ErrorStatus, Fetched, MAX_DOCUMENT, Part, Retrieval, RetrieveError, Retriever,
    Revision,
};

pub use options::DirectoryOptions;

mod options;

/// Folders are followed so deep. A link that leads back up ends here.
const MAX_DEPTH: usize = 16;

/// How long the folder must be left alone; whoever knows how often it is polled may choose another time.
const SETTLE: Duration = Duration::from_secs(1);

/// Reads the files of a folder.
#[derive(Debug)]
pub struct DirectoryRetriever {
    options: DirectoryOptions,
}

impl DirectoryRetriever {
    /// A retriever of the files below a folder.
    pub fn new(options: DirectoryOptions) -> Self {
        Self { options }
    }

    async fn fetch(&self, previous: Option<&Revision>) -> Result<Fetched, RetrieveError> {
        let options = self.options.clone();
        let read = tokio::task::spawn_blocking(move || read(&options)).await;
        let parts = read.map_err(|error| {
            RetrieveError::new(ErrorKind::Unreachable, "internal error while reading the folder").caused_by(error)
        })??;
        Ok(Fetched::new(Content::of_files(parts, None), previous))
    }
}

impl Retriever for DirectoryRetriever {
    fn retrieve<'a>(&'a self, previous: Option<&'a Revision>) -> Retrieval<'a> {
        Box::pin(self.fetch(previous))
    }

    fn place(&self) -> String {
        self.options.path.display().to_string()
    }

    fn changes(&self) -> Option<Changes> {
        let path = self.options.path.clone();
        watch::watch_found(move || folders(&path), SETTLE)
            .inspect_err(|error| {
                let path = self.options.path.display();
                tracing::warn!(%path, %error, "cannot watch the folder: changes are seen at the next poll");
            })
            .ok()
    }
}

/// Reads every file that matches, in the order of their paths.
fn read(options: &DirectoryOptions) -> Result<Vec<Part>, RetrieveError> {
    let mut found = BTreeMap::new();
    let failed = |path: &Path, error: &io::Error| explain(error).context("path", path.display());
    walk(&options.path, "", MAX_DEPTH, &mut |name, path, is_folder| {
        if !is_folder && options.pattern.matches(name) {
            found.insert(name.to_owned(), path.to_owned());
        }
    })
    .map_err(|(path, error)| failed(&path, &error))?;
    if found.is_empty() {
        let error = RetrieveError::new(ErrorKind::NotFound, "no file of the folder is one of flags");
        return Err(error
            .context("path", options.path.display())
            .status(ErrorStatus::Temporary));
    }
    let mut left = MAX_DOCUMENT;
    let mut parts = Vec::with_capacity(found.len());
    for (name, path) in found {
        let mut bytes = Vec::new();
        let read = fs::File::open(&path).and_then(|file| file.take(left + 1).read_to_end(&mut bytes));
        read.map_err(|error| failed(&path, &error))?;
        left = left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| RetrieveError::too_large().context("path", options.path.display()))?;
        parts.push(Part::file(name, Bytes::from(bytes)));
    }
    Ok(parts)
}

/// The folder and all below it.
fn folders(path: &Path) -> Vec<PathBuf> {
    let mut folders = vec![path.to_owned()];
    // What cannot be read now is read, and reported, with the next fetch.
    let _ = walk(path, "", MAX_DEPTH, &mut |_, path, is_folder| {
        if is_folder {
            folders.push(path.to_owned());
        }
    });
    folders
}

/// Visits everything below a folder that is not hidden: its path from there, its path, and whether it is a folder. Links are followed.
fn walk(
    folder: &Path,
    below: &str,
    depth: usize,
    visit: &mut impl FnMut(&str, &Path, bool),
) -> Result<(), (PathBuf, io::Error)> {
    let failed = |error| (folder.to_owned(), error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
            continue;
        };
        let (name, path) = (format!("{below}{name}"), entry.path());
        // A link to nothing is nothing.
        let Ok(metadata) = fs::metadata(&path) else {
            continue;
        };
        visit(&name, &path, metadata.is_dir());
        if metadata.is_dir() && depth > 0 {
            walk(&path, &format!("{name}/"), depth - 1, visit)?;
        }
    }
    Ok(())
}

fn explain(error: &io::Error) -> RetrieveError {
    let (kind, message) = match error.kind() {
        io::ErrorKind::NotFound => (ErrorKind::NotFound, "no such folder".to_owned()),
        io::ErrorKind::PermissionDenied => (ErrorKind::Denied, "not allowed to read the folder".to_owned()),
        io::ErrorKind::NotADirectory => (
            ErrorKind::Refused,
            "is a file, not a folder: use the kind file".to_owned(),
        ),
        _ => (ErrorKind::Unreachable, format!("cannot read the folder: {error}")),
    };
    RetrieveError::new(kind, message)
}

#[cfg(test)]
mod tests;
