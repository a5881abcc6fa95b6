//! Files that are being written, and what is left of them when a relay is killed meanwhile.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

/// What the names of files that are being written begin and end with.
const PREFIX: &str = ".flagstaff-";
const SUFFIX: &str = ".part";

/// How often they are looked for.
const INTERVAL: Duration = Duration::from_secs(3600);

/// A file this young may not be locked yet by whoever writes it.
const YOUNG: Duration = Duration::from_secs(60);

/// Makes a file that has no name yet. It is locked for as long as it is open.
pub(super) fn begin(folder: &Path) -> io::Result<NamedTempFile> {
    let aside = tempfile::Builder::new()
        .prefix(PREFIX)
        .suffix(SUFFIX)
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder)?;
    // where there are no locks, nothing is removed either
    let _ = aside.as_file().lock();
    Ok(aside)
}

/// Removes what killed relays have left over, now and then.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    last: Option<SystemTime>,
}

impl Sweep {
    /// Looks into a folder and its partitions, unless that was done a short time ago. What is still being written stays.
    pub(super) fn run(&mut self, folder: &Path, now: SystemTime) {
        let is_due = self
            .last
            .is_none_or(|last| now.duration_since(last).is_ok_and(|since| since >= INTERVAL));
        if is_due {
            self.last = Some(now);
            sweep(folder, now);
        }
    }
}

fn sweep(folder: &Path, now: SystemTime) {
    // a folder that cannot be read says so when it is written to
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let name = name.to_string_lossy();
        let is_folder = entry.file_type().is_ok_and(|found| found.is_dir());
        if is_folder && ["date=", "hour="].iter().any(|partition| name.starts_with(partition)) {
            sweep(&path, now);
        } else if name.starts_with(PREFIX) && name.ends_with(SUFFIX) && is_left_over(&path, now) {
            match fs::remove_file(&path) {
                Ok(()) => tracing::info!(path = %path.display(), "removed what a killed relay had begun to write"),
                Err(error) => tracing::debug!(path = %path.display(), %error, "cannot remove an unfinished file"),
            }
        }
    }
}

fn is_left_over(path: &Path, now: SystemTime) -> bool {
    let is_old = |file: &File| {
        let written = file.metadata().and_then(|metadata| metadata.modified());
        written.is_ok_and(|written| now.duration_since(written).is_ok_and(|age| age >= YOUNG))
    };
    File::open(path).is_ok_and(|file| is_old(&file) && file.try_lock().is_ok())
}
