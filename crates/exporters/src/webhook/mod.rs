//! A POST of each batch to a URL.
//!
//! ```yaml
//! exporter:
//!   kind: webhook
//!   endpointUrl: https://example.com/feature-events
//!   secret: s3cret                      # signs the body
//!   meta: {team: checkout}
//!   headers: {Authorization: [Bearer token]}
//! ```
//!
//! The body is `{"meta":{…},"events":[…]}`; `meta` has the name of this machine as `hostname` unless another one is written. With a secret,
//! `X-Hub-Signature-256` is `sha256=` and the HMAC-SHA256 of the body in lower-case hexadecimal digits. A redirect that keeps the
//! request (307, 308) is followed, any other one is a failure: it would lose the events.

use std::time::{Duration, SystemTime};

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use flagstaff_events::{Contact, Contacting, ErrorKind, Event, Export, ExportError, Exporter, Receipt};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, StatusCode};
use tokio::sync::OnceCell;

use crate::blocking;
use crate::kinds::Clock;

pub use options::WebhookOptions;

mod client;
mod options;

/// Carries the signature.
const SIGNATURE: &str = "x-hub-signature-256";

/// A sink that asks for more is asked again after this time all the same.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// Posts batches to a URL.
pub struct WebhookExporter {
    options: WebhookOptions,
    /// The body up to its events.
    head: Vec<u8>,
    client: OnceCell<Client>,
    clock: Clock,
}

impl WebhookExporter {
    /// An exporter to one URL.
    pub fn new(options: WebhookOptions, clock: Clock) -> Self {
        let mut head = b"{\"meta\":".to_vec();
        serde_json::to_writer(&mut head, &options.meta).expect("a map of texts is JSON");
        head.extend_from_slice(b",\"events\":[");
        Self {
            options,
            head,
            client: OnceCell::new(),
            clock,
        }
    }

    async fn post(&self, batch: &[Event]) -> Result<Receipt, ExportError> {
        let client = self.client.get_or_try_init(|| client::build(&self.options)).await?;
        let (body, signature) = self.body(batch).await?;
        let mut headers = self.options.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(signature) = signature {
            headers.insert(SIGNATURE, signature);
        }
        let request = client.post(self.options.url.clone()).headers(headers).body(body);
        let response = request.send().await.map_err(|error| self.failed(error))?;
        match response.status() {
            status if status.is_success() => Ok(Receipt::delivered()),
            status => Err(self.refused(status, response.headers())),
        }
    }

    /// Whether somebody answers. The URL itself is not asked: what is there may take any request for events.
    async fn look(&self) -> Result<Contact, ExportError> {
        let client = self.client.get_or_try_init(|| client::build(&self.options)).await?;
        let root = self.options.url.join("/").unwrap_or_else(|_| self.options.url.clone());
        let response = client.head(root).send().await.map_err(|error| self.failed(error))?;
        match response.status() {
            // proxies say so when there is nobody behind them
            status if matches!(status.as_u16(), 407 | 502..=504) => Err(self.refused(status, response.headers())),
            _ => Ok(Contact::Answers("answers".to_owned())),
        }
    }

    /// The body and its signature.
    async fn body(&self, batch: &[Event]) -> Result<(Vec<u8>, Option<HeaderValue>), ExportError> {
        let (head, key) = (self.head.clone(), self.options.key());
        blocking::run(batch, move |batch| {
            let mut body = head;
            body.reserve(batch.iter().map(|event| event.text().len() + 1).sum::<usize>() + 2);
            for (at, event) in batch.iter().enumerate() {
                if at > 0 {
                    body.push(b',');
                }
                body.extend_from_slice(event.text());
            }
            body.extend_from_slice(b"]}");
            let signature = key.map(|key| signature(&key, &body));
            (body, signature)
        })
        .await
    }

    fn refused(&self, status: StatusCode, headers: &HeaderMap) -> ExportError {
        let code = status.as_u16();
        let (kind, hint) = match code {
            300..=399 => (
                ErrorKind::Settings,
                ": it redirects in a way that loses the events, set endpointUrl to where it leads",
            ),
            401 | 403 | 407 => (ErrorKind::Denied, ""),
            404 | 410 => (ErrorKind::NotFound, ""),
            400 | 422 => (ErrorKind::Refused, ""),
            413 => (ErrorKind::TooLarge, ""),
            408 | 425 | 429 | 500.. => (ErrorKind::Unreachable, ""),
            // none of these is about what the body holds
            _ => (ErrorKind::Settings, ""),
        };
        let pause = match code {
            429 | 503 => headers.get(RETRY_AFTER).and_then(|value| pause(value, (self.clock)())),
            _ => None,
        };
        ExportError::new(kind, format!("the webhook answered with code {code}{hint}"))
            .context("url", self.options.shown_url())
            .retry_after(pause)
    }

    fn failed(&self, error: reqwest::Error) -> ExportError {
        // the URL in the error may hold a password or a token
        let error = error.without_url();
        let (kind, message) = if error.is_timeout() {
            let limit = self.options.timeout;
            return ExportError::new(
                ErrorKind::TimedOut,
                format!("the webhook did not answer within {limit:?}"),
            )
            .context("url", self.options.shown_url());
        } else if error.is_redirect() {
            (ErrorKind::Settings, "the webhook redirects too often")
        } else if error.is_builder() {
            (ErrorKind::Settings, "the request to the webhook cannot be built")
        } else {
            (ErrorKind::Unreachable, "cannot reach the webhook")
        };
        ExportError::new(kind, message)
            .context("url", self.options.shown_url())
            .caused_by(error)
    }
}

impl Exporter for WebhookExporter {
    fn export<'a>(&'a self, batch: &'a [Event]) -> Export<'a> {
        Box::pin(self.post(batch))
    }

    fn contact(&self) -> Contacting<'_> {
        Box::pin(self.look())
    }

    fn target(&self) -> String {
        self.options.shown_url()
    }
}

impl std::fmt::Debug for WebhookExporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("WebhookExporter").field(&self.options).finish()
    }
}

fn signature(key: &hmac::Key, body: &[u8]) -> HeaderValue {
    let signature = format!("sha256={}", HEXLOWER.encode(hmac::sign(key, body).as_ref()));
    HeaderValue::from_str(&signature).expect("hexadecimal digits are a header value")
}

/// `Retry-After`: seconds or a date.
fn pause(value: &HeaderValue, now: SystemTime) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    let pause = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text)
            .ok()?
            .duration_since(now)
            .unwrap_or_default(),
    };
    Some(pause.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests;
