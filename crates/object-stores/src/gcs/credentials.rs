//! Tokens by the application default credentials.

use std::sync::Arc;

use async_trait::async_trait;
use flagstaff_cloud::google::GoogleAccount;
use object_store::gcp::{GcpCredential, GcpCredentialProvider};
use object_store::{CredentialProvider, StaticCredentialProvider};

use crate::failure::NoCredentials;

/// Credentials that renew their tokens by themselves.
#[derive(Debug)]
pub(super) struct DefaultCredentials {
    account: GoogleAccount,
}

impl DefaultCredentials {
    pub(super) fn new(account: GoogleAccount) -> Self {
        Self { account }
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
        match self.account.token().await {
            Ok(bearer) => Ok(Arc::new(GcpCredential { bearer })),
            Err(source) => Err(object_store::Error::Generic {
                store: "GCS",
                source: Box::new(NoCredentials(source.to_string().replace('\n', " "))),
            }),
        }
    }
}
