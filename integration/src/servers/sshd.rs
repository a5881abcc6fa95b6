//! OpenSSH's server on a high port, which lets in the user that runs this program, by one key.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::execution::{output, run};
use crate::package::{Cache, Missing, Package, Recipe};
use crate::server::{Launch, Server, free_port, is_listening};

pub(crate) const PACKAGE: Package = Package {
    name: "openssh-server",
    version: "9",
    recipe: Recipe::Debian {
        packages: &["openssh-server"],
        program: "sshd",
    },
    minutes: 0,
};

/// Where the server of root wants an empty folder.
const EMPTY: &str = "/run/sshd";

#[derive(Debug)]
pub(crate) struct Sshd {
    pub(crate) server: Server,
    pub(crate) port: u16,
    /// Who is let in.
    pub(crate) user: String,
    /// The private key that opens it.
    pub(crate) key: PathBuf,
    /// A private key that does not.
    pub(crate) strange_key: PathBuf,
    /// The host's public key.
    pub(crate) host_key: String,
}

impl Sshd {
    pub(crate) fn start(cache: &Cache, folder: &Path) -> Result<Self> {
        let installed = cache.need(&PACKAGE)?;
        let user = output(Command::new("id").arg("-un"))?.trim().to_owned();
        if user == "root" {
            prepare_machine()?;
        }
        let port = free_port()?;
        let [host, key, strange_key] = ["host", "key", "strange-key"].map(|name| folder.join(name));
        for path in [&host, &key, &strange_key] {
            run(Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", "flagstaff", "-f"])
                .arg(path))?;
        }
        let settings = [
            format!("Port {port}"),
            "ListenAddress 127.0.0.1".to_owned(),
            format!("HostKey {}", host.display()),
            format!("PidFile {}", folder.join("sshd.pid").display()),
            format!("AuthorizedKeysFile {}.pub", key.display()),
            "AuthenticationMethods publickey".to_owned(),
            "PermitRootLogin prohibit-password".to_owned(),
            "UsePAM no".to_owned(),
            // the folder is everybody's
            "StrictModes no".to_owned(),
        ];
        let configuration = folder.join("sshd_config");
        fs::write(&configuration, settings.join("\n") + "\n")?;
        let command = move || {
            let mut command = installed.command("sshd");
            command.args(["-D", "-e", "-f"]).arg(&configuration);
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || is_listening(port)),
        };
        Ok(Self {
            server: Server::start("sshd", folder, launch)?,
            port,
            user,
            host_key: fs::read_to_string(host.with_extension("pub"))?,
            key,
            strange_key,
        })
    }
}

/// What an installation would have done: the server of root separates its privileges.
fn prepare_machine() -> Result<()> {
    let users = fs::read_to_string("/etc/passwd")?;
    if !users.lines().any(|user| user.starts_with("sshd:")) {
        let reason = "root's sshd needs the user sshd, which comes with Debian's package openssh-server".to_owned();
        return Err(Missing(reason).into());
    }
    fs::create_dir_all(EMPTY).with_context(|| format!("cannot make {EMPTY}"))
}
