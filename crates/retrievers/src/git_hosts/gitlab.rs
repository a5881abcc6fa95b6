//! A file on GitLab, or on a server of one's own.
//!
//! ```yaml
//! retriever:
//!   kind: gitlab
//!   repositorySlug: acme/platform/config
//!   path: flags.yaml
//!   baseUrl: https://gitlab.acme.example          # only for a server of one's own
//! ```

use reqwest::header::{HeaderMap, HeaderName};

use super::{HostedFile, RepositoryOptions, Settings, SettingsError};

const PUBLIC: &str = "https://gitlab.com";

const PRIVATE_TOKEN: HeaderName = HeaderName::from_static("private-token");

impl HostedFile {
    /// A file on GitLab. Project and path are one segment of the URL each.
    pub fn on_gitlab(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let options = RepositoryOptions::read(settings, PUBLIC, &["token"], "")?;
        let mut url = options.url([
            "api",
            "v4",
            "projects",
            &options.slug,
            "repository",
            "files",
            &options.path,
            "raw",
        ]);
        url.query_pairs_mut().append_pair("ref", &options.branch);
        let headers = HeaderMap::from_iter(options.token.clone().map(|token| (PRIVATE_TOKEN, token)));
        Ok(Self::new(&options, url, headers))
    }
}
