//! What people write about a folder.

use std::path::PathBuf;

use crate::pattern::{FLAG_FILES, Pattern};
use crate::settings::{Settings, SettingsError};

/// Options of the kind `directory`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryOptions {
    /// `path`: the folder. Relative paths are of the working folder. Mandatory.
    pub path: PathBuf,
    /// `glob`: which files below it are read; by default those that end in `.yaml`, `.yml`, `.json` or `.toml`, at any depth.
    pub(super) pattern: Pattern,
}

impl DirectoryOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let written = settings.text("glob")?;
        let pattern = if written.is_empty() { FLAG_FILES } else { &written };
        Ok(Self {
            path: settings.required("path")?.into(),
            pattern: Pattern::new(pattern).map_err(|problem| settings.invalid("glob", problem))?,
        })
    }
}
