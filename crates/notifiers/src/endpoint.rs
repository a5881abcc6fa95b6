//! A URL to which notifications are posted.

use std::fmt;
use std::time::Duration;

use flagstaff_backend::{Explanation, Settings, SettingsError};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url, redirect, tls};
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
        let client = self
            .client
            .get_or_try_init(|| std::future::ready(client(&self.url)))
            .await;
        let client = client.map_err(|error| self.permanent(explain("the HTTP client cannot be set up", error)))?;
        headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static("application/json"));
        let request = client.post(self.url.clone()).headers(headers).body(body);
        let response = request
            .send()
            .await
            .map_err(|error| self.temporary(explain("the request failed", error)))?;
        match response.status() {
            status if status.is_success() => Ok(response),
            status => Err(self.refused(status, response.headers())),
        }
    }

    /// An error that may pass.
    pub(crate) fn temporary(&self, message: impl Into<String>) -> NotifyError {
        NotifyError::temporary(self.target(), message)
    }

    fn permanent(&self, message: impl Into<String>) -> NotifyError {
        NotifyError::permanent(self.target(), message)
    }

    fn refused(&self, status: StatusCode, headers: &HeaderMap) -> NotifyError {
        let message = format!("it was answered with code {}", status.as_u16());
        match status.as_u16() {
            408 | 425 | 429 | 500.. => self.temporary(message).retry_after(pause(headers)),
            300..400 => self.permanent(format!("{message}: write the URL that it redirects to")),
            _ => self.permanent(message),
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
