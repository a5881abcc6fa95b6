//! What a fetch yields.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

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

/// The text of a flag file and what is known about it.
#[derive(Debug, Clone)]
pub struct Content {
    /// The text.
    pub bytes: Bytes,
    /// The format, where the source leaves no choice; otherwise the setting of the flag set decides.
    pub format_hint: Option<FormatHint>,
    /// What to ask with next time.
    pub revision: Revision,
    /// Who made the change, where the source knows.
    pub author: Option<Arc<str>>,
    /// What they said about it, where the source knows.
    pub message: Option<Arc<str>>,
}

impl Content {
    /// A text with `token` as the source's own name for this state.
    pub fn new(bytes: Bytes, token: Option<Arc<str>>) -> Self {
        let revision = Revision {
            digest: xxh3_64(&bytes),
            token,
            pause: None,
        };
        Self {
            bytes,
            format_hint: None,
            revision,
            author: None,
            message: None,
        }
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
