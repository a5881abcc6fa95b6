//! Flag sets as a scrape of the metrics sees them.

use std::sync::Arc;
use std::time::SystemTime;

use flagstaff_events::Loss;
use flagstaff_flagset::{SourceStatus, Status};
use flagstaff_notifiers::Reading;
use flagstaff_telemetry::metrics::{ExporterReading, FlagSetReading, FlagSetStatus, NotifierReading, RetrieverReading};

use crate::exports::Line;
use crate::serving::FlagSets;

/// How every flag set is doing now.
pub(crate) fn of(sets: &FlagSets, now: SystemTime) -> Vec<FlagSetReading> {
    let reading = |set: &crate::serving::ServedSet| FlagSetReading {
        name: Arc::clone(&set.name),
        status: set.live.as_ref().map(|live| FlagSetStatus {
            exporters: live.exports.lines().iter().map(exporter).collect(),
            notifiers: live.announcements.readings().into_iter().map(notifier).collect(),
            ..status(&live.flags.status(), now)
        }),
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
        exporters: Vec::new(),
        notifiers: Vec::new(),
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

/// How an exporter is doing now.
pub(crate) fn exporter(line: &Line) -> ExporterReading {
    let (reader, status) = (line.monitor.reader(), line.monitor.status());
    let counts = reader.counts();
    ExporterReading {
        name: Arc::clone(reader.name()),
        kind: line.settings.kind().to_owned(),
        accepted: counts.accepted(),
        delivered: counts.delivered(),
        queued: reader.queued(),
        spooled: reader.spooled(),
        dead_lettered: counts.dead_lettered(),
        dropped: Loss::ALL.map(|loss| (loss.name(), counts.lost(loss))).into(),
        failures: counts.failures(),
        is_down: status.is_down(),
    }
}

fn notifier(reading: Reading) -> NotifierReading {
    NotifierReading {
        kind: reading.kind,
        target: reading.target,
        delivered: reading.delivered,
        failed: reading.lost,
        errors: reading.errors,
        pending: reading.pending,
    }
}

/// Time that has passed; none when the clock was set back.
fn since(time: Option<SystemTime>, now: SystemTime) -> Option<std::time::Duration> {
    time.map(|time| now.duration_since(time).unwrap_or_default())
}
