//! Versity's gateway, which speaks S3 and keeps objects as files. It checks signatures.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::package::{Cache, Package, Recipe};
use crate::server::{Launch, Server, free_port, is_listening};

pub(crate) const PACKAGE: Package = Package {
    name: "versitygw",
    version: "1.8.0",
    recipe: Recipe::GoInstall("github.com/versity/versitygw/cmd/versitygw@v1.8.0"),
    minutes: 3,
};

/// The key that may do everything.
pub(crate) const ACCESS_KEY: &str = "AKIAFLAGSTAFFTEST001";

/// Its secret.
pub(crate) const SECRET_KEY: &str = "s3-secret-4be1";

/// A gateway in front of a folder.
#[derive(Debug)]
pub(crate) struct Versitygw {
    pub(crate) server: Server,
    pub(crate) port: u16,
}

impl Versitygw {
    pub(crate) fn start(cache: &Cache, folder: &Path) -> Result<Self> {
        let installed = cache.need(&PACKAGE)?;
        let port = free_port()?;
        let (users, objects) = (folder.join("users"), folder.join("objects"));
        fs::create_dir(&users)?;
        fs::create_dir(&objects)?;
        let command = move || {
            let mut command = installed.command("versitygw");
            command
                .env("ROOT_ACCESS_KEY", ACCESS_KEY)
                .env("ROOT_SECRET_KEY", SECRET_KEY)
                .args([
                    "--port",
                    &format!("127.0.0.1:{port}"),
                    "--quiet",
                    "--region",
                    "us-east-1",
                    "--iam-dir",
                ])
                .arg(&users)
                .arg("posix")
                .arg(&objects);
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || is_listening(port)),
        };
        let server = Server::start("versitygw", folder, launch)?;
        Ok(Self { server, port })
    }
}

/// What tells a client of Amazon where to go, and who it is.
pub(crate) fn variables(port: u16, secret: &str) -> Vec<(String, String)> {
    let variables = [
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
    ];
    variables.map(|(name, value)| (name.to_owned(), value)).to_vec()
}
