//! Redis, of Debian.

use std::path::Path;

use anyhow::Result;

use crate::execution::output;
use crate::package::{Cache, Installed, Package, Recipe};
use crate::server::{Launch, Server, free_port};

pub(crate) const PACKAGE: Package = Package {
    name: "redis",
    version: "7.0",
    recipe: Recipe::Debian {
        packages: &["redis-server"],
        program: "redis-server",
    },
    minutes: 0,
};

/// The user that may do everything.
pub(crate) const USER: &str = "flags";

/// Their password.
pub(crate) const PASSWORD: &str = "redis-secret-7f3a";

/// A Redis that keeps what it stores over its death, and tells of changes to keys.
#[derive(Debug)]
pub(crate) struct Redis {
    pub(crate) server: Server,
    pub(crate) port: u16,
    installed: Installed,
}

impl Redis {
    pub(crate) fn start(cache: &Cache, folder: &Path) -> Result<Self> {
        let installed = cache.need(&PACKAGE)?;
        let port = free_port()?;
        let configuration = folder.join("redis.conf");
        // users given on the command line are not understood
        std::fs::write(
            &configuration,
            format!(
                "bind 127.0.0.1\nport {port}\ndir {}\nsave \"\"\nappendonly yes\nappendfsync always\n\
                 notify-keyspace-events KEA\nuser default off\nuser {USER} on >{PASSWORD} ~* &* +@all\n",
                folder.display()
            ),
        )?;
        let program = installed.clone();
        let command = move || {
            let mut command = program.command("redis-server");
            command.arg(&configuration);
            command
        };
        let asked = installed.clone();
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || ask(&asked, port, &["PING"]).is_ok_and(|answer| answer.trim() == "PONG")),
        };
        Ok(Self {
            server: Server::start("redis", folder, launch)?,
            port,
            installed,
        })
    }

    /// Sends a command with Redis' own client.
    pub(crate) fn ask(&self, command: &[&str]) -> Result<String> {
        ask(&self.installed, self.port, command)
    }
}

fn ask(installed: &Installed, port: u16, command: &[&str]) -> Result<String> {
    let port = port.to_string();
    output(
        installed
            .command("redis-cli")
            .args([
                "-e",
                "--no-auth-warning",
                "-p",
                &port,
                "--user",
                USER,
                "--pass",
                PASSWORD,
            ])
            .args(command),
    )
}
