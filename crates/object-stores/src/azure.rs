//! Containers of Azure Blob Storage.
//!
//! With an account key requests are signed with it. Without one the identity counts that the environment names: `AZURE_STORAGE_*` and
//! `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` with `AZURE_CLIENT_SECRET` or `AZURE_FEDERATED_TOKEN_FILE`, else the identity of the
//! machine; `AZURE_USE_AZURE_CLI=true` asks the command line tool.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use http::Uri;
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

    /// Whether key and URL are such.
    ///
    /// # Errors
    /// [`OpenError::Invalid`] with the name of the setting as people write it.
    pub fn check(&self) -> Result<(), OpenError> {
        let invalid = |name, problem: &str| OpenError::Invalid {
            name,
            problem: problem.to_owned(),
        };
        if let Some(key) = &self.account_key
            && BASE64.decode(key.as_bytes()).is_err()
        {
            return Err(invalid("accountKey", "is not base64"));
        }
        if let Some(url) = &self.service_url {
            let url: Uri = url.parse().map_err(|_| invalid("serviceUrl", "is not a URL"))?;
            if !matches!(url.scheme_str(), Some("http" | "https")) {
                return Err(invalid("serviceUrl", "must begin with http:// or https://"));
            }
            if url.query().is_some() || url.authority().is_none_or(|authority| authority.as_str().contains('@')) {
                return Err(invalid("serviceUrl", "must hold nothing but host, port and path"));
            }
        }
        Ok(())
    }

    /// Where it is.
    pub fn url(&self) -> String {
        let container = &self.container;
        match &self.service_url {
            Some(url) => format!("{}/{container}", url.trim_end_matches('/')),
            None => format!("https://{}.blob.core.windows.net/{container}", self.account),
        }
    }

    /// Opens it. The container is not asked yet.
    ///
    /// # Errors
    /// As [`AzureContainer::check`], and when the environment names an identity that cannot be one.
    pub async fn open(&self, _: Variables<'_>) -> Result<Arc<dyn ObjectStore>, OpenError> {
        self.check()?;
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
        let store = builder
            .with_client_options(options)
            .build()
            .map_err(|error| OpenError::Client(error.to_string()))?;
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
