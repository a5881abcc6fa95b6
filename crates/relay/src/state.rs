//! What a relay holds for as long as it runs.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use arc_swap::{ArcSwap, Guard};
use flagstaff_flagset::Clock;
use flagstaff_telemetry::metrics::{self, BuildInformation, FlagCounter, FlagCounters, Metrics, RouteMetrics};
use flagstaff_telemetry::traces::{TraceSettings, Tracer};
use prometheus::Registry;

use crate::last_edit::LastEdit;
use crate::lifetime::Phases;
use crate::overload::Occupancy;
use crate::readings;
use crate::request_id::RequestIds;
use crate::route::Route;
use crate::serving::Serving;
use crate::streams::Streams;

/// Everything that a relay holds while it runs. What an edit of the configuration can replace stands in [`Serving`].
pub(crate) struct State {
    serving: Arc<ArcSwap<Serving>>,
    pub(crate) phases: Phases,
    pub(crate) request_ids: RequestIds,
    pub(crate) occupancy: Occupancy,
    pub(crate) counts: Counts,
    pub(crate) streams: Streams,
    /// `None` without traces.
    pub(crate) tracer: Option<Tracer>,
    pub(crate) last_edit: LastEdit,
    pub(crate) clock: Clock,
    /// When it began.
    pub(crate) started: SystemTime,
}

/// Everything that is counted.
pub(crate) struct Counts {
    pub(crate) metrics: Metrics,
    pub(crate) registry: Registry,
    pub(crate) evaluations: FlagCounts,
    /// Flags of bulk answers; counted where that is wanted.
    pub(crate) bulk_evaluations: FlagCounts,
    routes: [RouteMetrics; Route::ALL.len()],
}

/// The counters of flags, each looked up in the registry once.
pub(crate) struct FlagCounts {
    counters: FlagCounters,
    known: RwLock<HashMap<Arc<str>, FlagCounter, foldhash::fast::RandomState>>,
}

impl State {
    /// The state of a relay that begins with this.
    pub(crate) fn new(serving: Serving, clock: Clock) -> Result<Self, prometheus::Error> {
        let serving = Arc::new(ArcSwap::from_pointee(serving));
        let counts = Counts::new()?;
        counts.metrics.configuration_reloads.started(clock());
        let (served, now) = (Arc::clone(&serving), Arc::clone(&clock));
        metrics::register_flag_sets(&counts.registry, move || readings::of(&served.load().flag_sets, now()))?;
        Ok(Self {
            serving,
            phases: Phases::new(),
            request_ids: RequestIds::new(),
            streams: Streams::new(&counts.metrics.streams),
            counts,
            occupancy: Occupancy::default(),
            tracer: None,
            last_edit: LastEdit::default(),
            started: clock(),
            clock,
        })
    }

    /// The same with traces, if these settings say so and they can be set up; if not, that is logged.
    pub(crate) fn with_traces(mut self, settings: Option<&TraceSettings>) -> Self {
        let start = |settings| Tracer::start(settings, self.counts.metrics.spans.clone());
        self.tracer = settings.map(start).transpose().unwrap_or_else(|error| {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "there are no traces");
            None
        });
        self
    }

    /// What is served now, for one request. Never waits.
    #[inline]
    pub(crate) fn serving(&self) -> Guard<Arc<Serving>> {
        self.serving.load()
    }

    /// Serves something else from the next request on, and ends streams that it does not allow; the answer is what was served
    /// before.
    pub(crate) fn replace(&self, serving: Serving) -> Arc<Serving> {
        let before = self.serving.swap(Arc::new(serving));
        self.serving().flag_sets.started().for_each(|set| set.hub.review());
        before
    }

    /// The time.
    pub(crate) fn now(&self) -> SystemTime {
        (self.clock)()
    }
}

impl Counts {
    fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let build = BuildInformation {
            version: crate::VERSION,
            revision: "unknown",
            compiler: "rustc",
        };
        let metrics = Metrics::register(&registry, &build)?;
        Ok(Self {
            evaluations: FlagCounts::new(&metrics.flag_evaluations),
            bulk_evaluations: FlagCounts::new(&metrics.bulk_flag_evaluations),
            routes: Route::ALL.map(|route| metrics.requests.route(route.template())),
            metrics,
            registry,
        })
    }

    /// The series of a route.
    pub(crate) fn route(&self, route: Route) -> &RouteMetrics {
        &self.routes[route.index()]
    }
}

impl FlagCounts {
    fn new(counters: &FlagCounters) -> Self {
        Self {
            counters: counters.clone(),
            known: RwLock::default(),
        }
    }

    /// Counts a flag; `None` is one that is in no set.
    pub(crate) fn count(&self, flag: Option<&Arc<str>>) {
        let Some(flag) = flag else {
            return self.counters.unknown().increment();
        };
        if let Some(counter) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(flag) {
            return counter.increment();
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known
            .entry(Arc::clone(flag))
            .or_insert_with(|| self.counters.of(flag))
            .increment();
    }
}
