//! What people write about a file of a repository.

use std::fmt;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::settings::{Settings, SettingsError};
use crate::timeout;

/// When nothing else is written.
const DEFAULT_BRANCH: &str = "main";

/// Options of the kinds `github`, `gitlab` and `bitbucket`. `Debug` hides the token.
#[derive(Clone)]
pub(super) struct RepositoryOptions {
    /// `repositorySlug`: `owner/name`; GitLab has groups in groups. Mandatory.
    pub(super) slug: String,
    /// `path`: of the file, from the root of the repository, without a slash in front. Mandatory.
    pub(super) path: String,
    /// `branch`: `main` by default.
    pub(super) branch: String,
    /// `token`, and at GitHub the deprecated `githubToken`, as a header says it.
    pub(super) token: Option<HeaderValue>,
    /// `baseUrl`: where the host's interface is; the public one by default.
    pub(super) base_url: Url,
    /// `timeout`: milliseconds for the whole exchange; 10,000 by default, also for 0 and below.
    pub(super) timeout: Duration,
}

impl RepositoryOptions {
    /// Reads the options of a configuration. The token is written after `scheme`, in the first of `token_properties` that holds one.
    pub(super) fn read(
        settings: Settings<'_>,
        default_base: &str,
        token_properties: &[&'static str],
        scheme: &str,
    ) -> Result<Self, SettingsError> {
        let place = |property: &'static str| {
            let written = settings.required(property)?;
            let segments: Vec<&str> = written.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
            if segments.contains(&"..") {
                return Err(settings.invalid(property, "must not lead out of the repository with `..`"));
            }
            if segments.is_empty() {
                return Err(settings.invalid(property, "names nothing"));
            }
            Ok(segments.join("/"))
        };
        let branch = match settings.text("branch")? {
            empty if empty.is_empty() => DEFAULT_BRANCH.to_owned(),
            written => written,
        };
        let mut token = None;
        for property in token_properties {
            let written = settings.text(property)?;
            if token.is_none() && !written.is_empty() {
                let mut value = HeaderValue::from_str(&format!("{scheme}{written}"))
                    .map_err(|_| settings.invalid(*property, "holds characters that a header cannot carry"))?;
                value.set_sensitive(true);
                token = Some(value);
            }
        }
        let base = settings.text("baseUrl")?;
        let base = if base.is_empty() { default_base } else { &base };
        let base_url = Url::parse(base.trim_end_matches('/'))
            .map_err(|error| settings.invalid("baseUrl", format!("is not a URL: {error}")))?;
        if !matches!(base_url.scheme(), "http" | "https") {
            return Err(settings.invalid("baseUrl", "must begin with http:// or https://"));
        }
        Ok(Self {
            slug: place("repositorySlug")?,
            path: place("path")?,
            branch,
            token,
            base_url,
            timeout: timeout::read(settings)?,
        })
    }

    /// The URL of `segments` below the base. Each stands between two slashes, whatever it holds.
    pub(super) fn url<'s>(&self, segments: impl IntoIterator<Item = &'s str>) -> Url {
        let mut url = self.base_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

impl fmt::Debug for RepositoryOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RepositoryOptions")
            .field("slug", &self.slug)
            .field("path", &self.path)
            .field("branch", &self.branch)
            .field("has_token", &self.token.is_some())
            .finish_non_exhaustive()
    }
}
