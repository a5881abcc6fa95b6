//! TLS as it is offered: certificates and keys that were read and fit together.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use sha2::{Digest, Sha256};

/// The protocols that are offered, the preferred one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

static FROM_1_2: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];
static FROM_1_3: [&SupportedProtocolVersion; 1] = [&TLS13];

/// TLS as it is offered.
#[derive(Clone)]
pub struct Tls {
    /// What each handshake follows.
    pub config: Arc<ServerConfig>,
    /// Offers it on the monitoring listener too.
    pub monitoring: bool,
    /// Tells it from TLS with other files or options.
    digest: [u8; 32],
}

/// What TLS is made from: the contents of files in PEM, and options.
pub(super) struct TlsMaterial<'m> {
    /// The certificate, and those that vouch for it.
    pub(super) certificates: &'m [u8],
    /// Its private key.
    pub(super) key: &'m [u8],
    /// The authorities of clients, where these show certificates.
    pub(super) client_authorities: Option<&'m [u8]>,
    pub(super) client_certificates: ClientCertificates,
    pub(super) minimum_version: TlsVersion,
    pub(super) monitoring: bool,
}

/// Whether clients show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ClientCertificates {
    /// They must.
    #[default]
    Required,
    /// They may.
    Requested,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum TlsVersion {
    #[default]
    V1_2,
    V1_3,
}

/// Why there can be no TLS with some files.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    /// A setting's file is of no use.
    #[error("{0}")]
    Certificates(FileError),
    /// A setting's file is of no use.
    #[error("{0}")]
    Key(FileError),
    /// A setting's file is of no use.
    #[error("{0}")]
    ClientAuthorities(FileError),
    /// The files are not for each other.
    #[error("cannot be used with the certificate: {0}")]
    Mismatch(rustls::Error),
}

/// Why a file is of no use. None of the texts shows what is in it.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("holds no {0} in PEM")]
    Nothing(&'static str),
    #[error("is not read as PEM: {0}")]
    Pem(#[from] pem::Error),
    #[error("holds a certificate of no use: {0}")]
    Certificate(Box<dyn std::error::Error + Send + Sync>),
}

impl Tls {
    /// Puts the files together.
    pub(super) fn new(material: &TlsMaterial<'_>) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let chain = certificates(material.certificates).map_err(TlsError::Certificates)?;
        let key = PrivateKeyDer::from_pem_slice(material.key).map_err(|error| {
            TlsError::Key(match error {
                pem::Error::NoItemsFound => FileError::Nothing("private key"),
                error => error.into(),
            })
        })?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(material.minimum_version.and_newer())
            .expect("the provider has both versions");
        let builder = match material.client_authorities {
            None => builder.with_no_client_auth(),
            Some(authorities) => {
                let roots = roots(authorities).map_err(TlsError::ClientAuthorities)?;
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
                let verifier = match material.client_certificates {
                    ClientCertificates::Required => verifier,
                    ClientCertificates::Requested => verifier.allow_unauthenticated(),
                };
                let verifier = verifier
                    .build()
                    .map_err(|error| TlsError::ClientAuthorities(FileError::Certificate(error.into())))?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder.with_single_cert(chain, key).map_err(TlsError::Mismatch)?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        Ok(Self {
            config: Arc::new(config),
            monitoring: material.monitoring,
            digest: material.digest(),
        })
    }
}

impl PartialEq for Tls {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("monitoring", &self.monitoring)
            .finish_non_exhaustive()
    }
}

impl TlsMaterial<'_> {
    fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for file in [self.certificates, self.key, self.client_authorities.unwrap_or_default()] {
            digest.update(Sha256::digest(file));
        }
        digest.update([
            u8::from(self.client_authorities.is_some()),
            self.client_certificates as u8,
            self.minimum_version as u8,
            u8::from(self.monitoring),
        ]);
        digest.finalize().into()
    }
}

impl ClientCertificates {
    pub(super) const NAMES: &'static [&'static str] = &["require", "request"];

    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "require" => Some(Self::Required),
            "request" => Some(Self::Requested),
            _ => None,
        }
    }
}

impl TlsVersion {
    pub(super) const NAMES: &'static [&'static str] = &["1.2", "1.3"];

    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "1.2" => Some(Self::V1_2),
            "1.3" => Some(Self::V1_3),
            _ => None,
        }
    }

    fn and_newer(self) -> &'static [&'static SupportedProtocolVersion] {
        match self {
            Self::V1_2 => &FROM_1_2,
            Self::V1_3 => &FROM_1_3,
        }
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>()?;
    if certificates.is_empty() {
        return Err(FileError::Nothing("certificate"));
    }
    Ok(certificates)
}

fn roots(pem: &[u8]) -> Result<RootCertStore, FileError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots
            .add(certificate)
            .map_err(|error| FileError::Certificate(error.into()))?;
    }
    Ok(roots)
}
