//! Events on a disk: those that found no room in memory, and those that a crash must not lose.
//!
//! The store is redb: a single file, pure Rust, copy-on-write with checksums, so that what was written in part before a crash
//! is not there after it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redb::Database;

use crate::Event;
use crate::log::Clock;
use store::Store;

mod store;

/// Memory for the pages of a spool.
const CACHE: usize = 8 << 20;

/// How a spool is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpoolSettings {
    /// The file.
    pub path: PathBuf,
    /// Whether events are written before anybody is told that they were accepted.
    pub durable: bool,
    /// Bytes of events that it may hold; the oldest go first.
    pub max_bytes: u64,
    /// How long an event may lie there.
    pub max_age: Duration,
}

/// The spool cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}", path.display())]
pub struct SpoolError {
    path: PathBuf,
    #[source]
    cause: redb::Error,
}

impl SpoolError {
    /// Whether what could not be read will never be readable: the file is damaged.
    pub(crate) fn is_lasting(&self) -> bool {
        matches!(self.cause, redb::Error::Corrupted(_))
    }
}

/// The spool of one log. Everything that touches the disk happens on a thread that may wait.
pub(crate) struct Spool {
    store: Arc<Store>,
    settings: SpoolSettings,
    clock: Clock,
}

impl Spool {
    /// Opens the file, or makes it.
    pub(crate) fn open(settings: &SpoolSettings, clock: Clock) -> Result<Self, SpoolError> {
        let path = settings.path.clone();
        let open = move || Ok(Database::builder().set_cache_size(CACHE).create(&path)?);
        Ok(Self {
            store: Arc::new(Store::open(Box::new(open)).map_err(|cause| error(settings, cause))?),
            settings: settings.clone(),
            clock,
        })
    }

    /// Number after the last event that was ever here.
    pub(crate) fn end(&self) -> u64 {
        self.store.end()
    }

    /// Bytes of the events that are here.
    pub(crate) fn bytes(&self) -> u64 {
        self.store.bytes()
    }

    /// Where a reader was.
    pub(crate) fn cursor(&self, name: &str) -> Option<u64> {
        self.store.cursor(name)
    }

    /// Writes events. They are safe when this resolves.
    pub(crate) async fn append(&self, events: Vec<(u64, Event)>) -> Result<(), SpoolError> {
        let now = seconds((self.clock)());
        self.blocking(move |store| store.append(&events, now)).await
    }

    /// The events from a number up to another, exclusively, but not many more than so many bytes: the number at which it
    /// stopped, and what was found.
    pub(crate) async fn read(&self, from: u64, to: u64, bytes: usize) -> Result<(u64, Vec<Event>), SpoolError> {
        self.blocking(move |store| store.read(from, to, bytes)).await
    }

    /// Notes how far readers are.
    pub(crate) async fn note(&self, cursors: Vec<(Arc<str>, u64)>) -> Result<(), SpoolError> {
        let is_known = |(name, number): &(Arc<str>, u64)| self.store.cursor(name) == Some(*number);
        if cursors.iter().all(is_known) {
            return Ok(());
        }
        self.blocking(move |store| store.note(cursors)).await
    }

    /// Lets go what all readers have settled and what is beyond the limits; the number of the first event that is still here.
    pub(crate) async fn trim(&self) -> Result<u64, SpoolError> {
        let oldest = seconds((self.clock)()).saturating_sub(self.settings.max_age.as_secs());
        let limit = self.settings.max_bytes;
        self.blocking(move |store| store.trim(oldest, limit)).await
    }

    /// Forgets a reader.
    pub(crate) fn forget(&self, name: &str) {
        self.store.forget(name);
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, SpoolError> {
        let store = Arc::clone(&self.store);
        let done = tokio::task::spawn_blocking(move || work(&store)).await;
        done.expect("no work on the spool panics")
            .map_err(|cause| error(&self.settings, cause))
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

fn error(settings: &SpoolSettings, cause: redb::Error) -> SpoolError {
    SpoolError {
        path: settings.path.clone(),
        cause,
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
