//! Files with keys, as Docker and Kubernetes mount secrets: one key a line, in a file or in each file of a folder.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::keys::ApiKey;

/// The largest file of keys in bytes.
const MAX_FILE: u64 = 1 << 20;

/// What a text begins with that is the hash of a key and not the key.
const HASHED: &str = "sha256:";

/// The keys of a file, or of all files of a folder.
#[derive(Debug, Default)]
pub(super) struct KeySource {
    /// Each with the name of its file.
    pub(super) keys: Vec<(ApiKey, Arc<str>)>,
    /// Every place that was looked at: a change of one of them is a reason to look again.
    pub(super) places: Vec<PathBuf>,
}

/// Why a file of keys is of no use. None of the texts holds a key.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeySourceError {
    /// The system does not give it.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is larger than any list of keys.
    #[error("is larger than {MAX_FILE} bytes, name a file with keys only")]
    TooLarge,
    /// There is nothing in it.
    #[error("holds no key, write one a line")]
    Empty,
    /// A line is no key.
    #[error("line {line} {problem}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        problem: KeyTextError,
    },
    /// A file of the folder is of no use.
    #[error("file {name} {problem}")]
    Within {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: Box<Self>,
    },
}

/// Why a text is no key. The text itself is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeyTextError {
    /// Nothing was written.
    #[error("is empty")]
    Empty,
    /// It is longer than any key.
    #[error("is longer than {} bytes", ApiKey::MAX_LENGTH)]
    TooLong,
    /// It claims to be a hash.
    #[error("is not sha256: and 64 hexadecimal digits")]
    Hash,
}

impl KeySource {
    /// Reads a file or a folder.
    ///
    /// # Errors
    /// When there is not at least one key in each file: keys that were there may be missing then.
    pub(super) fn read(path: &Path) -> Result<Self, KeySourceError> {
        let mut source = Self::default();
        if fs::metadata(path)?.is_dir() {
            source.read_folder(path)?;
        } else {
            source.read_file(path)?;
        }
        Ok(source)
    }

    /// Reads the files of a folder by name. Hidden ones are what Kubernetes keeps its versions in.
    fn read_folder(&mut self, folder: &Path) -> Result<(), KeySourceError> {
        self.places.push(folder.to_owned());
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name();
            if !name.as_encoded_bytes().starts_with(b".") {
                names.push(name);
            }
        }
        names.sort_unstable();
        for name in names {
            let path = folder.join(&name);
            let within = |problem| KeySourceError::Within {
                name: name.display().to_string(),
                problem: Box::new(problem),
            };
            if fs::metadata(&path).map_err(|error| within(error.into()))?.is_file() {
                self.read_file(&path).map_err(within)?;
            }
        }
        if self.keys.is_empty() {
            Err(KeySourceError::Empty)
        } else {
            Ok(())
        }
    }

    fn read_file(&mut self, path: &Path) -> Result<(), KeySourceError> {
        self.places.push(path.to_owned());
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(KeySourceError::TooLarge);
        }
        let name: Arc<str> = path.file_name().unwrap_or_default().to_string_lossy().into();
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let before = self.keys.len();
        for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let key = key(line).map_err(|problem| KeySourceError::Line { line: at + 1, problem })?;
            self.keys.push((key, Arc::clone(&name)));
        }
        if self.keys.len() == before {
            return Err(KeySourceError::Empty);
        }
        Ok(())
    }
}

/// The key of a text, which is the key itself or `sha256:` and its hash.
pub(super) fn key(text: &[u8]) -> Result<ApiKey, KeyTextError> {
    match text.strip_prefix(HASHED.as_bytes()) {
        Some(digits) => str::from_utf8(digits)
            .ok()
            .and_then(ApiKey::from_sha256)
            .ok_or(KeyTextError::Hash),
        None if text.is_empty() => Err(KeyTextError::Empty),
        None => ApiKey::new(text).ok_or(KeyTextError::TooLong),
    }
}
