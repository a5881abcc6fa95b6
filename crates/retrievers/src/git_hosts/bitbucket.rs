//! A file on Bitbucket.
//!
//! ```yaml
//! retriever:
//!   kind: bitbucket
//!   repositorySlug: acme/config
//!   path: flags.yaml
//! ```

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};

use super::{HostedFile, RepositoryOptions, Settings, SettingsError};

const PUBLIC: &str = "https://api.bitbucket.org";

impl HostedFile {
    /// A file on Bitbucket. The branch is one segment of the URL.
    pub fn on_bitbucket(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let options = RepositoryOptions::read(settings, PUBLIC, &["token"], "Bearer ")?;
        let segments = ["2.0", "repositories"]
            .into_iter()
            .chain(options.slug.split('/'))
            .chain(["src", &options.branch])
            .chain(options.path.split('/'));
        let url = options.url(segments);
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.extend(options.token.clone().map(|token| (AUTHORIZATION, token)));
        Ok(Self::new(&options, url, headers))
    }
}
