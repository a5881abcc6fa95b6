//! rotel, a collector that is installed in seconds. It keeps nothing: what it receives it hands on to a receiver of our own.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use flagstaff_testkit::collector::{Collector, Span};

use crate::package::{Cache, Package, Recipe};
use crate::server::{Launch, Server, free_port, is_listening};

pub(crate) const PACKAGE: Package = Package {
    name: "rotel",
    version: "0.0.1a15",
    recipe: Recipe::Pypi(&["rotel==0.0.1a15"]),
    minutes: 0,
};

/// A collector that takes both protocols.
#[derive(Debug)]
pub(crate) struct Rotel {
    server: Server,
    /// OTLP over HTTP.
    pub(crate) http_port: u16,
    /// OTLP over gRPC.
    pub(crate) grpc_port: u16,
    behind: Collector,
}

impl Rotel {
    pub(crate) fn start(cache: &Cache, folder: &Path) -> Result<Self> {
        let program = cache.need(&PACKAGE)?.file("rotel/rotel-agent");
        let (http_port, grpc_port) = (free_port()?, free_port()?);
        let behind = Collector::over_grpc();
        let arguments = [
            format!("--otlp-http-endpoint=127.0.0.1:{http_port}"),
            format!("--otlp-grpc-endpoint=127.0.0.1:{grpc_port}"),
            format!("--otlp-exporter-endpoint={}", behind.url()),
            format!("--pid-file={}", folder.join("rotel.pid").display()),
            format!("--log-file={}", folder.join("rotel-agent.log").display()),
            "--exporter=otlp".to_owned(),
            "--otlp-exporter-protocol=grpc".to_owned(),
        ];
        let command = move || {
            let mut command = Command::new(&program);
            command.arg("start").args(&arguments);
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || is_listening(http_port) && is_listening(grpc_port)),
        };
        Ok(Self {
            server: Server::start("rotel", folder, launch)?,
            http_port,
            grpc_port,
            behind,
        })
    }

    /// Every span that was received.
    pub(crate) fn spans(&mut self) -> Result<Vec<Span>> {
        // what it holds back is handed on when it ends
        self.server.stop();
        self.server.revive()?;
        Ok(self.behind.received().spans)
    }
}
