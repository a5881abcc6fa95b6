//! Certificates that are made when they are needed, and a client that speaks TLS.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned};

use crate::http::Connection;

/// No handshake takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// An authority that vouches for certificates.
#[derive(Debug)]
pub struct Authority {
    /// Its own certificate, in PEM.
    pub certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

/// A client that speaks TLS with a server on this machine.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// The certificate of the authority that it trusts, in PEM.
    pub authority: String,
    /// Its own certificate.
    pub identity: Option<Identity>,
    /// The protocols that it offers, like `h2`.
    pub protocols: Vec<&'static str>,
}

/// What was agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The version of TLS, like `TLSv1_3`.
    pub version: Option<ProtocolVersion>,
    /// The protocol inside.
    pub protocol: Option<String>,
}

impl Authority {
    /// A new one.
    ///
    /// # Errors
    /// When there are no random numbers.
    pub fn new() -> Result<Self, rcgen::Error> {
        let mut parameters = CertificateParams::new(Vec::new())?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // an authority that is called like what it vouches for would seem to have signed itself
        parameters.distinguished_name.push(DnType::CommonName, "test authority");
        let key = KeyPair::generate()?;
        Ok(Self {
            certificate: parameters.self_signed(&key)?.pem(),
            issuer: Issuer::new(parameters, key),
        })
    }

    /// A certificate for a server on this machine.
    ///
    /// # Errors
    /// When there are no random numbers.
    pub fn server(&self) -> Result<Identity, rcgen::Error> {
        self.issue(ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A certificate for a client.
    ///
    /// # Errors
    /// When there are no random numbers.
    pub fn client(&self) -> Result<Identity, rcgen::Error> {
        self.issue(ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue(&self, purpose: ExtendedKeyUsagePurpose) -> Result<Identity, rcgen::Error> {
        let mut parameters = CertificateParams::new(vec![Ipv4Addr::LOCALHOST.to_string()])?;
        parameters.extended_key_usages = vec![purpose];
        let key = KeyPair::generate()?;
        Ok(Identity {
            certificate: parameters.signed_by(&key, &self.issuer)?.pem(),
            key: key.serialize_pem(),
        })
    }
}

impl Client {
    /// One that trusts what this authority vouches for.
    pub fn trusting(authority: &Authority) -> Self {
        Self {
            authority: authority.certificate.clone(),
            ..Self::default()
        }
    }

    /// Connects, and comes to terms.
    ///
    /// # Errors
    /// When nobody listens, or who does is not trusted or does not trust this client.
    pub fn connect(&self, address: SocketAddr) -> io::Result<(Connection, Terms)> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&self.authority)? {
            roots.add(certificate).map_err(io::Error::other)?;
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots);
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(io::Error::other)?;
                builder
                    .with_client_auth_cert(certificates(&identity.certificate)?, key)
                    .map_err(io::Error::other)?
            }
        };
        config.alpn_protocols = self
            .protocols
            .iter()
            .map(|protocol| protocol.as_bytes().to_vec())
            .collect();
        let name = ServerName::IpAddress(address.ip().into());
        let session = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        let socket = TcpStream::connect_timeout(&address, PATIENCE)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let mut stream = StreamOwned::new(session, socket);
        // nothing is sent before the handshake is over
        stream.flush()?;
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        let terms = Terms {
            version: stream.conn.protocol_version(),
            protocol: stream
                .conn
                .alpn_protocol()
                .map(|protocol| String::from_utf8_lossy(protocol).into_owned()),
        };
        Ok((Connection::over(stream, &address.to_string()), terms))
    }
}

fn certificates(pem: &str) -> io::Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(io::Error::other)
}
