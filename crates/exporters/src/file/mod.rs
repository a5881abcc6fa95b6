//! Files in a folder.
//!
//! ```yaml
//! exporter:
//!   kind: file
//!   outputDir: /var/lib/flagstaff/events
//!   format: Parquet                      # or JSON (by default), CSV
//!   partition: hour                      # date=2026-11-26/hour=09/…
//! ```
//!
//! A file appears under its name when it is complete. If there is one of that name already, JSON and CSV are appended to it in one piece,
//! Parquet gets another name. Folders are made with mode 0755, files with 0644. What a killed relay had begun to write is removed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flagstaff_events::{Contact, Contacting, ErrorKind, Event, Export, ExportError, Exporter, Receipt};
use tokio::sync::Mutex;

use crate::blocking;
use crate::files::Content;
use crate::kinds::Clock;

pub use options::FileExporterOptions;

use folder::Folder;
use leftovers::Sweep;

mod folder;
mod leftovers;
mod options;

/// Writes files.
pub struct FileExporter {
    options: Arc<FileExporterOptions>,
    clock: Clock,
    /// Held while a batch is written. A disk that hangs thus keeps one thread and not one for each attempt.
    writing: Arc<Mutex<Sweep>>,
}

impl FileExporter {
    /// An exporter into one folder, which is made with the first batch.
    pub fn new(options: FileExporterOptions, clock: Clock) -> Self {
        Self {
            options: Arc::new(options),
            clock,
            writing: Arc::default(),
        }
    }

    async fn write(&self, batch: &[Event]) -> Result<Receipt, ExportError> {
        let mut writing = Arc::clone(&self.writing).lock_owned().await;
        let (options, clock) = (Arc::clone(&self.options), Arc::clone(&self.clock));
        blocking::run_apart(batch, move |batch| {
            writing.run(&options.output_dir, clock());
            let receipt = write(&options, &clock, batch);
            drop(writing);
            receipt
        })
        .await?
    }
}

impl Exporter for FileExporter {
    fn export<'a>(&'a self, batch: &'a [Event]) -> Export<'a> {
        Box::pin(self.write(batch))
    }

    fn contact(&self) -> Contacting<'_> {
        let folder = self.options.output_dir.clone();
        Box::pin(async move {
            let tried = tokio::task::spawn_blocking(move || try_folder(&folder)).await;
            tried.map_err(|error| {
                ExportError::new(ErrorKind::Refused, "the folder cannot be looked at").caused_by(error)
            })?
        })
    }

    fn target(&self) -> String {
        self.options.output_dir.display().to_string()
    }
}

impl std::fmt::Debug for FileExporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FileExporter").field(&self.options).finish()
    }
}

fn write(options: &FileExporterOptions, clock: &Clock, batch: &[Event]) -> Result<Receipt, ExportError> {
    let prepared = options.files.prepare(batch, clock)?;
    let format = &options.files.format;
    let (mut failed, mut first) = (Vec::new(), None);
    for (at, content) in prepared.contents.iter().enumerate() {
        let path = path(&options.output_dir, content);
        let folder = Folder::of(&path);
        let written = if format.can_be_appended() {
            folder.append(&path, &content.bytes, format.has_lines())
        } else {
            folder.create(&path, &content.bytes, clock)
        };
        if let Err(error) = written {
            failed.push(at);
            first.get_or_insert_with(|| failure(&path, error));
        }
    }
    match first {
        Some(error) if failed.len() == prepared.contents.len() => Err(error),
        _ => Ok(prepared.receipt(&failed)),
    }
}

/// Whether files can be made in a folder, or in the one in which it would be made. What is made has no name and is gone again.
fn try_folder(folder: &Path) -> Result<Contact, ExportError> {
    let existing = folder.ancestors().find(|folder| folder.exists());
    let existing = existing.unwrap_or(Path::new("."));
    match tempfile::tempfile_in(existing) {
        Ok(_) if existing == folder => Ok(Contact::Answers("can be written".to_owned())),
        Ok(_) => Ok(Contact::Answers("will be made".to_owned())),
        Err(error) => Err(failure(existing, error)),
    }
}

fn path(output_dir: &Path, content: &Content) -> PathBuf {
    output_dir.join(&content.folder).join(&content.name)
}

fn failure(path: &Path, error: io::Error) -> ExportError {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::Denied,
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory | io::ErrorKind::AlreadyExists => {
            ErrorKind::Settings
        }
        // a disk that is full may have room later
        _ => ErrorKind::Unreachable,
    };
    ExportError::new(kind, "the file of events cannot be written")
        .context("path", path.display())
        .caused_by(error)
}

#[cfg(test)]
mod tests;
