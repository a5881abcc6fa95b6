//! Objects in a bucket of S3, or of what speaks its protocol.
//!
//! ```yaml
//! exporter:
//!   kind: s3
//!   bucket: events
//!   path: flags/production
//!   format: Parquet
//!   partition: hour                      # flags/production/date=2026-11-26/hour=09/…
//! ```
//!
//! Credentials, region and endpoint are found as every AWS program finds them; see [`S3Bucket`].

use std::sync::Arc;

use flagstaff_backend::{Settings, SettingsError};
use flagstaff_object_stores::s3::S3Bucket;
use flagstaff_object_stores::{ObjectStore, OpenError, Variables};

use crate::kinds::Context;
use crate::objects::{Bucket, ObjectExporter, ObjectOptions};

/// Puts batches into a bucket of S3.
pub type S3Exporter = ObjectExporter<S3Bucket>;

/// Reads the options of a configuration: `bucket` is mandatory, the others are those of [`ObjectOptions`].
pub(crate) fn read(settings: Settings<'_>, context: &Context<'_>) -> Result<S3Exporter, SettingsError> {
    let bucket = S3Bucket::new(settings.required("bucket")?);
    Ok(ObjectExporter::new(
        bucket,
        ObjectOptions::read(settings, context)?,
        context,
    ))
}

impl Bucket for S3Bucket {
    async fn open(&self, variables: Variables<'_>) -> Result<Arc<dyn ObjectStore>, OpenError> {
        self.open(variables).await
    }

    fn place(&self) -> String {
        format!("s3://{}", self.bucket)
    }
}
