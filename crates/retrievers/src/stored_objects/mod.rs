//! An object in a store: S3 and what speaks its protocol, Google Cloud Storage, Azure Blob Storage.
//!
//! ```yaml
//! retrievers:
//!   - kind: s3
//!     bucket: acme-config
//!     item: flags/production.yaml
//!   - kind: googleStorage
//!     bucket: acme-config
//!     object: flags/production.yaml
//!   - kind: azureBlobStorage
//!     accountName: acmeconfig
//!     accountKey: c2VjcmV0                       # without one, the identity of the machine
//!     container: flags
//!     object: production.yaml
//!     serviceUrl: http://127.0.0.1:10000/acme    # only for an account that is not at Azure's own place
//! ```
//!
//! Credentials are found as the cloud's own programs find them; the modules of `flagstaff-object-stores` say where. The answer's `ETag` is
//! sent back with the next request, so that an unchanged object costs no body.

use std::fmt;
use std::sync::Arc;

use flagstaff_object_stores::object_store::path::Path;
use flagstaff_object_stores::object_store::{GetOptions, GetResult};
use flagstaff_object_stores::{Failure, FailureKind, ObjectStore, OpenError, Variables};
use tokio::sync::OnceCell;

use crate::settings::{Settings, SettingsError};
use crate::{
    Content, ErrorKind, ErrorStatus, Fetched, MAX_DOCUMENT, Retrieval, RetrieveError, Retriever, Revision, Surroundings,
};

#[cfg(feature = "azure")]
mod azure_blob_storage;
#[cfg(feature = "gcs")]
mod google_storage;
#[cfg(feature = "s3")]
mod s3;

/// What holds objects.
pub trait Container: fmt::Debug + Send + Sync + 'static {
    /// Opens it, without asking it yet.
    fn open(&self, variables: Variables<'_>) -> impl Future<Output = Result<Arc<dyn ObjectStore>, OpenError>> + Send;

    /// Its URL, for people.
    fn place(&self) -> String;
}

/// Fetches an object of a container.
#[derive(Debug)]
pub struct StoredObject<C> {
    container: C,
    object: Path,
    surroundings: Surroundings,
    store: OnceCell<Arc<dyn ObjectStore>>,
}

impl<C: Container> StoredObject<C> {
    /// The object that a property names.
    fn read(
        container: C,
        settings: Settings<'_>,
        property: &'static str,
        surroundings: &Surroundings,
    ) -> Result<Self, SettingsError> {
        let object = Path::parse(settings.required(property)?)
            .map_err(|error| settings.invalid(property, format!("is not the name of an object: {error}")))?;
        Ok(Self {
            container,
            object,
            surroundings: surroundings.clone(),
            store: OnceCell::new(),
        })
    }

    async fn fetch(&self, previous: Option<&Revision>) -> Result<Fetched, RetrieveError> {
        let store = self.store.get_or_try_init(|| self.open()).await?;
        let known = previous.and_then(Revision::token);
        let options = GetOptions::default().with_if_none_match(known);
        match store.get_opts(&self.object, options).await {
            Ok(result) => self.content(result, previous).await,
            Err(error) => match (Failure::new(&error), previous) {
                (failure, Some(previous)) if failure.kind() == FailureKind::NotModified => {
                    Ok(Fetched::Unchanged(previous.with_token(known.map(Arc::from))))
                }
                (failure, _) => Err(self.failed(failure)),
            },
        }
    }

    async fn content(&self, result: GetResult, previous: Option<&Revision>) -> Result<Fetched, RetrieveError> {
        if result.meta.size > MAX_DOCUMENT {
            return Err(RetrieveError::too_large().context("object", self.place()));
        }
        let token: Option<Arc<str>> = result.meta.e_tag.as_deref().map(Arc::from);
        // Some that speak the protocol answer conditional requests in full. What is not read is not sent.
        if let Some(previous) = previous
            && token.is_some()
            && previous.token() == token.as_deref()
        {
            return Ok(Fetched::Unchanged(previous.with_token(token)));
        }
        let bytes = result
            .bytes()
            .await
            .map_err(|error| self.failed(Failure::new(&error)))?;
        Ok(Fetched::new(Content::new(bytes, token), previous))
    }

    async fn open(&self) -> Result<Arc<dyn ObjectStore>, RetrieveError> {
        let variables = |name: &str| self.surroundings.variable(name).map(str::to_owned);
        self.container
            .open(&variables)
            .await
            .map_err(|error| RetrieveError::new(ErrorKind::Settings, error.to_string()).context("object", self.place()))
    }

    fn failed(&self, failure: Failure) -> RetrieveError {
        let (kind, message) = match failure.kind() {
            FailureKind::NotFound => (ErrorKind::NotFound, "no such object"),
            FailureKind::Denied => (ErrorKind::Denied, "not allowed to read the object"),
            FailureKind::Unreachable => (ErrorKind::Unreachable, "the object cannot be fetched"),
            FailureKind::TimedOut => (ErrorKind::TimedOut, "deadline exceeded: no complete answer"),
            FailureKind::NotModified | FailureKind::Conflict | FailureKind::Refused => {
                (ErrorKind::Refused, "the store refuses the request")
            }
        };
        // What a store refuses today it may grant tomorrow.
        RetrieveError::new(kind, message)
            .status(ErrorStatus::Temporary)
            .context("object", self.place())
            .caused_by(failure)
    }
}

impl<C: Container> Retriever for StoredObject<C> {
    fn retrieve<'a>(&'a self, previous: Option<&'a Revision>) -> Retrieval<'a> {
        Box::pin(self.fetch(previous))
    }

    fn place(&self) -> String {
        format!("{}/{}", self.container.place(), self.object)
    }
}

#[cfg(all(test, feature = "azure", feature = "gcs", feature = "s3"))]
mod tests;
