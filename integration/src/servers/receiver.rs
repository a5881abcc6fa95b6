//! nginx as what receives webhooks: it keeps the body of every request that carries the token, with its signature.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::nginx::{self, TOKEN};
use crate::package::Cache;
use crate::server::{Server, free_port};

/// An nginx that keeps what it is sent.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) server: Server,
    pub(crate) port: u16,
    log: PathBuf,
}

/// A request that was kept.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) body: Vec<u8>,
    /// `X-Hub-Signature-256`.
    pub(crate) signature: String,
}

impl Receiver {
    pub(crate) fn start(cache: &Cache, folder: &Path) -> Result<Self> {
        let (port, behind) = (free_port()?, free_port()?);
        let log = folder.join("received.log");
        // its workers run for nobody
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        let blocks = BLOCKS
            .replace("LOG", &log.display().to_string())
            .replace("TOKEN", TOKEN)
            .replace("BEHIND", &behind.to_string())
            .replace("PORT", &port.to_string());
        Ok(Self {
            server: nginx::start(cache, folder, &blocks, port)?,
            port,
            log,
        })
    }

    /// Everything that was kept. It is down for a moment, since a request is answered before it is noted.
    pub(crate) fn received(&mut self) -> Result<Vec<Received>> {
        self.server.stop();
        self.server.revive()?;
        self.noted()
    }

    /// What was noted so far.
    pub(crate) fn noted(&self) -> Result<Vec<Received>> {
        let log = fs::read_to_string(&self.log)?;
        let read = |line: &str| {
            let line: Value = serde_json::from_str(line)?;
            let file = line["file"].as_str().context("a request has a file")?;
            Ok(Received {
                body: fs::read(file).with_context(|| format!("cannot read {file}"))?,
                signature: line["signature"].as_str().unwrap_or_default().to_owned(),
            })
        };
        let kept = log.lines().filter(|line| !line.contains(r#""file":"""#));
        kept.map(read).collect()
    }
}

// only what is handed on is read, and kept
const BLOCKS: &str = r#"
  log_format received escape=json '{"file":"$request_body_file","signature":"$http_x_hub_signature_256"}';
  server { listen 127.0.0.1:BEHIND; return 200; }
  server {
    listen 127.0.0.1:PORT;
    client_max_body_size 0;
    if ($http_authorization != "Bearer TOKEN") { return 401; }
    location / {
      access_log LOG received;
      client_body_in_file_only on;
      proxy_pass http://127.0.0.1:BEHIND;
    }
  }
"#;
