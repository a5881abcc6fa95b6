//! A relay of Flagstaff's own, the built program, to be followed by another.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use flagstaff_testkit::http::{Connection, Request};
use serde_json::{Value, json};

use crate::contract::edition::FLAG;
use crate::server::{Launch, Server, answers, free_port, loopback};

/// The key that opens its flags.
pub(crate) const KEY: &str = "relay-secret-2b9f";

/// How long it may take to see an edit of its file.
const PATIENCE: Duration = Duration::from_secs(30);

/// A relay with one file of flags.
#[derive(Debug)]
pub(crate) struct CentralRelay {
    pub(crate) server: Server,
    pub(crate) port: u16,
    flags: PathBuf,
}

impl CentralRelay {
    /// Starts it with a first document.
    pub(crate) fn start(program: &Path, folder: &Path, document: &str) -> Result<Self> {
        let port = free_port()?;
        let home = folder.join("central");
        fs::create_dir(&home)?;
        let flags = home.join("flags.yaml");
        fs::write(&flags, document)?;
        let configuration = json!({
            "server": {"host": "127.0.0.1", "port": port},
            "retriever": {"kind": "file", "path": "flags.yaml"},
            "pollingInterval": 1000,
            "authorizedKeys": {"evaluation": [KEY]},
        });
        fs::write(home.join("goff-proxy.yaml"), configuration.to_string())?;
        let program = program.to_owned();
        let command = move || {
            let mut command = Command::new(&program);
            command
                .args(["relay", "--config", "goff-proxy.yaml"])
                .env_clear()
                .current_dir(&home);
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || answers(port, "/health")),
        };
        let server = Server::start("relay", folder, launch)?;
        Ok(Self { server, port, flags })
    }

    /// Replaces its file of flags.
    pub(crate) fn write(&self, document: &str) -> Result<()> {
        let aside = self.flags.with_extension("new");
        fs::write(&aside, document)?;
        Ok(fs::rename(aside, &self.flags)?)
    }

    /// Waits until it serves an edition.
    pub(crate) fn expect(&self, edition: &str) -> Result<()> {
        let began = Instant::now();
        while self.edition().context("the relay does not answer")? != edition {
            ensure!(began.elapsed() < PATIENCE, "the relay does not see edition {edition:?}");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn edition(&self) -> Result<String> {
        let request = Request::post("/v1/flag/configuration", &json!({})).header("X-API-Key", KEY);
        let answer = Connection::open(loopback(self.port))?.send(&request)?;
        ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
        let answer: Value = answer.json();
        let edition = answer["flags"][FLAG]["variations"]["shown"].as_str();
        Ok(edition.unwrap_or_default().to_owned())
    }
}
