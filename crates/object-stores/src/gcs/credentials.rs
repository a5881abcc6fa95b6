//! Tokens by the application default credentials.

use std::sync::Arc;

use async_trait::async_trait;
use google_cloud_auth::credentials::AccessTokenCredentials;
use object_store::gcp::{GcpCredential, GcpCredentialProvider};
use object_store::{CredentialProvider, StaticCredentialProvider};

/// Credentials that renew their tokens by themselves.
#[derive(Debug)]
pub(super) struct DefaultCredentials {
    found: AccessTokenCredentials,
}

impl DefaultCredentials {
    pub(super) fn new(found: AccessTokenCredentials) -> Self {
        Self { found }
    }

    /// For a server that asks for none.
    pub(super) fn none() -> GcpCredentialProvider {
        Arc::new(StaticCredentialProvider::new(GcpCredential { bearer: String::new() }))
    }
}

#[async_trait]
impl CredentialProvider for DefaultCredentials {
    type Credential = GcpCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<GcpCredential>> {
        match self.found.access_token().await {
            Ok(token) => Ok(Arc::new(GcpCredential { bearer: token.token })),
            Err(source) => Err(object_store::Error::Generic {
                store: "GCS",
                source: Box::new(NoToken(source.to_string().replace('\n', " "))),
            }),
        }
    }
}

/// There is none.
#[derive(Debug, thiserror::Error)]
#[error("no token of Google: {0}")]
struct NoToken(String);
