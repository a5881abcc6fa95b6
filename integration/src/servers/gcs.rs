//! fake-gcs-server, which plays Google Cloud Storage in memory. It asks for no token, and answers conditional requests in full.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Result, ensure};
use data_encoding::HEXLOWER;
use flagstaff_testkit::http::{Connection, Request, Response};
use serde_json::{Map, Value, json};

use super::nginx;
use crate::meter::Meter;
use crate::package::{Cache, Package, Recipe};
use crate::server::{Launch, Server, free_port, is_listening, loopback};

pub(crate) const PACKAGE: Package = Package {
    name: "fake-gcs-server",
    version: "1.56.1",
    recipe: Recipe::GoInstall("github.com/fsouza/fake-gcs-server@v1.56.1"),
    minutes: 3,
};

/// One that forgets everything when it dies.
#[derive(Debug)]
pub(crate) struct GoogleStorage {
    pub(crate) server: Server,
    pub(crate) port: u16,
    /// In front of it: where clients look for it.
    pub(crate) meter: Meter,
    _front: Option<Server>,
}

impl GoogleStorage {
    /// One to read from.
    pub(crate) fn start(cache: &Cache, folder: &Path) -> Result<Self> {
        let port = free_port()?;
        Self::launch(cache, folder, (port, Meter::before(port)?), None)
    }

    /// One to write to as well. Its XML interface takes no objects, so that nginx hands them to the JSON interface, with their conditions,
    /// and adds the entity tag that a client waits for.
    pub(crate) fn start_writable(cache: &Cache, folder: &Path) -> Result<Self> {
        let (port, front_port) = (free_port()?, free_port()?);
        // nginx's workers run for nobody
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        let blocks = FRONT
            .replace("FRONT", &front_port.to_string())
            .replace("PORT", &port.to_string());
        let front = nginx::start(cache, folder, &blocks, front_port)?;
        Self::launch(cache, folder, (port, Meter::before(front_port)?), Some(front))
    }

    fn launch(cache: &Cache, folder: &Path, (port, meter): (u16, Meter), front: Option<Server>) -> Result<Self> {
        let installed = cache.need(&PACKAGE)?;
        // it finds objects by their paths only if this is whom it is asked as
        let known_as = format!("127.0.0.1:{}", meter.port());
        let command = move || {
            let mut command = installed.command("fake-gcs-server");
            command
                .args(["-scheme", "http", "-host", "127.0.0.1", "-port", &port.to_string()])
                .args(["-backend", "memory", "-log-level", "warn", "-public-host", &known_as])
                .args(["-external-url", &format!("http://{known_as}")]);
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || is_listening(port)),
        };
        Ok(Self {
            server: Server::start("fake-gcs-server", folder, launch)?,
            port,
            meter,
            _front: front,
        })
    }

    /// What tells a client of Google where it is.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let place = format!("127.0.0.1:{}", self.meter.port());
        vec![("STORAGE_EMULATOR_HOST".to_owned(), place)]
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

const FRONT: &str = r#"
  map $request_method $written { default ""; PUT '"$request_id"'; }
  server {
    listen 127.0.0.1:FRONT;
    client_max_body_size 0;
    proxy_set_header Host $http_host;
    location / {
      if ($request_method = PUT) {
        rewrite ^/([^/]+)/(.+)$ /upload/storage/v1/b/$1/o?uploadType=media&name=$2&ifGenerationMatch=$http_x_goog_if_generation_match? last;
      }
      proxy_pass http://127.0.0.1:PORT;
    }
    location /upload/ {
      proxy_method POST;
      proxy_pass http://127.0.0.1:PORT;
      add_header ETag $written;
    }
  }
"#;
