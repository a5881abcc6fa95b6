//! Flag sets as a scrape of the metrics sees them.

use std::sync::Arc;
use std::time::SystemTime;

use flagstaff_flagset::{SourceStatus, Status};
use flagstaff_telemetry::metrics::{FlagSetReading, FlagSetStatus, RetrieverReading};

use crate::serving::FlagSets;

/// How every flag set is doing now.
pub(crate) fn of(sets: &FlagSets, now: SystemTime) -> Vec<FlagSetReading> {
    let reading = |set: &crate::serving::ServedSet| FlagSetReading {
        name: Arc::clone(&set.name),
        status: set.live.as_ref().map(|live| status(&live.flags.status(), now)),
    };
    sets.all().iter().map(reading).collect()
}

fn status(status: &Status, now: SystemTime) -> FlagSetStatus {
    FlagSetStatus {
        loaded: status.loaded,
        age: since(status.refreshed_at, now),
        revision: status.revision,
        flags: status.flags,
        invalid: status.refused().count(),
        retrievers: status.sources.iter().map(|source| retriever(source, now)).collect(),
    }
}

fn retriever(source: &SourceStatus, now: SystemTime) -> RetrieverReading {
    RetrieverReading {
        place: Arc::clone(&source.label),
        age: since(source.last_success, now),
        fetches: source.fetches.attempts,
        errors: source.fetches.errors,
        last_fetch: source.fetches.last,
        fetch_time: source.fetches.total,
    }
}

/// Time that has passed; none when the clock was set back.
fn since(time: Option<SystemTime>, now: SystemTime) -> Option<std::time::Duration> {
    time.map(|time| now.duration_since(time).unwrap_or_default())
}
