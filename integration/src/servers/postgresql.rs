//! PostgreSQL, of Debian. It refuses to run for root, so that it is given to the user of Debian's package, or to nobody.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::execution::{answer, run};
use crate::package::{Cache, Installed, Package, Recipe};
use crate::server::{Launch, Server, free_port};
use crate::trust::Trust;

pub(crate) const PACKAGE: Package = Package {
    name: "postgresql",
    version: "15",
    recipe: Recipe::Debian {
        packages: &["postgresql-15"],
        program: "postgres",
    },
    minutes: 0,
};

/// The password of the user `postgres`.
pub(crate) const PASSWORD: &str = "postgres-secret-51c2";

/// A PostgreSQL that speaks TLS with the certificate that it is given, and asks for a password by SCRAM.
#[derive(Debug)]
pub(crate) struct Postgresql {
    pub(crate) server: Server,
    pub(crate) port: u16,
    installed: Installed,
}

impl Postgresql {
    pub(crate) fn start(cache: &Cache, folder: &Path, trust: &Trust) -> Result<Self> {
        let installed = cache.need(&PACKAGE)?;
        let port = free_port()?;
        let home = folder.join("postgresql");
        let owner = Owner::find()?;
        fs::create_dir(&home)?;
        owner.give(&home)?;
        // the folder above must let the owner through
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        let (data, password) = (home.join("data"), home.join("password"));
        let (certificate, key) = (home.join("server.crt"), home.join("server.key"));
        fs::write(&password, PASSWORD)?;
        fs::copy(&trust.server.certificate, &certificate)?;
        fs::copy(&trust.server.key, &key)?;
        for path in [&password, &certificate, &key] {
            owner.give(path)?;
        }
        let mut initdb = installed.command("initdb");
        initdb
            .args(["-U", "postgres", "-A", "scram-sha-256", "--no-sync", "-E", "UTF8", "-D"])
            .arg(&data)
            .arg("--pwfile")
            .arg(&password)
            .current_dir(&home);
        run(owner.run(&mut initdb))?;
        let (program, asked) = (installed.clone(), installed.clone());
        let command = move || {
            // killed, it leaves a note behind that names a process which may be another one's by now
            let _ = fs::remove_file(data.join("postmaster.pid"));
            let mut command = program.command("postgres");
            command
                .args([
                    "-p",
                    &port.to_string(),
                    "-c",
                    "listen_addresses=127.0.0.1",
                    "-c",
                    "fsync=off",
                ])
                .args(["-c", "ssl=on"])
                .args(["-c", &format!("ssl_cert_file={}", certificate.display())])
                .args(["-c", &format!("ssl_key_file={}", key.display())])
                .arg("-k")
                .arg(&home)
                .arg("-D")
                .arg(&data)
                .current_dir(&home);
            owner.run(&mut command);
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || ask(&asked, port, "SELECT 1").is_ok()),
        };
        Ok(Self {
            server: Server::start("postgresql", folder, launch)?,
            port,
            installed,
        })
    }

    /// Runs statements with PostgreSQL's own client; columns are separated by `|`.
    pub(crate) fn ask(&self, statements: &str) -> Result<String> {
        ask(&self.installed, self.port, statements)
    }
}

fn ask(installed: &Installed, port: u16, statements: &str) -> Result<String> {
    let mut client = installed.command("psql");
    client
        .env("PGPASSWORD", PASSWORD)
        .args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
            "-p",
        ])
        .arg(port.to_string());
    answer(&mut client, statements)
}

/// Whom the server runs for; nobody else in particular when this program does not run for root.
#[derive(Debug, Clone, Copy)]
struct Owner(Option<(u32, u32)>);

impl Owner {
    fn find() -> Result<Self> {
        let id = |option| answer(Command::new("id").arg(option), "").map(|id| id.trim().parse::<u32>());
        if id("-u")?? != 0 {
            return Ok(Self(None));
        }
        let users = fs::read_to_string("/etc/passwd")?;
        let user = |name: &str| {
            let mut fields = users
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?
                .split(':');
            Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
        };
        let found = user("postgres").or_else(|| user("nobody"));
        Ok(Self(Some(found.context(
            "there is no user for PostgreSQL: run as another user than root",
        )?)))
    }

    fn give(self, path: &PathBuf) -> Result<()> {
        if let Self(Some((user, group))) = self {
            chown(path, Some(user), Some(group)).with_context(|| format!("cannot give away {}", path.display()))?;
        }
        Ok(())
    }

    fn run(self, command: &mut Command) -> &mut Command {
        if let Self(Some((user, group))) = self {
            command.uid(user).gid(group);
        }
        command
    }
}
