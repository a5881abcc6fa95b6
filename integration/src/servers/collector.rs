//! OpenTelemetry's Collector, which writes what it receives into a file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::package::{Cache, Package, Recipe};
use crate::server::{Launch, Server, free_port, is_listening};

pub(crate) const PACKAGE: Package = Package {
    name: "collector",
    version: "0.160.0",
    recipe: Recipe::GoProgram {
        module: include_str!("../../go/collector/go.mod"),
        source: include_str!("../../go/collector/main.go"),
        target: ".",
    },
    minutes: 4,
};

/// A collector that takes both protocols.
#[derive(Debug)]
pub(crate) struct Collector {
    server: Server,
    /// OTLP over HTTP.
    pub(crate) http_port: u16,
    /// OTLP over gRPC.
    pub(crate) grpc_port: u16,
    file: PathBuf,
}

impl Collector {
    pub(crate) fn start(cache: &Cache, folder: &Path) -> Result<Self> {
        let installed = cache.need(&PACKAGE)?;
        let (http_port, grpc_port) = (free_port()?, free_port()?);
        let (configuration, file) = (folder.join("collector.yaml"), folder.join("traces.jsonl"));
        let protocols = json!({
            "http": {"endpoint": format!("127.0.0.1:{http_port}")},
            "grpc": {"endpoint": format!("127.0.0.1:{grpc_port}")},
        });
        // JSON is YAML
        let settings = json!({
            "receivers": {"otlp": {"protocols": protocols}},
            "exporters": {"file": {"path": file, "append": true}},
            "service": {
                "telemetry": {"metrics": {"level": "none"}},
                "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["file"]}},
            },
        });
        fs::write(&configuration, settings.to_string())?;
        let command = move || {
            let mut command = installed.command("collector");
            command.arg(format!("--config=file:{}", configuration.display()));
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || is_listening(http_port) && is_listening(grpc_port)),
        };
        Ok(Self {
            server: Server::start("collector", folder, launch)?,
            http_port,
            grpc_port,
            file,
        })
    }

    /// Every span that was received, as OTLP has them in JSON, with the name of its tracer.
    pub(crate) fn spans(&mut self) -> Result<Vec<(String, Value)>> {
        // what it holds back is written when it ends
        self.server.stop();
        let text = fs::read_to_string(&self.file).context("the collector has written nothing")?;
        self.server.revive()?;
        let mut spans = Vec::new();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line)?;
            for scope in members(&line, "resourceSpans").flat_map(|resource| members(resource, "scopeSpans")) {
                let tracer = scope["scope"]["name"].as_str().unwrap_or_default();
                spans.extend(members(scope, "spans").map(|span| (tracer.to_owned(), span.clone())));
            }
        }
        Ok(spans)
    }
}

fn members<'v>(value: &'v Value, list: &str) -> impl Iterator<Item = &'v Value> {
    value[list].as_array().into_iter().flatten()
}
