//! Two that play Google Cloud Storage in memory. Neither asks for a token.

use std::path::Path;

use anyhow::{Result, ensure};
use flagstaff_testkit::http::{Connection, Request};
use serde_json::json;

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

/// The bucket that there is.
pub(crate) const BUCKET: &str = "flags";

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

    /// Writes an object into the bucket, which is made when there is none.
    pub(crate) fn put(&self, name: &str, content: &str) -> Result<()> {
        let mut connection = Connection::open(loopback(self.port))?;
        let made = connection.send(&Request::post(
            "/storage/v1/b?project=flagstaff",
            &json!({"name": BUCKET}),
        ))?;
        ensure!(
            matches!(made.status, 200 | 409),
            "no bucket: {} {}",
            made.status,
            made.text()
        );
        let mut upload = Request::post(
            &format!("/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={name}"),
            &json!(0),
        );
        upload.body = content.as_bytes().to_vec();
        let put = Connection::open(loopback(self.port))?.send(&upload)?;
        ensure!(put.status == 200, "no object: {} {}", put.status, put.text());
        Ok(())
    }
}
