//! What people write about a folder.

use std::path::PathBuf;

use flagstaff_backend::{Settings, SettingsError};

use crate::files::FileOptions;
use crate::kinds::Context;

/// Options of the kind `file`.
#[derive(Debug)]
pub struct FileExporterOptions {
    /// `outputDir`: the folder. Mandatory.
    pub output_dir: PathBuf,
    /// `format`, `filename`, `csvTemplate`, `parquetCompressionCodec`, `partition`
    pub(super) files: FileOptions,
}

impl FileExporterOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>, context: &Context<'_>) -> Result<Self, SettingsError> {
        Ok(Self {
            output_dir: settings.required("outputDir")?.into(),
            files: FileOptions::read(settings, context)?,
        })
    }
}
