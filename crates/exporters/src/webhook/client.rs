//! The HTTP client of one webhook.

use reqwest::{Client, redirect, tls};

use flagstaff_events::{ErrorKind, ExportError};

use super::WebhookOptions;

/// As many as Go's client follows.
const MAX_REDIRECTS: usize = 10;

/// Reads the certificates of the system and builds the client.
pub(super) async fn build(options: &WebhookOptions) -> Result<Client, ExportError> {
    let builder = || {
        Client::builder()
            .user_agent(concat!("flagstaff/", env!("CARGO_PKG_VERSION")))
            .timeout(options.timeout)
            .redirect(redirect::Policy::custom(follow))
            .tls_version_min(tls::Version::TLS_1_2)
    };
    let mut client = builder().build();
    if client.is_err() && options.url.scheme() == "http" {
        // a small container may hold no root certificates at all, and plain HTTP needs none
        client = builder().tls_certs_only([]).build();
    }
    client.map_err(|error| {
        ExportError::new(ErrorKind::Settings, "the HTTP client cannot be set up").caused_by(error.without_url())
    })
}

/// Goes on with the same method and body, or not at all.
fn follow(attempt: redirect::Attempt<'_>) -> redirect::Action {
    if !matches!(attempt.status().as_u16(), 307 | 308) {
        attempt.stop()
    } else if attempt.previous().len() > MAX_REDIRECTS {
        attempt.error("too many redirects")
    } else {
        attempt.follow()
    }
}
