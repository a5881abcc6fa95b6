//! A member of a ConfigMap, for a relay that runs inside of the Kubernetes cluster.
//!
//! ```yaml
//! retriever:
//!   kind: configmap
//!   namespace: flags
//!   configmap: feature-flags
//!   key: flags.yaml
//! ```
//!
//! The relay asks the API server as the service account of its pod, which needs a role with the verb `get` on this ConfigMap; with `list` and
//! `watch` as well, a change is noticed at once. Only the metadata are asked for until they tell of another version. A relay that mounts
//! the ConfigMap as a volume needs none of this: the kind `file` notices its changes too.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION};
use reqwest::{Response, StatusCode, Url};
use serde_json::Value;

use crate::listening::{self, Teller};
use crate::{Changes, Content, ErrorKind, ErrorStatus, Fetched, Retrieval, RetrieveError, Retriever, Revision};
use account::{ServiceAccount, authorization};

pub use options::ConfigMapOptions;

mod account;
mod options;

/// What is sent of an object: all of it, or only how it is called and of which version it is.
const WHOLE: &str = "application/json";
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// How long the server keeps a watch open. It is opened again, so that one whose connection was lost without a word does not last.
const WATCH: Duration = Duration::from_secs(300);

/// Reads a ConfigMap.
#[derive(Debug)]
pub struct ConfigMapRetriever {
    api: Arc<Api>,
}

/// How to ask the API server.
#[derive(Debug)]
struct Api {
    options: ConfigMapOptions,
    account: ServiceAccount,
}

impl ConfigMapRetriever {
    /// A retriever of one member.
    pub fn new(options: ConfigMapOptions) -> Self {
        let account = ServiceAccount::default();
        Self {
            api: Arc::new(Api { options, account }),
        }
    }

    async fn fetch(&self, previous: Option<&Revision>) -> Result<Fetched, RetrieveError> {
        let api = &self.api;
        if let Some(previous) = previous
            && let Some(known) = previous.token()
        {
            let metadata = api.object(METADATA).await?;
            if version(&metadata) == Some(known) {
                return Ok(Fetched::Unchanged(previous.clone()));
            }
        }
        let object = api.object(WHOLE).await?;
        let ConfigMapOptions {
            name, namespace, key, ..
        } = &api.options;
        let Some(text) = object["data"][key].as_str() else {
            let message = format!("key {key} not existing in config map {name}.{namespace}");
            return Err(RetrieveError::new(ErrorKind::NotFound, message).status(ErrorStatus::Temporary));
        };
        let content = Content::new(
            Bytes::copy_from_slice(text.as_bytes()),
            version(&object).map(Into::into),
        );
        Ok(Fetched::new(content, previous))
    }
}

impl Api {
    /// The ConfigMap, or its metadata.
    async fn object(&self, form: &str) -> Result<Value, RetrieveError> {
        let path = [&*self.options.namespace, "configmaps", &self.options.name];
        let response = self.get(&path, &[], form, self.options.timeout).await?;
        let body = response.bytes().await.map_err(|error| self.failed(error))?;
        serde_json::from_slice(&body).map_err(|error| {
            let message = "the API server answered with something else than JSON";
            self.error(ErrorKind::Refused, message).caused_by(error)
        })
    }

    /// Tells of each event of a watch, until the server ends it.
    async fn watch(&self, teller: Teller) -> Result<(), RetrieveError> {
        let query = [
            ("watch", "1".to_owned()),
            ("fieldSelector", format!("metadata.name={}", self.options.name)),
            ("timeoutSeconds", WATCH.as_secs().to_string()),
        ];
        let path = [&*self.options.namespace, "configmaps"];
        let limit = WATCH + self.options.timeout;
        let mut response = self.get(&path, &query, METADATA, limit).await?;
        teller.tell();
        while response.chunk().await.map_err(|error| self.failed(error))?.is_some() {
            teller.tell();
        }
        Ok(())
    }

    async fn get(
        &self,
        path: &[&str],
        query: &[(&str, String)],
        form: &str,
        limit: Duration,
    ) -> Result<Response, RetrieveError> {
        let mut url = self.options.server.clone().ok_or_else(|| {
            let message = "not inside of a Kubernetes cluster: KUBERNETES_SERVICE_HOST is not set";
            self.error(ErrorKind::Settings, message)
        })?;
        address(&mut url, path, query);
        let folder = &self.options.service_account;
        let request = self.account.client(folder).await?.get(url);
        let request = request
            .header(ACCEPT, form)
            .header(AUTHORIZATION, authorization(folder).await?);
        let response = request
            .timeout(limit)
            .send()
            .await
            .map_err(|error| self.failed(error))?;
        match response.status() {
            status if status.is_success() => Ok(response),
            status => Err(self.refused(status)),
        }
    }

    fn refused(&self, status: StatusCode) -> RetrieveError {
        let (kind, message) = match status.as_u16() {
            401 => (
                ErrorKind::Denied,
                "the API server does not accept the token of the service account",
            ),
            403 => (ErrorKind::Denied, "the service account may not read the ConfigMap"),
            404 => (ErrorKind::NotFound, "no such ConfigMap"),
            408 | 429 | 500.. => (ErrorKind::Unreachable, "the API server cannot answer"),
            _ => (ErrorKind::Refused, "the API server refuses"),
        };
        self.error(kind, message).context("code", status.as_u16())
    }

    fn failed(&self, error: reqwest::Error) -> RetrieveError {
        let error = error.without_url();
        if error.is_timeout() {
            let limit = self.options.timeout.as_millis();
            let message = format!("deadline exceeded: no complete answer within {limit} ms");
            return self.error(ErrorKind::TimedOut, message);
        }
        self.error(ErrorKind::Unreachable, "cannot reach the API server")
            .caused_by(error)
    }

    fn error(&self, kind: ErrorKind, message: impl Into<String>) -> RetrieveError {
        let error = RetrieveError::new(kind, message).context("place", self.options.place());
        match kind {
            ErrorKind::Settings => error,
            // What is refused or missing now may be granted or there later.
            _ => error.status(ErrorStatus::Temporary),
        }
    }
}

impl Retriever for ConfigMapRetriever {
    fn retrieve<'a>(&'a self, previous: Option<&'a Revision>) -> Retrieval<'a> {
        Box::pin(self.fetch(previous))
    }

    fn place(&self) -> String {
        self.api.options.place()
    }

    fn changes(&self) -> Option<Changes> {
        let api = Arc::clone(&self.api);
        api.options.server.as_ref()?;
        Some(listening::listen(self.place(), move |teller| {
            let api = Arc::clone(&api);
            async move { api.watch(teller).await }
        }))
    }
}

/// The version that the cluster's store gave to an object.
fn version(object: &Value) -> Option<&str> {
    object["metadata"]["resourceVersion"].as_str()
}

/// Below `/api/v1/namespaces/`, whatever names hold.
fn address(url: &mut Url, path: &[&str], query: &[(&str, String)]) {
    url.path_segments_mut()
        .expect("an https URL has a path")
        .clear()
        .extend(["api", "v1", "namespaces"])
        .extend(path);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
}

#[cfg(test)]
mod tests;
