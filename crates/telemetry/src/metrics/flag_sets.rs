//! Flag sets and their retrievers, as they stand when somebody asks.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use prometheus::Registry;

use super::families::{
    EXPORTER_ACCEPTED, EXPORTER_DEAD_LETTERS, EXPORTER_DELIVERED, EXPORTER_DROPPED, EXPORTER_FAILURES, EXPORTER_QUEUED,
    EXPORTER_SPOOLED, EXPORTER_UP, FLAG_SET_AGE, FLAG_SET_FLAGS, FLAG_SET_INVALID, FLAG_SET_LOADED, FLAG_SET_REVISION,
    Family, NOTIFIER_DELIVERED, NOTIFIER_ERRORS, NOTIFIER_FAILED, NOTIFIER_PENDING, RETRIEVER_AGE, RETRIEVER_ERRORS,
    RETRIEVER_FETCH_TIME, RETRIEVER_FETCHES, RETRIEVER_LAST_FETCH,
};
use super::scrape::{self, Samples};

const FAMILIES: &[&Family] = &[
    &FLAG_SET_LOADED,
    &FLAG_SET_AGE,
    &FLAG_SET_REVISION,
    &FLAG_SET_FLAGS,
    &FLAG_SET_INVALID,
    &RETRIEVER_AGE,
    &RETRIEVER_FETCHES,
    &RETRIEVER_ERRORS,
    &RETRIEVER_LAST_FETCH,
    &RETRIEVER_FETCH_TIME,
    &EXPORTER_ACCEPTED,
    &EXPORTER_DELIVERED,
    &EXPORTER_QUEUED,
    &EXPORTER_SPOOLED,
    &EXPORTER_DEAD_LETTERS,
    &EXPORTER_DROPPED,
    &EXPORTER_FAILURES,
    &EXPORTER_UP,
    &NOTIFIER_DELIVERED,
    &NOTIFIER_FAILED,
    &NOTIFIER_ERRORS,
    &NOTIFIER_PENDING,
];

/// A flag set at the time of a scrape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagSetReading {
    /// Its name.
    pub name: Arc<str>,
    /// What is known of it; `None` when it could not start.
    pub status: Option<FlagSetStatus>,
}

/// What is known of a flag set that started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagSetStatus {
    /// Whether every retriever has given a document.
    pub loaded: bool,
    /// Time since everything could last be fetched and read; `None` before the first time.
    pub age: Option<Duration>,
    /// Revision of the flags that are served.
    pub revision: u64,
    /// Flags that are served.
    pub flags: usize,
    /// Flags that were refused.
    pub invalid: usize,
    /// The retrievers in their order.
    pub retrievers: Vec<RetrieverReading>,
    /// The exporters in their order.
    pub exporters: Vec<ExporterReading>,
    /// The notifiers in their order.
    pub notifiers: Vec<NotifierReading>,
}

/// A notifier at the time of a scrape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifierReading {
    /// Its kind.
    pub kind: &'static str,
    /// Where it is told, without secrets.
    pub target: String,
    /// Notifications that arrived.
    pub delivered: u64,
    /// Notifications that were given up.
    pub failed: u64,
    /// Attempts that failed.
    pub errors: u64,
    /// Changes that it has not been told yet.
    pub pending: u64,
}

/// An exporter at the time of a scrape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExporterReading {
    /// Its name.
    pub name: Arc<str>,
    /// Its kind.
    pub kind: String,
    /// Events that it was to deliver.
    pub accepted: u64,
    /// Those that the sink took.
    pub delivered: u64,
    /// Those that wait in memory.
    pub queued: u64,
    /// Those that wait on a disk.
    pub spooled: u64,
    /// Those that the sink refused for good and that are kept.
    pub dead_lettered: u64,
    /// Those that were never delivered, by reason.
    pub dropped: Vec<(&'static str, u64)>,
    /// Batches that could not be delivered.
    pub failures: u64,
    /// Whether the sink has failed several times in a row.
    pub is_down: bool,
}

