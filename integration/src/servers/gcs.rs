//! Two that play Google Cloud Storage in memory. Neither asks for a token.

use std::path::Path;

use anyhow::{Result, ensure};
use data_encoding::HEXLOWER;
use flagstaff_testkit::http::{Connection, Request, Response};
use serde_json::{Map, Value, json};

use crate::package::{Cache, Package, Recipe};
use crate::server::{Launch, Server, free_port, is_listening, loopback};

/// The better one.
pub(crate) const FAKE_GCS_SERVER: Package = Package {
    name: "fake-gcs-server",
    version: "1.56.1",
    recipe: Recipe::GoInstall("github.com/fsouza/fake-gcs-server@v1.56.1"),
    minutes: 3,
};

/// The quicker one.
pub(crate) const EMULATOR: Package = Package {
    name: "gcp-storage-emulator",
    version: "2026.7.19",
    recipe: Recipe::Pypi(&["gcp-storage-emulator==2026.7.19"]),
    minutes: 0,
};

/// One of them.
#[derive(Debug)]
pub(crate) struct GoogleStorage {
    pub(crate) server: Server,
    pub(crate) port: u16,
}

impl GoogleStorage {
    pub(crate) fn start_fake_gcs_server(cache: &Cache, folder: &Path) -> Result<Self> {
        let installed = cache.need(&FAKE_GCS_SERVER)?;
        let port = free_port()?;
        let command = move || {
            let mut command = installed.command("fake-gcs-server");
            command
                .args([
                    "-scheme",
                    "http",
                    "-host",
                    "127.0.0.1",
                    "-port",
                    &port.to_string(),
                    "-backend",
                    "memory",
                ])
                .args(["-public-host", &format!("127.0.0.1:{port}"), "-log-level", "warn"])
                .args(["-external-url", &format!("http://127.0.0.1:{port}")]);
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || is_listening(port)),
        };
        let server = Server::start("fake-gcs-server", folder, launch)?;
        Ok(Self { server, port })
    }

    pub(crate) fn start_emulator(cache: &Cache, folder: &Path) -> Result<Self> {
        let installed = cache.need(&EMULATOR)?;
        let port = free_port()?;
        let command = move || {
            let mut command = installed.command("gcp_storage_emulator");
            command.args(["start", "--host=127.0.0.1", &format!("--port={port}"), "--in-memory"]);
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || is_listening(port)),
        };
        let server = Server::start("gcp-storage-emulator", folder, launch)?;
        Ok(Self { server, port })
    }

    /// Makes a bucket, unless there is one.
    pub(crate) fn make(&self, bucket: &str) -> Result<()> {
        let made = self.send(&Request::post(
            "/storage/v1/b?project=flagstaff",
            &json!({"name": bucket}),
        ))?;
        ensure!(
            matches!(made.status, 200 | 409),
            "no bucket: {} {}",
            made.status,
            made.text()
        );
        Ok(())
    }

    /// Writes an object, and makes the bucket when there is none.
    pub(crate) fn put(&self, bucket: &str, name: &str, content: &str) -> Result<()> {
        self.make(bucket)?;
        let path = format!("/upload/storage/v1/b/{bucket}/o?uploadType=media&name={name}");
        let upload = Request {
            method: "POST".to_owned(),
            path,
            body: content.as_bytes().to_vec(),
            ..Request::default()
        };
        let upload = upload.header("Content-Type", "application/octet-stream");
        let put = self.send(&upload)?;
        ensure!(put.status == 200, "no object: {} {}", put.status, put.text());
        Ok(())
    }

    /// Everything in a bucket: contents in hexadecimal by name.
    pub(crate) fn dump(&self, bucket: &str) -> Result<Map<String, Value>> {
        let list = self
            .send(&Request::get(&format!("/storage/v1/b/{bucket}/o?maxResults=10000")))?
            .json();
        let names = list["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|item| item["name"].as_str());
        let content = |name: &str| {
            let path = format!("/storage/v1/b/{bucket}/o/{}?alt=media", name.replace('/', "%2F"));
            let answer = self.send(&Request::get(&path))?;
            ensure!(
                answer.status == 200,
                "no object {name}: {} {}",
                answer.status,
                answer.text()
            );
            Ok((name.to_owned(), HEXLOWER.encode(&answer.body).into()))
        };
        names.map(content).collect()
    }

    fn send(&self, request: &Request) -> Result<Response> {
        Ok(Connection::open(loopback(self.port))?.send(request)?)
    }
}

/// What tells a client of Google where it is.
pub(crate) fn variables(port: u16) -> Vec<(String, String)> {
    vec![("STORAGE_EMULATOR_HOST".to_owned(), format!("127.0.0.1:{port}"))]
}
