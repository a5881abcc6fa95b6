//! A disk that is small or may not be written to, which only the relay sees: a file system in memory, in a name space of its own that
//! ends with the relay.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use flagstaff_testkit::relay::Workspace;
use rustix::process::getuid;

use super::relay::Relay;

/// The folder that it is mounted on, in the folder of the relay.
pub(super) const FOLDER: &str = "disk";

/// How a disk is mounted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Disk {
    /// It has room for so many KiB.
    Small(u32),
    /// Nothing can be written to it.
    ReadOnly,
}

impl Disk {
    /// Makes the folder that it is mounted on; why that cannot be done on this machine.
    pub(super) fn prepare(self, workspace: &Workspace) -> Result<Result<(), String>> {
        let folder = workspace.path(FOLDER);
        fs::create_dir(&folder).context("cannot make a folder")?;
        let tried = apart()
            .args(["-c", &self.mount()])
            .current_dir(workspace.path(""))
            .stderr(Stdio::piped())
            .output();
        Ok(match tried {
            Ok(tried) if tried.status.success() => Ok(()),
            Ok(tried) => Err(format!(
                "a disk cannot be mounted here: {}",
                String::from_utf8_lossy(&tried.stderr).trim()
            )),
            Err(error) => Err(format!(
                "unshare cannot be run, install Debian's package util-linux: {error}"
            )),
        })
    }

    /// A step of a shell script that mounts it.
    pub(super) fn mount(self) -> String {
        format!("mount -t tmpfs -o {} none {FOLDER}", self.options())
    }

    /// Changes the disk of a running relay into this one; an error where what lies there does not fit.
    pub(super) fn replace(self, relay: &Relay) -> Result<()> {
        let mut command = Command::new("nsenter");
        command.args([
            "--target",
            &relay.process().id().as_raw_nonzero().to_string(),
            "--mount",
        ]);
        if !getuid().is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command
            .args(["mount", "-o", &format!("remount,{}", self.options())])
            .arg(relay.workspace().path(FOLDER));
        let output = command.output().context("cannot run nsenter")?;
        ensure!(
            output.status.success(),
            "the disk cannot be mounted as {self:?}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(())
    }

    fn options(self) -> String {
        match self {
            Self::Small(kibibytes) => format!("rw,size={kibibytes}k"),
            Self::ReadOnly => "ro".to_owned(),
        }
    }
}

/// A shell whose mounts nobody else sees.
pub(super) fn apart() -> Command {
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !getuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.arg("sh");
    command
}
