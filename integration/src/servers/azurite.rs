//! Azurite, Microsoft's emulator of Azure Storage, in memory. It checks the signatures of account keys.

use std::path::Path;

use anyhow::Result;

use crate::package::{Cache, Package, Recipe};
use crate::server::{Launch, Server, free_port, is_listening};

pub(crate) const PACKAGE: Package = Package {
    name: "azurite",
    version: "3.35.0",
    // later versions of the first need a newer Node.js; the second is the client that fills it
    recipe: Recipe::Npm(&["azurite@3.35.0", "@azure/storage-blob@12.28.0"]),
    minutes: 0,
};

/// The account.
pub(crate) const ACCOUNT: &str = "flagstaff";

/// Its key, in base64.
pub(crate) const KEY: &str = "YXp1cmUtc2VjcmV0LWtleS1vZi1mbGFnc3RhZmY=";

/// A key of the right form that opens nothing.
pub(crate) const WRONG_KEY: &str = "d3Jvbmctc2VjcmV0LTgxLWtleS1vZi1mbGFnc3RhZmY=";

/// An Azurite that forgets everything when it dies.
#[derive(Debug)]
pub(crate) struct Azurite {
    pub(crate) server: Server,
    pub(crate) port: u16,
}

impl Azurite {
    pub(crate) fn start(cache: &Cache, folder: &Path) -> Result<Self> {
        let installed = cache.need(&PACKAGE)?;
        let port = free_port()?;
        let home = folder.to_owned();
        let command = move || {
            let mut command = installed.command("azurite-blob");
            command
                .env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{KEY}"))
                .args([
                    "--silent",
                    "--inMemoryPersistence",
                    "--disableTelemetry",
                    "--skipApiVersionCheck",
                ])
                .args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()])
                .current_dir(&home);
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || is_listening(port)),
        };
        let server = Server::start("azurite", folder, launch)?;
        Ok(Self { server, port })
    }

    /// Its account.
    pub(crate) fn url(&self) -> String {
        url(self.port)
    }
}

/// The account behind a port.
pub(crate) fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}/{ACCOUNT}")
}
