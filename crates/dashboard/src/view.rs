//! A relay at one moment, as plain data.

use std::time::{Duration, SystemTime};

/// A relay at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Relay {
    /// Version of the program.
    pub version: &'static str,
    /// The moment.
    pub now: SystemTime,
    /// How long it has been running.
    pub running: Duration,
    /// Whether it is about to end.
    pub is_stopping: bool,
    /// Whether whoever looks may know names: of keys, of sources, of flags, and what is wrong with them. A view for somebody
    /// else does not hold them.
    pub is_detailed: bool,
    /// What is wrong with the last edit of the configuration; `None` when it is in effect. Empty for whoever may not know.
    pub refused_edit: Option<Vec<Finding>>,
    /// The flag sets in their order.
    pub flag_sets: Vec<FlagSet>,
    /// Open streams by kind.
    pub streams: Vec<Streams>,
    /// Where events go.
    pub exporters: Vec<Exporter>,
    /// Who is told of changes.
    pub notifiers: Vec<Notifier>,
    /// Whether callers need a key.
    pub needs_keys: bool,
    /// How many keys there are of each scope.
    pub key_counts: Vec<(&'static str, u64)>,
    /// The keys, for whoever may know.
    pub keys: Vec<Key>,
}

/// A flag set.
#[derive(Debug, Clone, PartialEq)]
pub struct FlagSet {
    /// Its name.
    pub name: String,
    /// What it serves; `None` when it could not start.
    pub served: Option<ServedFlags>,
    /// Why it could not start, for whoever may know.
    pub failure: Option<String>,
}

/// What a flag set serves.
#[derive(Debug, Clone, PartialEq)]
pub struct ServedFlags {
    /// Whether every source has given a document at least once.
    pub is_loaded: bool,
    /// Counts the changes since the start.
    pub revision: u64,
    /// How many flags are served.
    pub flags: u64,
    /// When they changed last.
    pub changed: SystemTime,
    /// When all sources were last read, if ever.
    pub read: Option<SystemTime>,
    /// How many streams follow it.
    pub followers: u64,
    /// Its sources in their order.
    pub sources: Vec<Source>,
    /// How many flags are not served as they are written.
    pub refused: u64,
    /// These flags, for whoever may know.
    pub refused_flags: Vec<RefusedFlag>,
}

/// A source of flags.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// What it is called, for whoever may know.
    pub name: Option<String>,
    /// When it was last read, if ever.
    pub read: Option<SystemTime>,
    /// How often in a row it could not be.
    pub failures: u64,
    /// Why, for whoever may know.
    pub error: Option<String>,
    /// What is wrong in its document, for whoever may know.
    pub findings: Vec<Finding>,
}

/// A flag that is not served as it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusedFlag {
    /// Its key.
    pub key: String,
    /// What is served under it, for people.
    pub served: &'static str,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

/// Something that is wrong in a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Where: file, line and column.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The document.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Open streams of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Streams {
    /// The kind.
    pub kind: &'static str,
    /// How many are open.
    pub open: u64,
}

/// Where events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exporter {
    /// The kind.
    pub kind: String,
    /// Events that wait.
    pub queued: u64,
    /// Events that were delivered.
    pub delivered: u64,
    /// Events that were dropped.
    pub dropped: u64,
}

/// Who is told of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notifier {
    /// The kind.
    pub kind: String,
    /// Where it is, without what is secret, for whoever may know.
    pub target: Option<String>,
    /// Changes that it has not been told yet.
    pub waiting: u64,
    /// Notifications that arrived.
    pub delivered: u64,
    /// When the last one did, if ever.
    pub told: Option<SystemTime>,
    /// Notifications that were given up.
    pub lost: u64,
    /// How often in a row it could not be told.
    pub failures: u64,
    /// Why, for whoever may know.
    pub error: Option<String>,
}

/// A key, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub scope: &'static str,
    /// The flag set it belongs to, if it does.
    pub flag_set: Option<String>,
}

/// How something is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// As it should.
    Good,
    /// It serves what was good last.
    Stale,
    /// It does not serve.
    Bad,
}

impl Relay {
    /// A relay without anything, at a moment.
    pub fn new(version: &'static str, now: SystemTime) -> Self {
        Self {
            version,
            now,
            running: Duration::ZERO,
            is_stopping: false,
            is_detailed: false,
            refused_edit: None,
            flag_sets: Vec::new(),
            streams: Vec::new(),
            exporters: Vec::new(),
            notifiers: Vec::new(),
            needs_keys: false,
            key_counts: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// How it is doing: as its worst flag set, but it serves while one of them does.
    pub fn condition(&self) -> Condition {
        let is = |wanted| move |set: &FlagSet| set.condition() == wanted;
        if self.is_stopping || self.flag_sets.iter().all(is(Condition::Bad)) {
            Condition::Bad
        } else if self.refused_edit.is_none() && self.flag_sets.iter().all(is(Condition::Good)) {
            Condition::Good
        } else {
            Condition::Stale
        }
    }

    /// How many flags are served.
    pub fn flags(&self) -> u64 {
        self.served().map(|served| served.flags).sum()
    }

    /// How many flags are not served as they are written.
    pub fn refused(&self) -> u64 {
        self.served().map(|served| served.refused).sum()
    }

    /// How many sources there are.
    pub fn sources(&self) -> u64 {
        self.served().map(|served| served.sources.len() as u64).sum()
    }

    /// How many sources cannot be read.
    pub fn failing_sources(&self) -> u64 {
        let sources = self.served().flat_map(|served| &served.sources);
        sources.filter(|source| source.failures > 0).count() as u64
    }

    /// How many streams are open.
    pub fn open_streams(&self) -> u64 {
        self.streams.iter().map(|streams| streams.open).sum()
    }

    /// How many flag sets serve.
    pub fn serving(&self) -> u64 {
        self.served().filter(|served| served.is_loaded).count() as u64
    }

    fn served(&self) -> impl Iterator<Item = &ServedFlags> {
        self.flag_sets.iter().filter_map(|set| set.served.as_ref())
    }
}

impl FlagSet {
    /// How it is doing.
    pub fn condition(&self) -> Condition {
        match &self.served {
            None => Condition::Bad,
            Some(served) if !served.is_loaded => Condition::Bad,
            Some(served) if served.refused > 0 || served.sources.iter().any(|source| source.failures > 0) => {
                Condition::Stale
            }
            Some(_) => Condition::Good,
        }
    }

    /// The same in a word.
    pub fn state(&self) -> &'static str {
        match &self.served {
            None => "not started",
            Some(served) if !served.is_loaded => "not loaded",
            Some(served) if served.sources.iter().any(|source| source.failures > 0) => "stale",
            Some(served) if served.refused > 0 => "flags refused",
            Some(_) => "ready",
        }
    }
}

impl Condition {
    /// The class of the style sheet.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Stale => "stale",
            Self::Bad => "bad",
        }
    }
}