/// A retriever at the time of a scrape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrieverReading {
    /// Where it looks, without secrets.
    pub place: Arc<str>,
    /// Time since it last worked; `None` before the first time.
    pub age: Option<Duration>,
    /// Fetches, failed ones included.
    pub fetches: u64,
    /// Those that failed.
    pub errors: u64,
    /// How long the last one took; `None` before the first.
    pub last_fetch: Option<Duration>,
    /// How long all of them took together.
    pub fetch_time: Duration,
}

/// Registers the metrics of flag sets; `read` says how they are at each scrape.
///
/// # Errors
/// When the registry holds one of the names already.
pub fn register_flag_sets(
    registry: &Registry,
    read: impl Fn() -> Vec<FlagSetReading> + Send + Sync + 'static,
) -> Result<(), prometheus::Error> {
    scrape::register(registry, FAMILIES, move |samples| {
        let mut names = HashSet::new();
        for set in read() {
            // a sample that is there twice would make the whole answer invalid
            if names.insert(Arc::clone(&set.name)) {
                add(samples, &set);
            }
        }
    })
}

fn add(samples: &mut Samples, set: &FlagSetReading) {
    let name = &*set.name;
    let loaded = set.status.as_ref().is_some_and(|status| status.loaded);
    samples.add(&FLAG_SET_LOADED, &[name], f64::from(u8::from(loaded)));
    let Some(status) = &set.status else { return };
    if let Some(age) = status.age {
        samples.add(&FLAG_SET_AGE, &[name], age.as_secs_f64());
    }
    samples.add(&FLAG_SET_REVISION, &[name], status.revision as f64);
    samples.add(&FLAG_SET_FLAGS, &[name], status.flags as f64);
    samples.add(&FLAG_SET_INVALID, &[name], status.invalid as f64);
    for (index, retriever) in status.retrievers.iter().enumerate() {
        let index = index.to_string();
        let labels = [name, &index, &retriever.place];
        if let Some(age) = retriever.age {
            samples.add(&RETRIEVER_AGE, &labels, age.as_secs_f64());
        }
        samples.add(&RETRIEVER_FETCHES, &labels, retriever.fetches as f64);
        samples.add(&RETRIEVER_ERRORS, &labels, retriever.errors as f64);
        if let Some(last) = retriever.last_fetch {
            samples.add(&RETRIEVER_LAST_FETCH, &labels, last.as_secs_f64());
        }
        samples.add(&RETRIEVER_FETCH_TIME, &labels, retriever.fetch_time.as_secs_f64());
    }
    for exporter in &status.exporters {
        let labels = [name, &exporter.name, &exporter.kind];
        samples.add(&EXPORTER_ACCEPTED, &labels, exporter.accepted as f64);
        samples.add(&EXPORTER_DELIVERED, &labels, exporter.delivered as f64);
        samples.add(&EXPORTER_QUEUED, &labels, exporter.queued as f64);
        samples.add(&EXPORTER_SPOOLED, &labels, exporter.spooled as f64);
        samples.add(&EXPORTER_DEAD_LETTERS, &labels, exporter.dead_lettered as f64);
        for (reason, dropped) in &exporter.dropped {
            let labels = [name, &exporter.name, &exporter.kind, reason];
            samples.add(&EXPORTER_DROPPED, &labels, *dropped as f64);
        }
        samples.add(&EXPORTER_FAILURES, &labels, exporter.failures as f64);
        samples.add(&EXPORTER_UP, &labels, f64::from(u8::from(!exporter.is_down)));
    }
    for (index, notifier) in status.notifiers.iter().enumerate() {
        let index = index.to_string();
        let labels = [name, &index, notifier.kind, &notifier.target];
        samples.add(&NOTIFIER_DELIVERED, &labels, notifier.delivered as f64);
        samples.add(&NOTIFIER_FAILED, &labels, notifier.failed as f64);
        samples.add(&NOTIFIER_ERRORS, &labels, notifier.errors as f64);
        samples.add(&NOTIFIER_PENDING, &labels, notifier.pending as f64);
    }
}
