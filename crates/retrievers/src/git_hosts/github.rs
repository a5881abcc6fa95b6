//! A file on GitHub, or on a server of one's own.
//!
//! ```yaml
//! retriever:
//!   kind: github
//!   repositorySlug: acme/config
//!   path: flags.yaml
//!   baseUrl: https://github.acme.example/api/v3   # only for a server of one's own
//! ```

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};

use super::{HostedFile, RepositoryOptions, Settings, SettingsError};

const PUBLIC: &str = "https://api.github.com";

impl HostedFile {
    /// A file on GitHub. `token` counts before the deprecated `githubToken`.
    pub fn on_github(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let options = RepositoryOptions::read(settings, PUBLIC, &["token", "githubToken"], "Bearer ")?;
        let segments = ["repos"]
            .into_iter()
            .chain(options.slug.split('/'))
            .chain(["contents"])
            .chain(options.path.split('/'));
        let mut url = options.url(segments);
        url.query_pairs_mut().append_pair("ref", &options.branch);
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/vnd.github.raw"));
        headers.insert("x-github-api-version", HeaderValue::from_static("2022-11-28"));
        headers.extend(options.token.clone().map(|token| (AUTHORIZATION, token)));
        Ok(Self::new(&options, url, headers))
    }
}
