//! What people write about a webhook.

use std::collections::BTreeMap;
use std::fmt;

use flagstaff_backend::{Settings, SettingsError};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName};

use super::SIGNATURE;
use crate::endpoint::Endpoint;

/// Options of the kind `webhook`. `Debug` hides what may be secret.
pub struct WebhookOptions {
    /// `endpointUrl`: `http` or `https`. Mandatory.
    pub(super) endpoint: Endpoint,
    /// `secret`: signs requests.
    pub(super) secret: Option<Box<str>>,
    /// `meta`: sent with each request. A `hostname` replaces that of this machine.
    pub(super) meta: BTreeMap<String, String>,
    /// `headers`: names with one value or a list of them.
    pub(super) headers: HeaderMap,
}

impl WebhookOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let mut headers = settings.headers("headers")?;
        // these say what the body is, and who signed it
        headers.remove(CONTENT_TYPE);
        headers.remove(SIGNATURE);
        let secret = settings.text("secret")?;
        Ok(Self {
            endpoint: Endpoint::read(settings, "endpointUrl")?,
            secret: (!secret.is_empty()).then(|| secret.into()),
            meta: settings.members("meta")?.into_iter().collect(),
            headers,
        })
    }
}

impl fmt::Debug for WebhookOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookOptions")
            .field("endpoint", &self.endpoint)
            .field("is_signed", &self.secret.is_some())
            .field("meta", &self.meta)
            .field(
                "headers",
                &self.headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            )
            .finish()
    }
}
