//! A file in a repository, fetched through the web interface of the host: GitHub, GitLab, Bitbucket.
//!
//! ```yaml
//! retriever:
//!   kind: github                 # or gitlab, bitbucket
//!   repositorySlug: acme/config
//!   path: flags/production.yaml
//!   branch: main                 # or a tag, or a commit
//!   token: ghp_...               # for a repository that is not public
//!   timeout: 5000                # milliseconds
//! ```
//!
//! The answer's `ETag` is sent back with the next request, so that an unchanged file costs no body, and at GitHub does not count against
//! the limit of the token. A host that names a time, by `Retry-After` or a limit of which nothing is left, is not asked before.

use reqwest::Url;
use reqwest::header::HeaderMap;

use crate::http::{HttpOptions, HttpRetriever};
use crate::settings::{Settings, SettingsError};
use crate::{Retrieval, Retriever, Revision};

use options::RepositoryOptions;

pub mod bitbucket;
pub mod github;
pub mod gitlab;
mod options;

/// Fetches a file of a repository.
#[derive(Debug)]
pub struct HostedFile {
    http: HttpRetriever,
    place: String,
}

impl HostedFile {
    /// A file that the host gives under `url`.
    fn new(options: &RepositoryOptions, url: Url, headers: HeaderMap) -> Self {
        let http = HttpOptions {
            headers,
            timeout: options.timeout,
            ..HttpOptions::new(url)
        };
        let RepositoryOptions { slug, path, branch, .. } = options;
        Self {
            http: HttpRetriever::new(http),
            place: format!("{slug}/{path}@{branch}"),
        }
    }
}

impl Retriever for HostedFile {
    fn retrieve<'a>(&'a self, previous: Option<&'a Revision>) -> Retrieval<'a> {
        self.http.retrieve(previous)
    }

    fn place(&self) -> String {
        self.place.clone()
    }
}

#[cfg(test)]
mod tests;
