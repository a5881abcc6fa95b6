//! Credentials as every AWS program finds them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::failure::NoCredentials;

/// Credentials are renewed so long before they expire.
const MARGIN: Duration = Duration::from_secs(300);

/// The chain of places where credentials may be, asked again when those that are known come to their end.
#[derive(Debug)]
pub(super) struct Chain {
    provider: SharedCredentialsProvider,
    known: Mutex<Option<Known>>,
}

/// Credentials, and until when they are used; `None` for those without an end.
#[derive(Debug)]
struct Known {
    credential: Arc<AwsCredential>,
    until: Option<Instant>,
}

impl Chain {
    pub(super) fn new(provider: SharedCredentialsProvider) -> Self {
        Self {
            provider,
            known: Mutex::new(None),
        }
    }
}

#[async_trait]
impl CredentialProvider for Chain {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let mut known = self.known.lock().await;
        if let Some(known) = &*known
            && known.until.is_none_or(|until| Instant::now() < until)
        {
            return Ok(Arc::clone(&known.credential));
        }
        let found = self.provider.provide_credentials().await;
        let found = found.map_err(|source| object_store::Error::Generic {
            store: "S3",
            source: Box::new(NoCredentials(format!("no AWS credentials: {}", text(&source)))),
        })?;
        let credential = Arc::new(AwsCredential {
            key_id: found.access_key_id().to_owned(),
            secret_key: found.secret_access_key().to_owned(),
            token: found.session_token().map(str::to_owned),
        });
        // One whose end is near already is used once.
        let until = found.expiry().map(|expiry| {
            let left = expiry
                .elapsed()
                .map_or_else(|ahead| ahead.duration(), |_| Duration::ZERO);
            Instant::now() + left.saturating_sub(MARGIN)
        });
        *known = Some(Known {
            credential: Arc::clone(&credential),
            until,
        });
        Ok(credential)
    }
}

/// The error and its causes on one line.
fn text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text.replace('\n', " ")
}
