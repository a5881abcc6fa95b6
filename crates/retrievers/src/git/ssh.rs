//! The system's ssh program: how it is called, and what its words mean.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::GitOptions;
use crate::ErrorKind;

/// So much of what it says is told.
const LONGEST: usize = 500;

/// The call, for a shell. Nobody is there to be asked, and what it says goes into a file: git would have it printed.
pub(super) fn command(options: &GitOptions, words: &Path) -> String {
    let seconds = options.timeout.as_secs().max(1);
    let mut command = format!("exec ssh -o BatchMode=yes -o ConnectTimeout={seconds} -o ServerAliveInterval={seconds}");
    // writing to a text does not fail
    if let Some(key) = &options.ssh_key {
        let _ = write!(
            command,
            " -o IdentitiesOnly=yes -i {}",
            quoted(&key.display().to_string())
        );
    }
    if let Some(known_hosts) = &options.ssh_known_hosts {
        // a blank in it would begin the name of another file
        let setting = format!("UserKnownHostsFile=\"{}\"", known_hosts.display());
        let _ = write!(command, " -o {}", quoted(&setting));
    }
    let _ = write!(command, " \"$@\" 2>{}", quoted(&words.display().to_string()));
    command
}

/// What it said, in one line; nothing when it did not run.
pub(super) fn words(path: &Path) -> String {
    let words = fs::read(path).unwrap_or_default();
    let words = String::from_utf8_lossy(&words);
    // keys that are readable by others are warned of within frames
    let lines = words
        .lines()
        .map(str::trim)
        .filter(|line| line.contains(char::is_alphanumeric));
    lines.collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect()
}

/// What kind of failure it, or git at the other end, speaks of. Both speak English to programs.
pub(super) fn kind(words: &str) -> Option<(ErrorKind, &'static str)> {
    let says = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    if says(&["Host key verification failed"]) {
        let message = "ssh does not know the host: write its key into the file of sshKnownHostsPath";
        Some((ErrorKind::Unreachable, message))
    } else if says(&["Permission denied", "Too many authentication failures"]) {
        Some((ErrorKind::Denied, "the host does not let us in"))
    } else if says(&[
        "does not appear to be a git repository",
        "epository not found",
        "could not be found",
        "does not exist",
    ]) {
        Some((ErrorKind::NotFound, "no such repository, or nothing of that name in it"))
    } else if says(&["ssh: not found"]) {
        Some((ErrorKind::Settings, "the program ssh is not installed"))
    } else {
        None
    }
}

/// One word for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
