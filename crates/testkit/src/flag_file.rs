//! A flag file on disk that a test edits as people and tools do.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A file in a folder of its own, removed at the end.
#[derive(Debug)]
pub struct FlagFile {
    folder: TempDir,
    path: PathBuf,
}

impl FlagFile {
    /// A file `flags.yaml` that holds a text.
    pub fn new(text: &str) -> Self {
        let file = Self::absent();
        file.write(text);
        file
    }

    /// A file that does not exist yet.
    pub fn absent() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = folder.path().join("flags.yaml");
        Self { folder, path }
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that it is in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the file holds.
    pub fn text(&self) -> String {
        fs::read_to_string(&self.path).expect("the flag file can be read")
    }

    /// Writes into the file.
    pub fn write(&self, text: &str) {
        fs::write(&self.path, text).expect("the flag file can be written");
    }

    /// Puts another file in its place, as many editors do.
    pub fn replace(&self, text: &str) {
        let aside = self.path.with_extension("new");
        fs::write(&aside, text).expect("a file beside the flag file can be written");
        fs::rename(aside, &self.path).expect("the flag file can be replaced");
    }

    /// Removes the file.
    pub fn remove(&self) {
        fs::remove_file(&self.path).expect("the flag file can be removed");
    }
}
