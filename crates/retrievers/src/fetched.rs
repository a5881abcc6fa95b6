//! What a fetch yields.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

use crate::Pause;

/// What a source holds.
#[derive(Debug, Clone)]
pub enum Fetched {
    /// The same as at the previous revision. Ask with this one from now on.
    Unchanged(Revision),
    /// Something else, or the first answer.
    Content(Content),
}

impl Fetched {
    /// `content`, unless its bytes are those of `previous`.
    pub fn new(content: Content, previous: Option<&Revision>) -> Self {
        if previous.is_some_and(|previous| previous.digest == content.revision.digest) {
            return Self::Unchanged(content.revision);
        }
        Self::Content(content)
    }

    /// The revision to ask with next time.
    pub fn revision(&self) -> &Revision {
        match self {
            Self::Unchanged(revision) => revision,
            Self::Content(content) => &content.revision,
        }
    }
}

/// The text of a source and what is known about it.
///
/// Most sources are one document. A folder, a repository or everything below a prefix of a bucket are several: each part is then read on
/// its own, in its own format, so that a finding names the file, and a file that is broken keeps its last good flags while the others load. They
/// share one revision, since that is what is asked with, and flags of later parts replace those of earlier ones.
#[derive(Debug, Clone)]
pub struct Content {
    /// The documents, at least one, in the order in which they count.
    pub parts: Vec<Part>,
    /// What to ask with next time.
    pub revision: Revision,
    /// Who made the change, where the source knows.
    pub author: Option<Arc<str>>,
    /// What they said about it, where the source knows.
    pub message: Option<Arc<str>>,
}

/// One document of a source.
#[derive(Debug, Clone)]
pub struct Part {
    /// Which one it is, as a path below the place of the source; `None` where the source is a single document.
    pub name: Option<Arc<str>>,
    /// The text.
    pub bytes: Bytes,
    /// The format, where the source leaves no choice; otherwise the setting of the flag set decides.
    pub format_hint: Option<FormatHint>,
}

impl Part {
    /// A file; its name says the format, if it ends as files of flags do.
    pub fn file(name: impl Into<Arc<str>>, bytes: Bytes) -> Self {
        let name = name.into();
        Self {
            format_hint: FormatHint::of_file(&name),
            name: Some(name),
            bytes,
        }
    }
}

impl Content {
    /// A text with `token` as the source's own name for this state.
    pub fn new(bytes: Bytes, token: Option<Arc<str>>) -> Self {
        let digest = xxh3_64(&bytes);
        let part = Part {
            name: None,
            bytes,
            format_hint: None,
        };
        Self::with_digest(vec![part], digest, token)
    }

    /// Several files, at least one, with `token` as the source's own name for the state of all of them.
    pub fn of_files(parts: Vec<Part>, token: Option<Arc<str>>) -> Self {
        let mut hasher = Xxh3Default::new();
        for part in &parts {
            // Lengths, so that nothing can move from one part to the next unnoticed.
            let name = part.name.as_deref().unwrap_or_default();
            for text in [name.as_bytes(), &part.bytes] {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text);
            }
        }
        Self::with_digest(parts, hasher.digest(), token)
    }

    fn with_digest(parts: Vec<Part>, digest: u64, token: Option<Arc<str>>) -> Self {
        Self {
            parts,
            revision: Revision {
                digest,
                token,
                pause: None,
            },
            author: None,
            message: None,
        }
    }

    /// The same, of which every part is in this format.
    #[must_use]
    pub fn in_format(mut self, format: FormatHint) -> Self {
        for part in &mut self.parts {
            part.format_hint = Some(format);
        }
        self
    }

    /// The text of a source that is a single document; of several the first one's.
    pub fn bytes(&self) -> &Bytes {
        static NOTHING: Bytes = Bytes::new();
        self.parts.first().map_or(&NOTHING, |part| &part.bytes)
    }
}

/// A format that a source dictates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FormatHint {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
    /// TOML.
    Toml,
}

impl FormatHint {
    /// What the name of a file says about its format.
    pub fn of_file(name: &str) -> Option<Self> {
        match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }
}

/// A state of a source: a hash of the text, the source's own name for it, and how long it is good for at least.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Revision {
    digest: u64,
    token: Option<Arc<str>>,
    pause: Option<Pause>,
}

impl Revision {
    /// XXH3 of the text.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// What the retriever told about the state, in its own notation.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The same content under another name of the source's.
    #[must_use]
    pub fn with_token(&self, token: Option<Arc<str>>) -> Self {
        Self {
            digest: self.digest,
            token,
            pause: None,
        }
    }

    /// How long the source wants to be left alone, when it said so.
    pub fn pause(&self) -> Option<Pause> {
        self.pause
    }

    /// The same state of a source that wants to be left alone.
    #[must_use]
    pub fn with_pause(self, pause: Option<Pause>) -> Self {
        Self { pause, ..self }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.digest)
    }
}
