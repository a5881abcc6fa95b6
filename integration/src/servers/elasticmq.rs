//! ElasticMQ, which plays SQS in memory. It does not check signatures.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::package::{Cache, Package, Recipe};
use crate::server::{Launch, Server, free_port, is_listening};

pub(crate) const PACKAGE: Package = Package {
    name: "elasticmq",
    version: "1.7.1",
    recipe: Recipe::Maven(&["org.elasticmq:elasticmq-server_2.13:1.7.1"]),
    minutes: 0,
};

/// One that forgets everything when it dies.
#[derive(Debug)]
pub(crate) struct Elasticmq {
    /// Kept so that it lives.
    _server: Server,
    pub(crate) port: u16,
}

impl Elasticmq {
    pub(crate) fn start(cache: &Cache, folder: &Path) -> Result<Self> {
        let installed = cache.need(&PACKAGE)?;
        let port = free_port()?;
        let configuration = folder.join("elasticmq.conf");
        let text = format!(
            "rest-sqs {{ enabled = true, bind-hostname = \"127.0.0.1\", bind-port = {port} }}\n\
             rest-stats {{ enabled = false }}\n\
             node-address {{ host = \"127.0.0.1\", port = {port} }}\n"
        );
        fs::write(&configuration, text)?;
        let command = move || {
            let mut command = installed.command("org.elasticmq.server.Main");
            let options = format!("-Xmx256m -Dconfig.file={}", configuration.display());
            command.env("JDK_JAVA_OPTIONS", options);
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || is_listening(port)),
        };
        Ok(Self {
            _server: Server::start("elasticmq", folder, launch)?,
            port,
        })
    }
}
