//! What a pod shows to the API server.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use reqwest::header::HeaderValue;
use reqwest::{Certificate, Client, tls};

use crate::{ErrorKind, ErrorStatus, RetrieveError};

/// The service account of a pod. Kubernetes renews its token and its authority while the pod runs, so both are read each time.
#[derive(Debug, Default)]
pub(super) struct ServiceAccount {
    /// The client that trusts the authority of this text.
    client: Mutex<Option<(Vec<u8>, Client)>>,
}

impl ServiceAccount {
    /// A client that trusts the API server.
    pub(super) async fn client(&self, folder: &Path) -> Result<Client, RetrieveError> {
        let authority = read(&folder.join("ca.crt")).await?;
        let mut kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = kept.as_ref().filter(|(known, _)| *known == authority) {
            return Ok(client.clone());
        }
        let unusable = |error: reqwest::Error| {
            RetrieveError::new(ErrorKind::Settings, "the service account's ca.crt cannot be used")
                .caused_by(error.without_url())
        };
        let client = Client::builder()
            .user_agent(concat!("flagstaff/", env!("CARGO_PKG_VERSION")))
            .tls_certs_only(Certificate::from_pem_bundle(&authority).map_err(unusable)?)
            .tls_version_min(tls::Version::TLS_1_2)
            .build()
            .map_err(unusable)?;
        *kept = Some((authority, client.clone()));
        Ok(client)
    }
}

/// The token, as a header.
pub(super) async fn authorization(folder: &Path) -> Result<HeaderValue, RetrieveError> {
    let path = folder.join("token");
    let token = read(&path).await?;
    let mut value = HeaderValue::from_bytes(&[b"Bearer ", token.trim_ascii()].concat()).map_err(|_| {
        RetrieveError::new(ErrorKind::Settings, "the file holds no token").context("path", path.display())
    })?;
    value.set_sensitive(true);
    Ok(value)
}

async fn read(path: &Path) -> Result<Vec<u8>, RetrieveError> {
    tokio::fs::read(path).await.map_err(|error| {
        RetrieveError::new(ErrorKind::Settings, "cannot read the service account of the pod")
            .caused_by(error)
            .context("path", path.display())
            .status(ErrorStatus::Temporary)
    })
}
