//! The HTTP client of one retriever, with its certificates.

use std::path::Path;

use reqwest::{Certificate, Client, ClientBuilder, Identity, redirect, tls};

use super::HttpOptions;
use crate::{ErrorKind, RetrieveError};

/// As many as Go's client follows.
const MAX_REDIRECTS: usize = 10;

/// Reads the certificates and builds the client.
pub(crate) async fn build(options: &HttpOptions) -> Result<Client, RetrieveError> {
    let mut trusted = Vec::new();
    if let Some(path) = &options.ca_certificates {
        let pem = read(path, "caCertPath").await?;
        trusted = Certificate::from_pem_bundle(&pem).map_err(|error| rejected(path, "caCertPath", error))?;
        if trusted.is_empty() {
            return Err(unusable(path, "caCertPath", "holds no PEM certificate"));
        }
    }
    let mut identity = None;
    if let Some((certificate, key)) = &options.client_certificate {
        let mut pem = read(certificate, "clientCertPath").await?;
        pem.push(b'\n');
        pem.extend(read(key, "clientKeyPath").await?);
        identity = Some(Identity::from_pem(&pem).map_err(|error| rejected(certificate, "clientCertPath", error))?);
    }
    let builder = || {
        let builder = Client::builder()
            .user_agent(concat!("flagstaff/", env!("CARGO_PKG_VERSION")))
            .timeout(options.timeout)
            .redirect(redirect::Policy::limited(MAX_REDIRECTS))
            .tls_version_min(tls::Version::TLS_1_2);
        identity.iter().cloned().fold(builder, ClientBuilder::identity)
    };
    let mut client = builder().tls_certs_merge(trusted.clone()).build();
    if client.is_err() && trusted.is_empty() && options.url.scheme() == "http" {
        // A small container may hold no root certificates at all, and plain HTTP needs none.
        client = builder().tls_certs_only([]).build();
    }
    client.map_err(|error| {
        RetrieveError::new(ErrorKind::Settings, "the HTTP client cannot be set up").caused_by(error.without_url())
    })
}

async fn read(path: &Path, property: &'static str) -> Result<Vec<u8>, RetrieveError> {
    tokio::fs::read(path)
        .await
        .map_err(|error| unusable(path, property, "cannot be read").caused_by(error))
}

fn rejected(path: &Path, property: &'static str, error: reqwest::Error) -> RetrieveError {
    unusable(path, property, "is not PEM of the right kind").caused_by(error)
}

fn unusable(path: &Path, property: &'static str, problem: &str) -> RetrieveError {
    RetrieveError::new(ErrorKind::Settings, format!("the file of {property} {problem}")).context("path", path.display())
}
