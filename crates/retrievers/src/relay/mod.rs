//! The flags of another relay: Flagstaff, or GO Feature Flag's relay proxy.
//!
//! ```yaml
//! retriever:
//!   kind: relay
//!   url: https://flags.example.com/relay
//!   apiKey: s3cr3t                # picks the flag set
//! ```
//!
//! A relay near its clients follows a central one in this way: it evaluates by itself, and goes on while the other is away. The flags are
//! asked for with the entity tag of the last answer, and the other relay's stream of changes tells when. Enrichment of the
//! evaluation context is each relay's own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::ACCEPT;
use serde_json::value::RawValue;

use crate::http::HttpRetriever;
use crate::listening::{self, Teller};
use crate::{
    Changes, Content, ErrorKind, ErrorStatus, Fetched, FormatHint, Retrieval, RetrieveError, Retriever, Revision,
};

pub use options::RelayOptions;

mod options;

/// How long a stream is kept. It is opened again, so that one whose connection was lost without a word does not last.
const STREAM: Duration = Duration::from_secs(600);

/// Follows a relay.
#[derive(Debug)]
pub struct RelayRetriever {
    options: RelayOptions,
    configuration: HttpRetriever,
}

impl RelayRetriever {
    /// A retriever of one flag set of a relay.
    pub fn new(options: RelayOptions) -> Self {
        let configuration = HttpRetriever::new(options.configuration.clone());
        Self { options, configuration }
    }

    async fn fetch(&self, previous: Option<&Revision>) -> Result<Fetched, RetrieveError> {
        let content = match self.configuration.retrieve(previous).await? {
            Fetched::Unchanged(revision) => return Ok(Fetched::Unchanged(revision)),
            Fetched::Content(content) => content,
        };
        let answered = |problem: String| {
            RetrieveError::new(ErrorKind::Refused, problem)
                .status(ErrorStatus::Temporary)
                .context("url", self.place())
        };
        // Each flag as it came. The rest of the answer is not about flags.
        let mut answer: BTreeMap<&str, &RawValue> = serde_json::from_slice(content.bytes())
            .map_err(|error| answered("the answer is none of a relay".to_owned()).caused_by(error))?;
        let flags = match answer.remove("flags") {
            Some(flags) => Bytes::copy_from_slice(flags.get().as_bytes()),
            None if answer.contains_key("errorCode") => {
                return Err(answered("the relay has an error instead of flags".to_owned()));
            }
            // GO Feature Flag leaves out what is empty.
            None => Bytes::from_static(b"{}"),
        };
        let token = content.revision.token().map(Arc::from);
        Ok(Fetched::new(
            Content::new(flags, token).in_format(FormatHint::Json),
            previous,
        ))
    }
}

impl Retriever for RelayRetriever {
    fn retrieve<'a>(&'a self, previous: Option<&'a Revision>) -> Retrieval<'a> {
        Box::pin(self.fetch(previous))
    }

    fn place(&self) -> String {
        self.configuration.place()
    }

    fn changes(&self) -> Option<Changes> {
        let options = Arc::new(self.options.clone());
        Some(listening::listen(self.place(), move |teller| {
            let options = Arc::clone(&options);
            async move { follow(&options, teller).await }
        }))
    }
}

/// Tells of each message of the stream, until it ends.
async fn follow(options: &RelayOptions, teller: Teller) -> Result<(), RetrieveError> {
    // The key stands in the query.
    let failed = |error: reqwest::Error| {
        RetrieveError::new(ErrorKind::Unreachable, "the stream of changes breaks off").caused_by(error.without_url())
    };
    let client = crate::http::client::build(&options.configuration).await?;
    let headers = options.configuration.headers.clone();
    let request = client
        .get(options.stream.clone())
        .headers(headers)
        .header(ACCEPT, "text/event-stream");
    let mut response = request.timeout(STREAM).send().await.map_err(failed)?;
    if !response.status().is_success() {
        let code = response.status().as_u16();
        return Err(
            RetrieveError::new(ErrorKind::Denied, "the relay gives no stream of changes").context("code", code),
        );
    }
    teller.tell();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        // A comment alone is a sign of life.
        if chunk.iter().any(|byte| !matches!(byte, b':' | b'\r' | b'\n')) {
            teller.tell();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
