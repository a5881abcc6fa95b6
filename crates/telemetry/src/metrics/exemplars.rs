//! Requests that stand for others: for each bucket of the durations the last traced request that it counted.

use std::array;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use prometheus::DEFAULT_BUCKETS;

use crate::traces::SpanReference;

/// A request by its span, in which more is told about it.
#[derive(Debug, Clone, Copy)]
pub struct Exemplar {
    /// The span.
    pub span: SpanReference,
    /// When it was answered.
    pub at: SystemTime,
}

/// An exemplar and how long its answer took, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Duration {
    pub(super) exemplar: Exemplar,
    pub(super) seconds: f64,
}

/// The exemplars of one series, by bucket.
#[derive(Debug)]
pub(super) struct Buckets(Mutex<[Option<Duration>; DEFAULT_BUCKETS.len() + 1]>);

/// The exemplars of all series of request durations. A series enters when it is made, so a request only touches its own.
#[derive(Debug, Clone, Default)]
pub(super) struct Exemplars(Arc<Mutex<HashMap<Labels, Arc<Buckets>>>>);

/// Values of the labels, in the order of the family.
type Labels = [Box<str>; 4];

impl Exemplars {
    /// The exemplars of the series with these labels.
    pub(super) fn of(&self, labels: [&str; 4]) -> Arc<Buckets> {
        let mut series = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(series.entry(labels.map(Box::from)).or_default())
    }
}

impl Buckets {
    pub(super) fn remember(&self, exemplar: Exemplar, seconds: f64) {
        let bucket = DEFAULT_BUCKETS.partition_point(|bound| *bound < seconds);
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buckets[bucket] = Some(Duration { exemplar, seconds });
    }

    /// The exemplar of the bucket with this index; the last one has no upper bound.
    pub(super) fn get(&self, bucket: usize) -> Option<Duration> {
        let buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.get(bucket).copied().flatten()
    }
}

impl Default for Buckets {
    fn default() -> Self {
        Self(Mutex::new(array::from_fn(|_| None)))
    }
}
