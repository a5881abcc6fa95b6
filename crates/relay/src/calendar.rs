//! When the flags of a set will change by themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use flagstaff_definition::timestamp::Instant;
use flagstaff_engine::calendar::{Moment, moments};
use flagstaff_flagset::Snapshot;

use crate::evaluate::instant;

/// The clock is looked at again after this time, since it may have been set.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The moments to come at which flags of a snapshot change by themselves.
#[derive(Debug, Default)]
pub(crate) struct Calendar {
    moments: BTreeMap<Instant, BTreeSet<(Arc<str>, Moment)>>,
}

impl Calendar {
    /// What comes after a time.
    pub(crate) fn of(snapshot: &Snapshot, after: SystemTime) -> Self {
        let after = instant(after);
        let mut all: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for flag in snapshot.flags() {
            for moment in moments(flag.flag.definition()) {
                if moment.at > after {
                    all.entry(moment.at)
                        .or_default()
                        .insert((Arc::clone(flag.key()), moment));
                }
            }
        }
        Self { moments: all }
    }

    /// Takes out what has come, what comes together in one.
    pub(crate) fn due(&mut self, now: SystemTime) -> impl Iterator<Item = BTreeSet<(Arc<str>, Moment)>> + use<> {
        let now = instant(now);
        let mut later = self.moments.split_off(&now);
        if let Some(present) = later.remove(&now) {
            self.moments.insert(now, present);
        }
        std::mem::replace(&mut self.moments, later).into_values()
    }

    /// How long to wait before looking what is due; `None` when nothing is to come.
    pub(crate) fn wait(&self, now: SystemTime) -> Option<Duration> {
        let (next, _) = self.moments.first_key_value()?;
        let now = instant(now);
        let seconds = next.seconds.saturating_sub(now.seconds);
        let nanos = seconds
            .saturating_mul(1_000_000_000)
            .saturating_add(i64::from(next.nanos) - i64::from(now.nanos));
        Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(0)).min(LONGEST_WAIT))
    }
}
