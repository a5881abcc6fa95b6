//! The HTTP client of one retriever, with its certificates.

use reqwest::{Client, ClientBuilder, redirect, tls};

use super::HttpOptions;
use crate::{ErrorKind, RetrieveError};

/// As many as Go's client follows.
const MAX_REDIRECTS: usize = 10;

/// Reads the certificates and builds the client.
pub(crate) async fn build(options: &HttpOptions) -> Result<Client, RetrieveError> {
    let certificates = options.certificates.load().await?;
    let builder = || {
        let builder = Client::builder()
            .user_agent(concat!("flagstaff/", env!("CARGO_PKG_VERSION")))
            .timeout(options.timeout)
            .redirect(redirect::Policy::limited(MAX_REDIRECTS))
            .tls_version_min(tls::Version::TLS_1_2);
        let identity = certificates.identity.iter().cloned();
        identity.fold(builder, ClientBuilder::identity)
    };
    let mut client = builder().tls_certs_merge(certificates.trusted.clone()).build();
    if client.is_err() && certificates.trusted.is_empty() && options.url.scheme() == "http" {
        // A small container may hold no root certificates at all, and plain HTTP needs none.
        client = builder().tls_certs_only([]).build();
    }
    client.map_err(|error| {
        RetrieveError::new(ErrorKind::Settings, "the HTTP client cannot be set up").caused_by(error.without_url())
    })
}
