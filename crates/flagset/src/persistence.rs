//! The persistent file: the last good flags, for a start at which a source does not answer.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use flagstaff_definition::document::Document;
use flagstaff_definition::format::Format;
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};

use crate::snapshot::Snapshot;

/// All flags by key, as the configuration endpoint shows them.
struct Flags<'s>(&'s Snapshot);

impl Serialize for Flags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let flags = self.0.flags();
        let mut map = serializer.serialize_map(Some(flags.len()))?;
        for flag in flags {
            let configuration: serde_json::Value =
                serde_json::from_slice(flag.wire.configuration()).map_err(S::Error::custom)?;
            map.serialize_entry(&**flag.key(), &configuration)?;
        }
        map.end()
    }
}

/// Writes the flags as a YAML document. The file appears whole, or stays as it was.
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
    // texts over several lines as they are would be kinder to people, and harder on parsers
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_io_writer_with_options(&mut out, &Flags(snapshot), options).map_err(io::Error::other)?;
    out.into_inner()?.sync_all()
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
