//! Objects in a bucket of Google Cloud Storage.
//!
//! ```yaml
//! exporter:
//!   kind: googleStorage
//!   bucket: events
//!   path: flags/production
//! ```
//!
//! Tokens come from the application default credentials; `STORAGE_EMULATOR_HOST` names another server. See [`GoogleBucket`].

use std::sync::Arc;

use flagstaff_backend::{Settings, SettingsError};
use flagstaff_object_stores::gcs::GoogleBucket;
use flagstaff_object_stores::{ObjectStore, OpenError, Variables};

use crate::kinds::Context;
use crate::objects::{Bucket, ObjectExporter, ObjectOptions};

/// Puts batches into a bucket of Google Cloud Storage.
pub type GoogleStorageExporter = ObjectExporter<GoogleBucket>;

/// Reads the options of a configuration: `bucket` is mandatory, the others are those of [`ObjectOptions`].
pub(crate) fn read(settings: Settings<'_>, context: &Context<'_>) -> Result<GoogleStorageExporter, SettingsError> {
    let bucket = GoogleBucket::new(settings.required("bucket")?);
    Ok(ObjectExporter::new(
        bucket,
        ObjectOptions::read(settings, context)?,
        context,
    ))
}

impl Bucket for GoogleBucket {
    async fn open(&self, variables: Variables<'_>) -> Result<Arc<dyn ObjectStore>, OpenError> {
        self.open(variables).await
    }

    fn place(&self) -> String {
        format!("gs://{}", self.bucket)
    }
}
