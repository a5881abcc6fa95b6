//! FerretDB, which speaks MongoDB's protocol and keeps documents in SQLite. It knows none of MongoDB's ways to log in.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::package::{Cache, Package, Recipe};
use crate::server::{Launch, Server, free_port, is_listening};

pub(crate) const PACKAGE: Package = Package {
    name: "ferretdb",
    version: "1.24.2",
    recipe: Recipe::GoProgram {
        module: include_str!("../../go/ferretdb/go.mod"),
        source: include_str!("../../go/ferretdb/main.go"),
        target: ".",
    },
    minutes: 3,
};

#[derive(Debug)]
pub(crate) struct Ferretdb {
    pub(crate) server: Server,
    pub(crate) port: u16,
}

impl Ferretdb {
    pub(crate) fn start(cache: &Cache, folder: &Path) -> Result<Self> {
        let installed = cache.need(&PACKAGE)?;
        let port = free_port()?;
        let data = folder.join("ferretdb");
        fs::create_dir(&data)?;
        let command = move || {
            let mut command = installed.command("ferretdb");
            command.arg(format!("127.0.0.1:{port}")).arg(&data);
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || is_listening(port)),
        };
        let server = Server::start("ferretdb", folder, launch)?;
        Ok(Self { server, port })
    }
}
