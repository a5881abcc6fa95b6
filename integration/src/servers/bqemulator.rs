//! An emulator of BigQuery on DuckDB. It asks for no token, takes columns that a table does not have, and forgets everything when it dies.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use flagstaff_testkit::http::{Connection, Request};
use serde_json::{Value, json};

use crate::execution::run;
use crate::package::{Cache, Package, Recipe};
use crate::server::{Launch, Server, answers, free_port, loopback};

pub(crate) const PACKAGE: Package = Package {
    name: "bqemulator",
    version: "1.4.0",
    recipe: Recipe::Pypi(&[
        "bqemulator==1.4.0",
        "numpy",
        "pytz",
        "duckdb==1.5.5",
        "duckdb-extension-spatial==1.5.5",
        "duckdb-extensions",
    ]),
    minutes: 0,
};

/// The project of everything in it.
pub(crate) const PROJECT: &str = "flagstaff";

#[derive(Debug)]
pub(crate) struct Bqemulator {
    /// Kept so that it lives.
    _server: Server,
    pub(crate) port: u16,
}

impl Bqemulator {
    pub(crate) fn start(cache: &Cache, folder: &Path) -> Result<Self> {
        let installed = cache.need(&PACKAGE)?;
        let [port, other] = [free_port()?, free_port()?];
        let home = folder.join("bqemulator");
        std::fs::create_dir(&home)?;
        // it would be fetched from where nothing is
        let extension = "from duckdb_extensions import import_extension; import_extension('spatial')";
        run(installed.script(extension).env("HOME", &home)).context("cannot prepare DuckDB")?;
        let command = move || {
            let mut command = installed.command("bqemulator");
            command
                .env("HOME", &home)
                .args(["start", "--ephemeral", "--project", PROJECT])
                .args(["--rest-port", &port.to_string(), "--grpc-port", &other.to_string()]);
            command
        };
        let path = format!("/bigquery/v2/projects/{PROJECT}/datasets");
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || answers(port, &path)),
        };
        Ok(Self {
            _server: Server::start("bqemulator", folder, launch)?,
            port,
        })
    }

    /// The rows of a query, each a list of its columns as texts.
    pub(crate) fn query(&self, text: &str) -> Result<Vec<Vec<Option<String>>>> {
        let path = format!("/bigquery/v2/projects/{PROJECT}/queries");
        let order = json!({"query": text, "useLegacySql": false, "maxResults": 100_000});
        let answer = Connection::open(loopback(self.port))?.send(&Request::post(&path, &order))?;
        ensure!(answer.status == 200, "no answer: {} {}", answer.status, answer.text());
        let answer = answer.json();
        let rows = answer["rows"].as_array().into_iter().flatten();
        let row = |row: &Value| {
            let cells = row["f"].as_array().into_iter().flatten();
            cells.map(|cell| cell["v"].as_str().map(str::to_owned)).collect()
        };
        Ok(rows.map(row).collect())
    }
}
