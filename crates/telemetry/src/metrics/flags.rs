//! Counters by flag.

use std::sync::{Arc, OnceLock};

use prometheus::{IntCounter, IntCounterVec};

/// What a flag that is in no flag set counts as.
const UNKNOWN: &str = "unknown";

/// A counter for each flag.
#[derive(Debug, Clone)]
pub struct FlagCounters {
    family: IntCounterVec,
    unknown: FlagCounter,
}

/// The counter of one flag. Its series appears when it counts for the first time; from then on it takes one atomic addition.
#[derive(Debug, Clone)]
pub struct FlagCounter {
    family: IntCounterVec,
    flag: Arc<str>,
    counter: Arc<OnceLock<IntCounter>>,
}

impl FlagCounters {
    pub(super) fn new(family: IntCounterVec) -> Self {
        let unknown = FlagCounter {
            family: family.clone(),
            flag: Arc::from(UNKNOWN),
            counter: Arc::default(),
        };
        Self { family, unknown }
    }

    /// The counter of a flag: to be kept as long as the flag is.
    pub fn of(&self, flag: &Arc<str>) -> FlagCounter {
        FlagCounter {
            family: self.family.clone(),
            flag: Arc::clone(flag),
            counter: Arc::default(),
        }
    }

    /// The counter of whatever is not a flag.
    pub fn unknown(&self) -> &FlagCounter {
        &self.unknown
    }
}

impl FlagCounter {
    /// Counts.
    #[inline]
    pub fn increment(&self) {
        self.counter
            .get_or_init(|| self.family.with_label_values(&[&*self.flag]))
            .inc();
    }
}
