//! Containers of Azure Blob Storage.
//!
//! With an account key requests are signed with it. Without one the identity counts that the environment names: `AZURE_STORAGE_*` and
//! `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` with `AZURE_CLIENT_SECRET` or `AZURE_FEDERATED_TOKEN_FILE`, else the identity of the
//! machine; `AZURE_USE_AZURE_CLI=true` asks the command line tool.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use object_store::ObjectStore;
use object_store::azure::MicrosoftAzureBuilder;

use crate::{OpenError, Variables, client};

/// A container of an account. `Debug` hides the key.
#[derive(Clone, PartialEq, Eq)]
pub struct AzureContainer {
    /// Name of the account.
    pub account: String,
    /// Its key, in base64.
    pub account_key: Option<String>,
    /// Name of the container.
    pub container: String,
    /// Where the account is, when it is not `https://ACCOUNT.blob.core.windows.net`.
    pub service_url: Option<String>,
    /// Time for a whole exchange.
    pub timeout: Duration,
}

impl AzureContainer {
    /// A container with the identity that the environment names, all else as by default.
    pub fn new(account: impl Into<String>, container: impl Into<String>) -> Self {
        Self {
            account: account.into(),
            account_key: None,
            container: container.into(),
            service_url: None,
            timeout: client::DEFAULT_TIMEOUT,
        }
    }

    /// Opens it. The container is not asked yet.
    ///
    /// # Errors
    /// When the key is not base64, or the service URL no URL.
    pub async fn open(&self, _: Variables<'_>) -> Result<Arc<dyn ObjectStore>, OpenError> {
        let mut options = client::options(self.timeout);
        let mut builder = MicrosoftAzureBuilder::from_env()
            .with_account(&self.account)
            .with_container_name(&self.container)
            .with_retry(client::no_retry());
        if let Some(url) = &self.service_url {
            options = options.with_allow_http(url.starts_with("http://"));
            builder = builder.with_endpoint(url.trim_end_matches('/').to_owned());
        }
        if let Some(key) = &self.account_key {
            builder = builder.with_access_key(key).with_credential_type("access_key");
        }
        let store = builder.with_client_options(options).build().map_err(|error| {
            // the library's text of a key that is not base64 would show a part of it
            if self.account_key.is_some() {
                OpenError::Invalid {
                    name: "accountKey",
                    problem: "or serviceUrl cannot be used: the key is text in base64, the other a URL".to_owned(),
                }
            } else {
                OpenError::Client(error.to_string())
            }
        })?;
        Ok(Arc::new(store))
    }
}

impl fmt::Debug for AzureContainer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureContainer")
            .field("account", &self.account)
            .field("has_key", &self.account_key.is_some())
            .field("container", &self.container)
            .field("service_url", &self.service_url)
            .field("timeout", &self.timeout)
            .finish()
    }
}
