//! Buckets of Google Cloud Storage.
//!
//! Tokens come from the application default credentials: the file that `GOOGLE_APPLICATION_CREDENTIALS` names, that of gcloud, or the
//! machine's account; service accounts, users, external and impersonated accounts. `STORAGE_EMULATOR_HOST` names another
//! server, which is asked without a token.

use std::sync::Arc;
use std::time::Duration;

use flagstaff_cloud::google::GoogleAccount;
use object_store::ObjectStore;
use object_store::gcp::GoogleCloudStorageBuilder;

use crate::{OpenError, Variables, client};

use credentials::DefaultCredentials;

mod credentials;

/// What is asked for: to read objects and to write them.
const SCOPE: &str = "https://www.googleapis.com/auth/devstorage.read_write";

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoogleBucket {
    /// Its name.
    pub bucket: String,
    /// Time for a whole exchange.
    pub timeout: Duration,
}

impl GoogleBucket {
    /// A bucket by its name, all else as by default.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            timeout: client::DEFAULT_TIMEOUT,
        }
    }

    /// Opens it: reads the file of credentials. The bucket is not asked yet. Must be called inside of a tokio runtime.
    ///
    /// # Errors
    /// When the file of credentials is there and cannot be used.
    pub async fn open(&self, variables: Variables<'_>) -> Result<Arc<dyn ObjectStore>, OpenError> {
        let emulator = variables("STORAGE_EMULATOR_HOST").filter(|host| !host.is_empty());
        let mut builder = GoogleCloudStorageBuilder::new()
            .with_bucket_name(&self.bucket)
            .with_retry(client::no_retry());
        let mut options = client::options(self.timeout);
        if let Some(host) = emulator {
            let url = base_url(&host);
            options = options.with_allow_http(url.starts_with("http://"));
            builder = builder
                .with_base_url(&url)
                .with_skip_signature(true)
                .with_credentials(DefaultCredentials::none());
        } else {
            let account = GoogleAccount::of_machine(SCOPE)?;
            builder = builder.with_credentials(Arc::new(DefaultCredentials::new(account)));
        }
        let store = builder
            .with_client_options(options)
            .build()
            .map_err(|error| OpenError::Client(error.to_string()))?;
        Ok(Arc::new(store))
    }
}

/// The URL of an emulator that is written with or without a scheme.
fn base_url(host: &str) -> String {
    let host = host.trim_end_matches('/');
    if host.contains("://") {
        host.to_owned()
    } else {
        format!("http://{host}")
    }
}
