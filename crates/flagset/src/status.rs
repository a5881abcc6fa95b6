//! How a flag set is doing.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use flagstaff_definition::diagnostic::Diagnostic;
use flagstaff_protocol::etag::EntityTag;

/// How a flag set is doing after its last round.
#[derive(Debug, Clone)]
pub struct Status {
    /// The set's name.
    pub name: Arc<str>,
    /// Whether every source has given a document at least once.
    pub loaded: bool,
    /// Revision of the snapshot that is served.
    pub revision: u64,
    /// Its digest.
    pub digest: EntityTag,
    /// When its flags came to be served.
    pub updated_at: SystemTime,
    /// When last everything that was asked for could be fetched and read, changed or not.
    pub refreshed_at: Option<SystemTime>,
    /// How many flags are served.
    pub flags: usize,
    /// The sources in their order.
    pub sources: Vec<SourceStatus>,
    /// Flags about which there is something to say, by key.
    pub findings: Arc<[FlagFindings]>,
}

impl Status {
    /// The flags of which something else is served than what was written last, if anything.
    pub fn refused(&self) -> impl Iterator<Item = &FlagFindings> {
        self.findings.iter().filter(|found| found.served != Served::Current)
    }
}

/// How a source is doing.
#[derive(Debug, Clone)]
pub struct SourceStatus {
    /// What it is called.
    pub label: Arc<str>,
    /// When it was last fetched and read.
    pub last_success: Option<SystemTime>,
    /// Why it could not be, the last time; `None` when it could.
    pub failure: Option<Arc<str>>,
    /// How often in a row.
    pub failures: u32,
    /// Everything that was fetched since the source was configured.
    pub fetches: FetchCounts,
    /// What is wrong with its last document as a whole, when that is the reason.
    pub diagnostics: Arc<[Diagnostic]>,
    /// Its own name for the state that is known.
    pub revision: Option<Arc<str>>,
}

/// How often a source was fetched, and how long that took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FetchCounts {
    /// Fetches, failed ones included.
    pub attempts: u64,
    /// Those that failed, or brought what is no document of flags.
    pub errors: u64,
    /// How long the last one took; `None` before the first.
    pub last: Option<Duration>,
    /// How long all of them took together.
    pub total: Duration,
}

impl FetchCounts {
    pub(crate) fn count(&mut self, took: Duration, good: bool) {
        self.attempts += 1;
        self.errors += u64::from(!good);
        self.last = Some(took);
        self.total += took;
    }
}

/// What there is to say about a flag.
#[derive(Debug, Clone)]
pub struct FlagFindings {
    /// The flag's key.
    pub key: Arc<str>,
    /// What is served under it.
    pub served: Served,
    /// Findings, with file, line and column.
    pub diagnostics: Vec<Diagnostic>,
}

/// What is served for what was written last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Served {
    /// Just that.
    Current,
    /// It was refused: the last good version.
    LastGood,
    /// It was refused, and there never was a good one.
    Nothing,
    /// It was refused, since an earlier source has the flag: that one's.
    Earlier,
}
