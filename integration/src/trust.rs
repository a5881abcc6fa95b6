//! An authority of our own, and what it vouches for, as files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use flagstaff_testkit::tls::{self, Authority};

/// Certificates in PEM.
#[derive(Debug)]
pub(crate) struct Trust {
    /// The certificate of the authority.
    pub(crate) authority: PathBuf,
    /// For servers on 127.0.0.1.
    pub(crate) server: Identity,
    /// For clients.
    pub(crate) client: Identity,
}

/// A certificate and its private key.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Trust {
    /// A new authority.
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let authority = Authority::new()?;
        let path = folder.join("authority.crt");
        fs::write(&path, &authority.certificate)?;
        Ok(Self {
            authority: path,
            server: Identity::write(folder, "server", &authority.server()?)?,
            client: Identity::write(folder, "client", &authority.client()?)?,
        })
    }
}

impl Identity {
    fn write(folder: &Path, name: &str, identity: &tls::Identity) -> Result<Self> {
        let files = Self {
            certificate: folder.join(format!("{name}.crt")),
            key: folder.join(format!("{name}.key")),
        };
        fs::write(&files.certificate, &identity.certificate)?;
        fs::write(&files.key, &identity.key)?;
        fs::set_permissions(&files.key, fs::Permissions::from_mode(0o600))?;
        Ok(files)
    }
}
