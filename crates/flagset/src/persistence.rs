//! The persistent file: the last good flags, for a start at which a source does not answer.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flagstaff_definition::document::Document;
use flagstaff_definition::format::Format;

use crate::snapshot::Snapshot;

/// Writes the flags as a YAML document, one a line. The file appears whole, or stays as it was.
pub(crate) fn write(path: &Path, snapshot: &Snapshot) -> io::Result<()> {
    let aside = aside(path);
    let written = write_aside(&aside, snapshot).and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        // It may not even have come to exist.
        let _ = fs::remove_file(&aside);
    }
    written
}

/// Reads the flags back; `None` when there is no file.
pub(crate) fn read(path: &Path) -> Option<Result<Document, String>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => return Some(Err(error.to_string())),
    };
    let document = Document::parse(&text, Format::Yaml, None);
    Some(document.map_err(|problems| {
        problems
            .first()
            .map_or_else(String::new, |problem| problem.message.clone())
    }))
}

fn write_aside(aside: &Path, snapshot: &Snapshot) -> io::Result<()> {
    let mut out = BufWriter::new(create(aside)?);
    if snapshot.flags().is_empty() {
        out.write_all(b"{}\n")?;
    }
    for flag in snapshot.flags() {
        let member = flag.wire.configuration_member();
        let configuration = flag.wire.configuration();
        let quoted = &member[..member.len() - configuration.len() - 1];
        if is_plain(flag.key()) {
            out.write_all(flag.key().as_bytes())?;
        } else {
            // a text of JSON is one of YAML
            out.write_all(quoted)?;
        }
        out.write_all(b": ")?;
        // a member of JSON needs no blank after its colon; a reader of YAML is kinder to those that have one
        out.write_all(configuration)?;
        out.write_all(b"\n")?;
    }
    out.into_inner()?.sync_all()
}

/// Whether a key reads as itself without quotes in every version of YAML.
fn is_plain(key: &str) -> bool {
    const WORDS: &[&str] = &["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let letters = key
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    letters
        && key.starts_with(|first: char| first.is_ascii_alphabetic())
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(key))
}

/// Flags can be confidential: nobody else may read the file.
fn create(aside: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(aside)
}

/// A name in the same folder, since a rename works within one file system only.
fn aside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}
