//! Events on a disk: those that found no room in memory, and those that a crash must not lose.
//!
//! The store is redb: a single file, pure Rust, copy-on-write with checksums, so that what was written in part before a crash
//! is not there after it.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use crate::Event;
use crate::log::Clock;

const EVENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("events");
/// Of the first event of each write: when that was, in seconds since 1970.
const TIMES: TableDefinition<'_, u64, u64> = TableDefinition::new("times");
/// Of each reader: the number of the first event that it has not settled.
const CURSORS: TableDefinition<'_, &str, u64> = TableDefinition::new("cursors");

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

/// The spool of one log. Everything that touches the disk happens on a thread that may wait.
pub(crate) struct Spool {
    store: Arc<Store>,
    settings: SpoolSettings,
    clock: Clock,
}

struct Store {
    database: Database,
    /// Number after the last event that was ever here.
    end: AtomicU64,
    /// Bytes of the events that are here.
    bytes: AtomicU64,
    /// As they were noted last.
    cursors: Mutex<HashMap<Arc<str>, u64>>,
}

impl Spool {
    /// Opens the file, or makes it.
    pub(crate) fn open(settings: &SpoolSettings, clock: Clock) -> Result<Self, SpoolError> {
        let open = || -> Result<Store, redb::Error> {
            let database = Database::builder().set_cache_size(CACHE).create(&settings.path)?;
            Store::new(database)
        };
        Ok(Self {
            store: Arc::new(open().map_err(|cause| error(settings, cause))?),
            settings: settings.clone(),
            clock,
        })
    }

    /// Number after the last event that was ever here.
    pub(crate) fn end(&self) -> u64 {
        self.store.end.load(Ordering::Acquire)
    }

    /// Bytes of the events that are here.
    pub(crate) fn bytes(&self) -> u64 {
        self.store.bytes.load(Ordering::Relaxed)
    }

    /// Where a reader was.
    pub(crate) fn cursor(&self, name: &str) -> Option<u64> {
        self.store.cursors().get(name).copied()
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
        let is_known = {
            let known = self.store.cursors();
            cursors.iter().all(|(name, number)| known.get(name) == Some(number))
        };
        if is_known {
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
        self.store.cursors().remove(name);
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

impl Store {
    fn new(database: Database) -> Result<Self, redb::Error> {
        let write = database.begin_write()?;
        let (mut end, mut bytes) = (0, 0);
        let mut cursors = HashMap::new();
        {
            write.open_table(TIMES)?;
            let events = write.open_table(EVENTS)?;
            for event in events.iter()? {
                let (number, text) = event?;
                end = number.value() + 1;
                bytes += text.value().len() as u64;
            }
            let noted = write.open_table(CURSORS)?;
            for cursor in noted.iter()? {
                let (name, number) = cursor?;
                end = end.max(number.value());
                cursors.insert(Arc::from(name.value()), number.value());
            }
        }
        write.commit()?;
        Ok(Self {
            database,
            end: AtomicU64::new(end),
            bytes: AtomicU64::new(bytes),
            cursors: Mutex::new(cursors),
        })
    }

    fn cursors(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, u64>> {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn append(&self, events: &[(u64, Event)], now: u64) -> Result<(), redb::Error> {
        let (Some((first, _)), Some((last, _))) = (events.first(), events.last()) else {
            return Ok(());
        };
        let mut added = 0;
        let write = self.database.begin_write()?;
        {
            let mut table = write.open_table(EVENTS)?;
            for (number, event) in events {
                let text: &[u8] = event.text();
                if table.insert(number, text)?.is_none() {
                    added += text.len() as u64;
                }
            }
            write.open_table(TIMES)?.insert(first, now)?;
        }
        write.commit()?;
        self.bytes.fetch_add(added, Ordering::Relaxed);
        self.end.fetch_max(last + 1, Ordering::Release);
        Ok(())
    }

    fn read(&self, from: u64, to: u64, bytes: usize) -> Result<(u64, Vec<Event>), redb::Error> {
        let table = self.database.begin_read()?.open_table(EVENTS)?;
        let mut found = Vec::new();
        let mut sum = 0;
        for event in table.range(from..to)? {
            let (number, text) = event?;
            found.push(Event::new(text.value().to_vec()));
            sum += text.value().len();
            if sum >= bytes {
                return Ok((number.value() + 1, found));
            }
        }
        Ok((to, found))
    }

    fn note(&self, noted: Vec<(Arc<str>, u64)>) -> Result<(), redb::Error> {
        let write = self.database.begin_write()?;
        {
            let mut table = write.open_table(CURSORS)?;
            table.retain(|name, _| noted.iter().any(|(known, _)| &**known == name))?;
            for (name, number) in &noted {
                table.insert(&**name, number)?;
            }
        }
        write.commit()?;
        *self.cursors() = noted.into_iter().collect();
        Ok(())
    }

    fn trim(&self, oldest: u64, limit: u64) -> Result<u64, redb::Error> {
        let end = self.end.load(Ordering::Acquire);
        let settled = self.cursors().values().copied().min().unwrap_or(end);
        let mut until;
        {
            let read = self.database.begin_read()?;
            let mut expired = end;
            for time in read.open_table(TIMES)?.iter()? {
                let (number, written) = time?;
                if written.value() >= oldest {
                    expired = number.value();
                    break;
                }
            }
            until = settled.max(expired.min(end));
            let events = read.open_table(EVENTS)?;
            let mut excess = self.bytes.load(Ordering::Relaxed).saturating_sub(limit);
            for event in events.iter()? {
                let (number, text) = event?;
                if number.value() >= until {
                    if excess == 0 {
                        break;
                    }
                    until = number.value() + 1;
                }
                excess = excess.saturating_sub(text.value().len() as u64);
            }
            if events.first()?.is_none_or(|(first, _)| first.value() >= until) {
                return Ok(until);
            }
        }
        let mut removed = 0;
        let write = self.database.begin_write()?;
        {
            let mut events = write.open_table(EVENTS)?;
            events.retain_in(..until, |_, text| {
                removed += text.len() as u64;
                false
            })?;
            let mut times = write.open_table(TIMES)?;
            // the write that the first event belongs to keeps its time
            let kept = times
                .range(..=until)?
                .next_back()
                .transpose()?
                .map(|(number, _)| number.value());
            times.retain_in(..kept.unwrap_or(until), |_, _| false)?;
        }
        write.commit()?;
        self.bytes.fetch_sub(removed, Ordering::Relaxed);
        Ok(until)
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
