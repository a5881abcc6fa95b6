//! What people write about a file.

use std::path::PathBuf;

use crate::settings::{Settings, SettingsError};

/// Options of the kind `file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOptions {
    /// `path`: the file. Relative paths are of the working folder. Mandatory.
    pub path: PathBuf,
}

impl FileOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        Ok(Self {
            path: settings.required("path")?.into(),
        })
    }
}
