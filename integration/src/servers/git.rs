//! git's own server program, behind a small web server with a password.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::execution::run;
use crate::package::{Cache, Package, Recipe};
use crate::server::{Launch, Server, free_port, is_listening};

pub(crate) const PACKAGE: Package = Package {
    name: "git",
    version: "2",
    recipe: Recipe::Debian {
        packages: &["git"],
        program: "git",
    },
    minutes: 0,
};

/// Who may read.
pub(crate) const USER: &str = "relay";

/// Their password.
pub(crate) const PASSWORD: &str = "git-secret-3d5b";

/// A server with one repository, `flags.git`.
#[derive(Debug)]
pub(crate) struct Git {
    pub(crate) server: Server,
    pub(crate) port: u16,
    /// A copy of the repository to work in.
    work: PathBuf,
}

impl Git {
    pub(crate) fn start(cache: &Cache, folder: &Path) -> Result<Self> {
        cache.need(&PACKAGE)?;
        let port = free_port()?;
        let (repositories, work) = (folder.join("repositories"), folder.join("work"));
        let bare = repositories.join("flags.git");
        run(Command::new("git")
            .args(["init", "-q", "--bare", "-b", "main"])
            .arg(&bare))?;
        run(Command::new("git").args(["clone", "-q"]).arg(&bare).arg(&work))?;
        let command = move || {
            let mut command = Command::new("python3");
            command
                .args(["-c", include_str!("git_backend.py"), &port.to_string()])
                .arg(&repositories)
                .args([USER, PASSWORD]);
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || is_listening(port)),
        };
        let server = Server::start("git", folder, launch)?;
        Ok(Self { server, port, work })
    }

    /// Commits a file.
    pub(crate) fn put(&self, path: &str, content: &str) -> Result<()> {
        let file = self.work.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, content)?;
        self.run(&["add", "."])?;
        let author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
        self.run(
            &[
                &author[..],
                &["commit", "-q", "--allow-empty", "-m", "Change the banner"],
            ]
            .concat(),
        )?;
        self.run(&["push", "-q", "origin", "HEAD:main"])
    }

    fn run(&self, arguments: &[&str]) -> Result<()> {
        run(Command::new("git").arg("-C").arg(&self.work).args(arguments))
    }
}
