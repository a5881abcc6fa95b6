//! What people write about a webhook.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use aws_lc_rs::hmac;
use flagstaff_backend::{Settings, SettingsError};
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName};

use crate::kinds::Context;

/// As long as GO Feature Flag waits.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Options of the kind `webhook`. `Debug` hides what may be secret.
#[derive(Clone)]
pub struct WebhookOptions {
    /// `endpointUrl`: `http` or `https`. Mandatory.
    pub url: Url,
    /// `secret`: signs the body; without one, nothing is signed.
    pub secret: String,
    /// `meta`: names and texts that go with each batch. Has the name of this machine as `hostname` unless another one is written.
    pub meta: BTreeMap<String, String>,
    /// `headers`: names with one value or a list of them. `Content-Type` is always `application/json`.
    pub headers: HeaderMap,
    /// Time for a whole exchange.
    pub timeout: Duration,
}

impl WebhookOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>, context: &Context<'_>) -> Result<Self, SettingsError> {
        let url = settings.url("endpointUrl")?;
        let mut meta: BTreeMap<_, _> = settings.members("meta")?.into_iter().collect();
        meta.entry("hostname".to_owned())
            .or_insert_with(|| context.hostname.to_owned());
        let headers = settings.headers("headers")?;
        Ok(Self {
            url,
            secret: settings.text("secret")?,
            meta,
            headers,
            timeout: TIMEOUT,
        })
    }

    /// What bodies are signed with.
    pub(super) fn key(&self) -> Option<hmac::Key> {
        (!self.secret.is_empty()).then(|| hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes()))
    }

    /// The URL as it may be shown: many webhooks have their secret in path or query.
    pub(super) fn shown_url(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{host}{port}", self.url.scheme())
    }
}

impl fmt::Debug for WebhookOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookOptions")
            .field("url", &self.shown_url())
            .field("is_signed", &!self.secret.is_empty())
            .field("meta", &self.meta.keys().collect::<Vec<_>>())
            .field(
                "headers",
                &self.headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            )
            .field("timeout", &self.timeout)
            .finish()
    }
}
