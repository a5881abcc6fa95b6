//! A repository, and git's own server program behind a small web server. See [`super::sshd`] for the other way to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::execution::run;
use crate::package::{Cache, Package, Recipe};
use crate::server::{Launch, Server, free_port, is_listening};
use crate::trust::Trust;

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

/// A repository, `flags.git`.
#[derive(Debug)]
pub(crate) struct Repository {
    /// The folder that it lies in.
    pub(crate) folder: PathBuf,
    /// A copy to work in.
    work: PathBuf,
}

/// A web server of repositories.
#[derive(Debug)]
pub(crate) struct GitBackend {
    pub(crate) server: Server,
    pub(crate) port: u16,
}

impl Repository {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let repository = Self {
            folder: folder.join("repositories"),
            work: folder.join("work"),
        };
        let bare = repository.folder.join("flags.git");
        run(Command::new("git")
            .args(["init", "-q", "--bare", "-b", "main"])
            .arg(&bare))?;
        run(Command::new("git")
            .args(["clone", "-q"])
            .arg(&bare)
            .arg(&repository.work))?;
        Ok(repository)
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

impl GitBackend {
    /// Serves the repositories of a folder: to everybody, or over TLS to who has the password.
    pub(crate) fn start(cache: &Cache, folder: &Path, repositories: &Path, trust: Option<&Trust>) -> Result<Self> {
        cache.need(&PACKAGE)?;
        let port = free_port()?;
        let repositories = repositories.to_owned();
        let certificate = trust.map(|trust| [trust.server.certificate.clone(), trust.server.key.clone()]);
        let command = move || {
            let mut command = Command::new("python3");
            command
                .args(["-c", include_str!("git_backend.py"), &port.to_string()])
                .arg(&repositories);
            if let Some(certificate) = &certificate {
                command.args([USER, PASSWORD]).args(certificate);
            }
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || is_listening(port)),
        };
        let server = Server::start("git", folder, launch)?;
        Ok(Self { server, port })
    }
}
