//! moto, which plays the services of AWS in memory. It does not check signatures.

use std::path::Path;

use anyhow::Result;

use crate::package::{Cache, Package, Recipe};
use crate::server::{Launch, Server, answers, free_port};

pub(crate) const PACKAGE: Package = Package {
    name: "moto",
    version: "5.2.5",
    recipe: Recipe::Pypi(&["moto[server,s3,sqs,kinesis]==5.2.5"]),
    minutes: 0,
};

/// A moto that forgets everything when it dies.
#[derive(Debug)]
pub(crate) struct Moto {
    pub(crate) server: Server,
    pub(crate) port: u16,
}

impl Moto {
    pub(crate) fn start(cache: &Cache, folder: &Path) -> Result<Self> {
        let installed = cache.need(&PACKAGE)?;
        let port = free_port()?;
        let command = move || {
            let mut command = installed.command("moto.server");
            command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || answers(port, "/moto-api/")),
        };
        let server = Server::start("moto", folder, launch)?;
        Ok(Self { server, port })
    }
}
