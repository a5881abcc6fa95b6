//! A document behind a URL.
//!
//! ```yaml
//! retriever:
//!   kind: http
//!   url: https://config.example.com/flags.yaml
//!   headers:
//!     Authorization: [Bearer token]
//!   timeout: 5000               # milliseconds
//!   caCertPath: /etc/ssl/internal-ca.pem
//! ```
//!
//! The answer's `ETag` and `Last-Modified` are sent back with the next request, so that an unchanged document costs a 304.
//! Redirects are followed (10 at most), gzip is decoded, `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` are honoured.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::header::{ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use reqwest::{Client, Response, StatusCode};
use tokio::sync::OnceCell;

use crate::{
    Content, ErrorKind, ErrorStatus, Fetched, MAX_DOCUMENT, Pause, Retrieval, RetrieveError, Retriever, Revision,
};

pub use certificates::CertificateFiles;
pub use options::HttpOptions;

pub(crate) mod certificates;
pub(crate) mod client;
mod options;
mod pause;

/// A body is read in blocks of this many bytes. In one piece it would be moved whenever it outgrew its place, and a source that does not
/// end would take three times the memory of the largest document.
const BLOCK: usize = 1 << 20;

/// Fetches a URL.
#[derive(Debug)]
pub struct HttpRetriever {
    options: HttpOptions,
    client: OnceCell<Client>,
}

impl HttpRetriever {
    /// A retriever of one URL. Certificates are read with the first fetch, and again until they can be.
    pub fn new(options: HttpOptions) -> Self {
        Self {
            options,
            client: OnceCell::new(),
        }
    }

    async fn fetch(&self, previous: Option<&Revision>) -> Result<Fetched, RetrieveError> {
        let client = self.client.get_or_try_init(|| client::build(&self.options)).await?;
        let validators = previous
            .and_then(Revision::token)
            .map(Validators::parse)
            .unwrap_or_default();
        let mut headers = self.options.headers.clone();
        validators.ask(&mut headers);
        let request = client
            .request(self.options.method.clone(), self.options.url.clone())
            .headers(headers)
            .body(self.options.body.clone());
        let response = request.send().await.map_err(|error| self.failed(error))?;
        let token = Validators::of(response.headers()).token();
        let status = response.status();
        let pause = pause::asked_for(response.headers(), status.is_client_error() || status.is_server_error());
        match (status, previous) {
            (StatusCode::NOT_MODIFIED, Some(previous)) if !validators.is_empty() => {
                let token = token.or_else(|| validators.token());
                Ok(Fetched::Unchanged(previous.with_token(token).with_pause(pause)))
            }
            (status @ (StatusCode::NOT_MODIFIED | StatusCode::NO_CONTENT), _) => {
                let message = format!("request to URL answered with code {} and no document", status.as_u16());
                Err(self.error(ErrorKind::Refused, message).with_pause(pause))
            }
            (status, _) if status.as_u16() > 399 => Err(self.refused(status, pause)),
            _ => {
                let mut content = Content::new(self.body(response).await?, token);
                content.revision = content.revision.with_pause(pause);
                Ok(Fetched::new(content, previous))
            }
        }
    }

    async fn body(&self, mut response: Response) -> Result<Bytes, RetrieveError> {
        let too_large = || RetrieveError::too_large().context("url", self.options.shown_url());
        if response.content_length().is_some_and(|length| length > MAX_DOCUMENT) {
            return Err(too_large());
        }
        let mut blocks: Vec<Vec<u8>> = Vec::new();
        let mut length = 0;
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(error))? {
            length += chunk.len();
            if length as u64 > MAX_DOCUMENT {
                return Err(too_large());
            }
            match blocks.last_mut() {
                Some(block) if block.capacity() - block.len() >= chunk.len() => block.extend_from_slice(&chunk),
                _ => {
                    let mut block = Vec::with_capacity(BLOCK.max(chunk.len()));
                    block.extend_from_slice(&chunk);
                    blocks.push(block);
                }
            }
        }
        Ok(blocks.concat().into())
    }

    fn refused(&self, status: StatusCode, pause: Option<Pause>) -> RetrieveError {
        let kind = match status.as_u16() {
            // GitHub says so when its limit is reached
            403 if pause.is_some() => ErrorKind::Unreachable,
            401 | 403 | 407 => ErrorKind::Denied,
            404 | 410 => ErrorKind::NotFound,
            408 | 425 | 429 | 500.. => ErrorKind::Unreachable,
            _ => ErrorKind::Refused,
        };
        self.error(kind, format!("request to URL failed with code {}", status.as_u16()))
            .with_pause(pause)
    }

    fn failed(&self, error: reqwest::Error) -> RetrieveError {
        // The URL in the error may hold a password or a token.
        let error = error.without_url();
        let (kind, message) = if error.is_timeout() {
            let limit = self.options.timeout.as_millis();
            return self.error(
                ErrorKind::TimedOut,
                format!("deadline exceeded: no complete answer within {limit} ms"),
            );
        } else if error.is_connect() {
            (ErrorKind::Unreachable, "cannot connect")
        } else if error.is_redirect() {
            (ErrorKind::Refused, "redirected too often")
        } else if error.is_builder() {
            (ErrorKind::Settings, "the request cannot be built")
        } else {
            (ErrorKind::Unreachable, "request to URL failed")
        };
        self.error(kind, message).caused_by(error)
    }

    fn error(&self, kind: ErrorKind, message: impl Into<String>) -> RetrieveError {
        let error = RetrieveError::new(kind, message).context("url", self.options.shown_url());
        // What a server refuses today it may grant tomorrow.
        if kind == ErrorKind::Settings {
            error
        } else {
            error.status(ErrorStatus::Temporary)
        }
    }
}

impl Retriever for HttpRetriever {
    fn retrieve<'a>(&'a self, previous: Option<&'a Revision>) -> Retrieval<'a> {
        Box::pin(self.fetch(previous))
    }

    fn place(&self) -> String {
        self.options.shown_url()
    }
}

/// What a server said by which it can tell later whether the document changed. As a revision's token: one line each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Validators {
    etag: String,
    last_modified: String,
}

impl Validators {
    fn of(headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            etag: text(ETAG),
            last_modified: text(LAST_MODIFIED),
        }
    }

    fn parse(token: &str) -> Self {
        let (etag, last_modified) = token.split_once('\n').unwrap_or((token, ""));
        Self {
            etag: etag.to_owned(),
            last_modified: last_modified.to_owned(),
        }
    }

    fn token(&self) -> Option<Arc<str>> {
        (!self.is_empty()).then(|| format!("{}\n{}", self.etag, self.last_modified).into())
    }

    fn is_empty(&self) -> bool {
        self.etag.is_empty() && self.last_modified.is_empty()
    }

    fn ask(&self, headers: &mut HeaderMap) {
        for (name, value) in [(IF_NONE_MATCH, &self.etag), (IF_MODIFIED_SINCE, &self.last_modified)] {
            if let (false, Ok(value)) = (value.is_empty(), value.parse()) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests;
