//! What a connection over TLS trusts and shows, beside what the system has.

use std::path::{Path, PathBuf};

use reqwest::{Certificate, Identity};

use crate::settings::{Settings, SettingsError};
use crate::{ErrorKind, RetrieveError};

/// Files of certificates in PEM.
#[derive(Debug, Clone, Default)]
pub struct CertificateFiles {
    /// `clientCertPath` and `clientKeyPath`: to authenticate with; both or neither.
    pub client: Option<(PathBuf, PathBuf)>,
    /// `caCertPath`: authorities that are trusted beside those of the system.
    pub authorities: Option<PathBuf>,
}

/// What is in the files.
#[derive(Debug, Default)]
pub(crate) struct Certificates {
    pub(crate) trusted: Vec<Certificate>,
    pub(crate) identity: Option<Identity>,
}

impl CertificateFiles {
    /// Reads the options of a configuration.
    pub(crate) fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let client = match (settings.text("clientCertPath")?, settings.text("clientKeyPath")?) {
            (certificate, key) if certificate.is_empty() == key.is_empty() => {
                settings.file("clientCertPath")?.zip(settings.file("clientKeyPath")?)
            }
            (certificate, _) => {
                let (missing, present) = if certificate.is_empty() {
                    ("clientCertPath", "clientKeyPath")
                } else {
                    ("clientKeyPath", "clientCertPath")
                };
                return Err(settings.invalid(missing, format!("is needed beside {present}: write both or neither")));
            }
        };
        let authorities = settings.file("caCertPath")?;
        Ok(Self { client, authorities })
    }

    /// Reads the files.
    pub(crate) async fn load(&self) -> Result<Certificates, RetrieveError> {
        let mut certificates = Certificates::default();
        if let Some(path) = &self.authorities {
            let pem = read(path, "caCertPath").await?;
            certificates.trusted =
                Certificate::from_pem_bundle(&pem).map_err(|error| rejected(path, "caCertPath", error))?;
            if certificates.trusted.is_empty() {
                return Err(unusable(path, "caCertPath", "holds no PEM certificate"));
            }
        }
        if let Some((certificate, key)) = &self.client {
            let mut pem = read(certificate, "clientCertPath").await?;
            pem.push(b'\n');
            pem.extend(read(key, "clientKeyPath").await?);
            let identity = Identity::from_pem(&pem);
            certificates.identity = Some(identity.map_err(|error| rejected(certificate, "clientCertPath", error))?);
        }
        Ok(certificates)
    }
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
