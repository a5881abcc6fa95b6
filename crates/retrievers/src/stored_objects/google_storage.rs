//! An object of Google Cloud Storage.

use std::sync::Arc;

use flagstaff_object_stores::gcs::GoogleBucket;
use flagstaff_object_stores::{ObjectStore, OpenError, Variables};

use super::{Container, StoredObject};
use crate::settings::{Settings, SettingsError};
use crate::{Surroundings, timeout};

impl Container for GoogleBucket {
    async fn open(&self, variables: Variables<'_>) -> Result<Arc<dyn ObjectStore>, OpenError> {
        self.open(variables).await
    }

    fn place(&self) -> String {
        format!("gs://{}", self.bucket)
    }
}

impl StoredObject<GoogleBucket> {
    /// `bucket` and `object`.
    pub fn in_google_storage(settings: Settings<'_>, surroundings: &Surroundings) -> Result<Self, SettingsError> {
        let bucket = GoogleBucket {
            timeout: timeout::read(settings)?,
            ..GoogleBucket::new(settings.required("bucket")?)
        };
        Self::read(bucket, settings, "object", surroundings)
    }
}
