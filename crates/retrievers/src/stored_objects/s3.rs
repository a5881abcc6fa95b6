//! An object of S3, or of what speaks its protocol.

use std::sync::Arc;

use flagstaff_object_stores::s3::S3Bucket;
use flagstaff_object_stores::{ObjectStore, OpenError, Variables};

use super::{Container, StoredObject};
use crate::settings::{Settings, SettingsError};
use crate::{Surroundings, timeout};

impl Container for S3Bucket {
    async fn open(&self, variables: Variables<'_>) -> Result<Arc<dyn ObjectStore>, OpenError> {
        self.open(variables).await
    }

    fn place(&self) -> String {
        format!("s3://{}", self.bucket)
    }
}

impl StoredObject<S3Bucket> {
    /// `bucket` and `item`.
    pub fn in_s3(settings: Settings<'_>, surroundings: &Surroundings) -> Result<Self, SettingsError> {
        let bucket = S3Bucket {
            timeout: timeout::read(settings)?,
            ..S3Bucket::new(settings.required("bucket")?)
        };
        Self::read(bucket, settings, "item", surroundings)
    }
}
