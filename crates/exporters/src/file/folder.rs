//! Writing into a folder that others look at.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use super::leftovers;
use crate::files::unique_name;
use crate::kinds::Clock;

/// The folder of one file.
pub(super) struct Folder<'p> {
    path: &'p Path,
}

/// So often is tried what somebody else does at the same time.
const ATTEMPTS: u32 = 100;

/// A line that was cut off is looked for in steps of so many bytes.
const STEP: u64 = 64 << 10;

impl<'p> Folder<'p> {
    /// The folder that a file lies in.
    pub(super) fn of(file: &'p Path) -> Self {
        Self {
            path: file.parent().unwrap_or(Path::new("")),
        }
    }

    /// Puts bytes behind what a file holds, or makes it.
    pub(super) fn append(&self, file: &Path, bytes: &[u8], has_lines: bool) -> io::Result<()> {
        for _ in 0..ATTEMPTS {
            match OpenOptions::new().read(true).append(true).open(file) {
                Ok(file) => return append(file, bytes, has_lines),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            if self.publish(file, bytes)? {
                return Ok(());
            }
            // somebody made it meanwhile
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Makes a file, under another name if there is one of this name.
    pub(super) fn create(&self, file: &Path, bytes: &[u8], clock: &Clock) -> io::Result<()> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let mut path = file.to_path_buf();
        for attempt in 0..ATTEMPTS {
            if self.publish(&path, bytes)? {
                return Ok(());
            }
            path.set_file_name(unique_name(&name, clock, attempt));
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Writes a file aside and gives it its name, unless that is taken.
    fn publish(&self, file: &Path, bytes: &[u8]) -> io::Result<bool> {
        DirBuilder::new().recursive(true).mode(0o755).create(self.path)?;
        let mut aside = leftovers::begin(self.path)?;
        aside.write_all(bytes)?;
        match aside.persist_noclobber(file) {
            Ok(_) => Ok(true),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error.error),
        }
    }
}

/// Puts bytes behind what a file holds, all of them or none.
fn append(mut file: File, bytes: &[u8], has_lines: bool) -> io::Result<()> {
    // other relays may write into it; where there are no locks, they had better not
    let _ = file.lock();
    let mut length = file.metadata()?.len();
    if has_lines {
        let whole = whole_lines(&mut file, length)?;
        if whole < length {
            // whoever wrote this was killed before it counted as written
            file.set_len(whole)?;
            length = whole;
        }
    }
    file.write_all(bytes).inspect_err(|_| {
        // what cannot be taken back stays, and the events come twice
        let _ = file.set_len(length);
    })
}

/// Where the last whole line of a file ends.
fn whole_lines(file: &mut File, length: u64) -> io::Result<u64> {
    let mut end = length;
    let mut step = 1;
    while end > 0 {
        let from = end.saturating_sub(step);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        Read::by_ref(file).take(end - from).read_to_end(&mut bytes)?;
        if let Some(at) = bytes.iter().rposition(|byte| *byte == b'\n') {
            return Ok(from + at as u64 + 1);
        }
        end = from;
        step = STEP;
    }
    Ok(0)
}
