//! What people write about a URL.

use std::fmt;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, Url};

use super::CertificateFiles;
use crate::settings::{Settings, SettingsError};
use crate::timeout;

/// Options of the kind `http`. `Debug` hides what may be secret.
#[derive(Clone)]
pub struct HttpOptions {
    /// `url`: `http` or `https`; `user:password@` becomes Basic authentication. Mandatory.
    pub url: Url,
    /// `method`: `GET` by default.
    pub method: Method,
    /// `body`: nothing by default.
    pub body: String,
    /// `headers`: names with one value or a list of them.
    pub headers: HeaderMap,
    /// `timeout`: milliseconds for the whole exchange; 10,000 by default, also for 0 and below.
    pub timeout: Duration,
    /// `clientCertPath`, `clientKeyPath` and `caCertPath`.
    pub certificates: CertificateFiles,
}

impl HttpOptions {
    /// Options of a URL, all else as by default.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            method: Method::GET,
            body: String::new(),
            headers: HeaderMap::new(),
            timeout: timeout::DEFAULT,
            certificates: CertificateFiles::default(),
        }
    }

    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let url = settings.url("url")?;
        let method = match settings.text("method")? {
            empty if empty.is_empty() => Method::GET,
            name => {
                Method::from_bytes(name.as_bytes()).map_err(|_| settings.invalid("method", "is not an HTTP method"))?
            }
        };
        let headers = settings.headers("headers")?;
        let timeout = timeout::read(settings)?;
        let certificates = CertificateFiles::read(settings)?;
        let body = settings.text("body")?;
        Ok(Self {
            url,
            method,
            body,
            headers,
            timeout,
            certificates,
        })
    }

    /// The URL as it may be shown: without password and query, both of which hold secrets at times.
    pub(super) fn shown_url(&self) -> String {
        let mut url = self.url.clone();
        // Neither can fail for http and https.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        if url.query().is_some() {
            url.set_query(Some("***"));
        }
        url.into()
    }
}

impl fmt::Debug for HttpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpOptions")
            .field("url", &self.shown_url())
            .field("method", &self.method)
            .field(
                "headers",
                &self.headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            )
            .field("timeout", &self.timeout)
            .field("certificates", &self.certificates)
            .finish_non_exhaustive()
    }
}
