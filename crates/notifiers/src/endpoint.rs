//! A URL to which notifications are posted.

use std::fmt;
use std::future::ready;
use std::time::Duration;

use flagstaff_backend::{ErrorKind, Explanation, Settings, SettingsError};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect, tls};
use tokio::sync::OnceCell;

use crate::NotifyError;

/// As many as Go's client follows.
const MAX_REDIRECTS: usize = 10;

/// The longest pause that a target can ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Where notifications are posted. `Debug` shows scheme and host only: whoever knows the path of a webhook can use it.
pub(crate) struct Endpoint {
    url: Url,
    client: OnceCell<Client>,
}

impl Endpoint {
    /// The URL of a property.
    pub(crate) fn read(settings: Settings<'_>, property: &'static str) -> Result<Self, SettingsError> {
        let url = settings.url(property)?;
        let client = OnceCell::new();
        Ok(Self { url, client })
    }

    /// Scheme and host.
    pub(crate) fn target(&self) -> String {
        let origin = self.url.origin().ascii_serialization();
        format!("{origin}/***")
    }

    /// Posts JSON. Every answer but 2xx is an error.
    pub(crate) async fn post(&self, mut headers: HeaderMap, body: Vec<u8>) -> Result<Response, NotifyError> {
        headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static("application/json"));
        let request = self.client().await?.post(self.url.clone()).headers(headers).body(body);
        let response = self.send(request).await?;
        match response.status() {
            status if status.is_success() => Ok(response),
            status => Err(self.refused(status, response.headers())),
        }
    }

    /// Whether somebody answers. The URL itself is not asked: what is there may take any request for a notification.
    pub(crate) async fn contact(&self) -> Result<(), NotifyError> {
        let root = self.url.join("/").unwrap_or_else(|_| self.url.clone());
        let response = self.send(self.client().await?.head(root)).await?;
        match response.status() {
            // proxies say so when there is nobody behind them
            status @ (StatusCode::PROXY_AUTHENTICATION_REQUIRED
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT) => Err(self.refused(status, response.headers())),
            _ => Ok(()),
        }
    }

    /// An error about it.
    pub(crate) fn failed(&self, kind: ErrorKind, message: impl Into<String>) -> NotifyError {
        NotifyError::new(kind, self.target(), message)
    }

    async fn client(&self) -> Result<&Client, NotifyError> {
        let client = self.client.get_or_try_init(|| ready(client(&self.url))).await;
        client.map_err(|error| self.failed(ErrorKind::Settings, explain("the HTTP client cannot be set up", error)))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, NotifyError> {
        let sent = request.send().await;
        sent.map_err(|error| self.failed(ErrorKind::Unreachable, explain("the request failed", error)))
    }

    fn refused(&self, status: StatusCode, headers: &HeaderMap) -> NotifyError {
        let message = format!("it was answered with code {}", status.as_u16());
        match status.as_u16() {
            408 | 425 | 429 | 500.. => self.failed(ErrorKind::Unreachable, message).retry_after(pause(headers)),
            300..=399 => {
                let message = format!("{message}: write the URL that it redirects to");
                self.failed(ErrorKind::Settings, message)
            }
            401 | 403 | 407 => self.failed(ErrorKind::Denied, message),
            404 | 410 => self.failed(ErrorKind::NotFound, message),
            413 => self.failed(ErrorKind::TooLarge, message),
            _ => self.failed(ErrorKind::Refused, message),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.target()).finish()
    }
}

fn client(url: &Url) -> Result<Client, reqwest::Error> {
    let builder = || {
        Client::builder()
            .user_agent(concat!("flagstaff/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::custom(follow))
            .tls_version_min(tls::Version::TLS_1_2)
    };
    let client = builder().build();
    if client.is_err() && url.scheme() == "http" {
        // A small container may hold no root certificates at all, and plain HTTP needs none.
        return builder().tls_certs_only([]).build();
    }
    client
}

/// Other redirects would turn the request into one without a body, and the news would be lost without an error.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    match attempt.status() {
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
            if attempt.previous().len() <= MAX_REDIRECTS =>
        {
            attempt.follow()
        }
        _ => attempt.stop(),
    }
}

/// What `Retry-After` says in seconds.
fn pause(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    let pause = Duration::try_from_secs_f64(seconds).ok()?;
    Some(pause.min(LONGEST_PAUSE))
}

/// What failed and its causes, without the URL, in which there may be a secret.
fn explain(message: &str, error: reqwest::Error) -> String {
    let mut explanation = Explanation::new(message);
    explanation.because_of(error.without_url());
    explanation.to_string()
}
