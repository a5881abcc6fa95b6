//! What people write about another relay.

use std::fmt;

use reqwest::header::HeaderValue;
use reqwest::{Method, Url};

use crate::http::HttpOptions;
use crate::settings::{Settings, SettingsError};

/// Options of the kind `relay`, which also takes those of the kind `http` that are about the connection: `headers`, `timeout`,
/// `clientCertPath`, `clientKeyPath`, `caCertPath`. `Debug` hides the key.
#[derive(Clone)]
pub struct RelayOptions {
    /// `url`: the relay, with its base path if it has one. Mandatory.
    pub url: Url,
    /// `apiKey`: a key of the relay, which picks the flag set.
    pub key: Option<String>,
    /// How the flags are asked for.
    pub(super) configuration: HttpOptions,
    /// Where changes are told.
    pub(super) stream: Url,
}

impl RelayOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let mut configuration = HttpOptions::read(settings)?;
        let url = configuration.url.clone();
        let key = Some(settings.text("apiKey")?).filter(|key| !key.is_empty());
        configuration.url = below(&url, &["v1", "flag", "configuration"]);
        configuration.method = Method::POST;
        configuration.body = "{}".to_owned();
        configuration
            .headers
            .insert("content-type", HeaderValue::from_static("application/json"));
        let mut stream = below(&url, &["stream", "v1", "sse", "flag", "change"]);
        if let Some(key) = &key {
            let mut value = HeaderValue::from_str(key)
                .map_err(|_| settings.invalid("apiKey", "holds characters that a header cannot carry"))?;
            value.set_sensitive(true);
            configuration.headers.insert("x-api-key", value);
            stream.query_pairs_mut().append_pair("apiKey", key);
        }
        Ok(Self {
            url,
            key,
            configuration,
            stream,
        })
    }
}

impl fmt::Debug for RelayOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayOptions")
            .field("configuration", &self.configuration)
            .finish_non_exhaustive()
    }
}

/// A path below the one that the URL has.
fn below(url: &Url, path: &[&str]) -> Url {
    let mut url = url.clone();
    url.set_query(None);
    url.path_segments_mut()
        .expect("an http URL has a path")
        .pop_if_empty()
        .extend(path);
    url
}
