//! The file of a spool, opened anew after a failure.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use redb::{Database, Error, ReadableDatabase, ReadableTable, TableDefinition};
use tokio::time::Instant;

use crate::Event;

const EVENTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("events");
/// Of the first event of each write: when that was, in seconds since 1970.
const TIMES: TableDefinition<'_, u64, u64> = TableDefinition::new("times");
/// Of each reader: the number of the first event that it has not settled.
const CURSORS: TableDefinition<'_, &str, u64> = TableDefinition::new("cursors");

/// How long a file that cannot be used is left alone at least; longer where opening it takes long.
const PAUSE: Duration = Duration::from_secs(1);

/// How much longer it is left alone than it took to open.
const PAUSE_FACTOR: u32 = 10;

/// Opens the database, or makes it.
pub(super) type Opener = Box<dyn Fn() -> Result<Database, Error> + Send + Sync>;

/// The database, and what is known of it without asking it.
pub(super) struct Store {
    open: Opener,
    /// `None` after a failure: the database takes nothing any more after a write that failed, be it for want of room, until it is
    /// opened again.
    database: RwLock<Option<Database>>,
    /// When it may be opened again.
    rest: Mutex<Option<Instant>>,
    /// Number after the last event that was ever here.
    end: AtomicU64,
    /// Bytes of the events that are here.
    bytes: AtomicU64,
    /// As they were noted last.
    cursors: Mutex<HashMap<Arc<str>, u64>>,
}

/// What a database holds.
struct Contents {
    end: u64,
    bytes: u64,
    cursors: HashMap<Arc<str>, u64>,
}

impl Store {
    /// Opens it for the first time.
    pub(super) fn open(open: Opener) -> Result<Self, Error> {
        let database = open()?;
        let Contents { end, bytes, cursors } = Contents::of(&database)?;
        Ok(Self {
            open,
            database: RwLock::new(Some(database)),
            rest: Mutex::default(),
            end: AtomicU64::new(end),
            bytes: AtomicU64::new(bytes),
            cursors: Mutex::new(cursors),
        })
    }

    /// Number after the last event that was ever here.
    pub(super) fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    /// Bytes of the events that are here.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Where a reader was.
    pub(super) fn cursor(&self, name: &str) -> Option<u64> {
        self.cursors().get(name).copied()
    }

    /// Forgets a reader; its cursor leaves the file with the next note.
    pub(super) fn forget(&self, name: &str) {
        self.cursors().remove(name);
    }

    fn cursors(&self) -> MutexGuard<'_, HashMap<Arc<str>, u64>> {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the database, which is opened first where it has to be, and closed where it fails.
    fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, Error>) -> Result<T, Error> {
        let mut held = self.database.read().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            drop(held);
            self.reopen()?;
            held = self.database.read().unwrap_or_else(PoisonError::into_inner);
        }
        // it may have failed again just now
        let done = held.as_ref().ok_or(Error::PreviousIo).and_then(work);
        drop(held);
        if done.as_ref().is_err_and(is_broken) {
            *self.held() = None;
        }
        done
    }

    fn reopen(&self) -> Result<(), Error> {
        let mut held = self.held();
        if held.is_some() {
            return Ok(());
        }
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        let began = Instant::now();
        if rest.is_some_and(|until| began < until) {
            return Err(Error::PreviousIo);
        }
        let opened = (self.open)().and_then(|database| Ok((Contents::of(&database)?, database)));
        *rest = Some(Instant::now() + PAUSE.max(began.elapsed() * PAUSE_FACTOR));
        let (contents, database) = opened?;
        // what failed last may have been written all the same
        self.end.fetch_max(contents.end, Ordering::Release);
        self.bytes.store(contents.bytes, Ordering::Relaxed);
        *held = Some(database);
        Ok(())
    }

    fn held(&self) -> RwLockWriteGuard<'_, Option<Database>> {
        self.database.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes events.
    pub(super) fn append(&self, events: &[(u64, Event)], now: u64) -> Result<(), Error> {
        let (Some((first, _)), Some((last, _))) = (events.first(), events.last()) else {
            return Ok(());
        };
        let added = self.with(|database| {
            let mut added = 0;
            let write = database.begin_write()?;
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
            Ok(added)
        })?;
        self.bytes.fetch_add(added, Ordering::Relaxed);
        self.end.fetch_max(last + 1, Ordering::Release);
        Ok(())
    }

    /// Events from a number up to another, as [`super::Spool::read`] gives them.
    pub(super) fn read(&self, from: u64, to: u64, bytes: usize) -> Result<(u64, Vec<Event>), Error> {
        self.with(|database| {
            let table = database.begin_read()?.open_table(EVENTS)?;
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
        })
    }

    /// Notes how far readers are; forgets those that are not among them.
    pub(super) fn note(&self, noted: Vec<(Arc<str>, u64)>) -> Result<(), Error> {
        self.with(|database| {
            let write = database.begin_write()?;
            {
                let mut table = write.open_table(CURSORS)?;
                table.retain(|name, _| noted.iter().any(|(known, _)| &**known == name))?;
                for (name, number) in &noted {
                    table.insert(&**name, number)?;
                }
            }
            Ok(write.commit()?)
        })?;
        *self.cursors() = noted.into_iter().collect();
        Ok(())
    }

    /// Removes what all readers have settled, what was written before a time, and the oldest events beyond so many bytes; the number
    /// of the first event that is still here.
    pub(super) fn trim(&self, oldest: u64, limit: u64) -> Result<u64, Error> {
        let (until, removed) = self.with(|database| {
            let until = self.excess(database, oldest, limit)?;
            Ok((until, remove(database, until)?))
        })?;
        self.bytes.fetch_sub(removed, Ordering::Relaxed);
        Ok(until)
    }

    /// The number below which events can go.
    fn excess(&self, database: &Database, oldest: u64, limit: u64) -> Result<u64, Error> {
        let end = self.end();
        let settled = self.cursors().values().copied().min().unwrap_or(end);
        let read = database.begin_read()?;
        let mut expired = end;
        for time in read.open_table(TIMES)?.iter()? {
            let (number, written) = time?;
            if written.value() >= oldest {
                expired = number.value();
                break;
            }
        }
        let mut until = settled.max(expired.min(end));
        let mut excess = self.bytes().saturating_sub(limit);
        for event in read.open_table(EVENTS)?.iter()? {
            let (number, text) = event?;
            if number.value() >= until {
                if excess == 0 {
                    break;
                }
                until = number.value() + 1;
            }
            excess = excess.saturating_sub(text.value().len() as u64);
        }
        Ok(until)
    }
}

impl Contents {
    fn of(database: &Database) -> Result<Self, Error> {
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
        Ok(Self { end, bytes, cursors })
    }
}

/// Removes the events below a number; how many bytes they took.
fn remove(database: &Database, until: u64) -> Result<u64, Error> {
    let events = database.begin_read()?.open_table(EVENTS)?;
    if events.first()?.is_none_or(|(first, _)| first.value() >= until) {
        return Ok(0);
    }
    let mut removed = 0;
    let write = database.begin_write()?;
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
    Ok(removed)
}

/// Whether a database is of no use after this until it is opened again.
fn is_broken(error: &Error) -> bool {
    matches!(
        error,
        Error::Io(_) | Error::Backend(_) | Error::PreviousIo | Error::DatabaseClosed | Error::LockPoisoned(_)
    )
}

#[cfg(test)]
mod tests;
