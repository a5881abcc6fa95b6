//! MinIO, which speaks S3 more exactly than others, and takes long to build.

use std::path::Path;

use anyhow::Result;

use super::versitygw::{ACCESS_KEY, SECRET_KEY};
use crate::package::{Cache, Package, Recipe};
use crate::server::{Launch, Server, answers, free_port};

pub(crate) const PACKAGE: Package = Package {
    name: "minio",
    version: "20260212",
    recipe: Recipe::GoInstall("github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c"),
    minutes: 6,
};

/// A MinIO of one disk.
#[derive(Debug)]
pub(crate) struct Minio {
    pub(crate) server: Server,
    pub(crate) port: u16,
}

impl Minio {
    pub(crate) fn start(cache: &Cache, folder: &Path) -> Result<Self> {
        let installed = cache.need(&PACKAGE)?;
        let port = free_port()?;
        let home = folder.to_owned();
        let command = move || {
            let mut command = installed.command("minio");
            command
                .env("MINIO_ROOT_USER", ACCESS_KEY)
                .env("MINIO_ROOT_PASSWORD", SECRET_KEY)
                .env("MINIO_SITE_REGION", "us-east-1")
                .env("MINIO_BROWSER", "off")
                .arg("--config-dir")
                .arg(home.join("minio-configuration"))
                .arg("--certs-dir")
                .arg(home.join("minio-certificates"))
                .args(["server", "--quiet", "--address", &format!("127.0.0.1:{port}")])
                .arg(home.join("minio-data"));
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || answers(port, "/minio/health/ready")),
        };
        let server = Server::start("minio", folder, launch)?;
        Ok(Self { server, port })
    }
}
