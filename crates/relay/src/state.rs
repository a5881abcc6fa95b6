//! What the routes work with.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use flagstaff_flagset::{Clock, FlagSet};
use flagstaff_telemetry::logging::LogLevel;
use flagstaff_telemetry::metrics::{BuildInformation, FlagCounter, FlagCounters, Metrics, RouteMetrics};
use http::{HeaderValue, StatusCode};
use prometheus::Registry;

use crate::answer::Problem;
use crate::config::{Grant, Keys, Limits, Settings};
use crate::route::Route;

/// Everything that a relay holds while it serves.
pub(crate) struct State {
    pub(crate) keys: Keys,
    pub(crate) flag_sets: FlagSets,
    pub(crate) limits: Limits,
    /// Shows what happened inside, and indents all JSON.
    pub(crate) debug: bool,
    /// `None` where the header is switched off.
    pub(crate) version: Option<HeaderValue>,
    pub(crate) counts: Counts,
    pub(crate) clock: Clock,
}

/// The flag sets that are served.
pub(crate) struct FlagSets {
    /// Without names there is one set, which needs no key.
    named: bool,
    sets: Vec<ServedSet>,
}

/// A flag set under its name; `None` when it could not start.
pub(crate) struct ServedSet {
    pub(crate) name: Arc<str>,
    pub(crate) flags: Option<Arc<FlagSet>>,
}

/// Everything that is counted.
pub(crate) struct Counts {
    pub(crate) metrics: Metrics,
    pub(crate) registry: Registry,
    pub(crate) evaluations: FlagCounts,
    /// Flags of bulk answers, where that is wanted.
    pub(crate) bulk_evaluations: Option<FlagCounts>,
    routes: [RouteMetrics; Route::ALL.len()],
}

/// The counters of flags, each looked up in the registry once.
pub(crate) struct FlagCounts {
    counters: FlagCounters,
    known: RwLock<HashMap<Arc<str>, FlagCounter, foldhash::fast::RandomState>>,
}

impl State {
    /// The state of a relay with these settings and flag sets.
    pub(crate) fn new(settings: &Settings, flag_sets: FlagSets, clock: Clock) -> Result<Self, prometheus::Error> {
        Ok(Self {
            keys: settings.keys.clone(),
            flag_sets,
            limits: settings.server.limits,
            debug: settings.logging.level == LogLevel::Debug,
            version: settings
                .version_header
                .then(|| HeaderValue::from_static(crate::VERSION)),
            counts: Counts::new(settings.bulk_metric_flag_names)?,
            clock,
        })
    }

    /// The time.
    pub(crate) fn now(&self) -> SystemTime {
        (self.clock)()
    }
}

impl FlagSets {
    /// The one set of default mode.
    pub(crate) fn default_mode(set: ServedSet) -> Self {
        Self {
            named: false,
            sets: vec![set],
        }
    }

    /// Sets that are told apart by keys, in the order of the configuration.
    pub(crate) fn by_key(sets: Vec<ServedSet>) -> Self {
        Self { named: true, sets }
    }

    /// The flag set of a caller.
    pub(crate) fn of(&self, grant: Option<Grant>) -> Result<&Arc<FlagSet>, Problem> {
        let index = if self.named {
            grant.and_then(|grant| grant.flag_set)
        } else {
            Some(0)
        };
        let set = index
            .and_then(|index| self.sets.get(index))
            .and_then(|set| set.flags.as_ref());
        set.ok_or_else(|| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "error while getting flagset: flagset not found for API key",
            )
        })
    }

    /// The flag set of a name.
    pub(crate) fn named(&self, name: &str) -> Result<&Arc<FlagSet>, Problem> {
        let set = self
            .sets
            .iter()
            .find(|set| *set.name == *name)
            .and_then(|set| set.flags.as_ref());
        set.ok_or_else(|| {
            let message = format!("error while getting flagset: impossible to find the flagset with the name {name}");
            Problem::new(StatusCode::BAD_REQUEST, message)
        })
    }

    /// Whether callers are told apart by their keys.
    pub(crate) fn are_named(&self) -> bool {
        self.named
    }

    /// Every set, started or not.
    pub(crate) fn all(&self) -> &[ServedSet] {
        &self.sets
    }

    /// Every set that is served.
    pub(crate) fn started(&self) -> impl Iterator<Item = &Arc<FlagSet>> {
        self.sets.iter().filter_map(|set| set.flags.as_ref())
    }
}

impl Counts {
    fn new(bulk_flag_names: bool) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let build = BuildInformation {
            version: crate::VERSION,
            revision: "unknown",
            compiler: "rustc",
        };
        let metrics = Metrics::register(&registry, &build)?;
        Ok(Self {
            evaluations: FlagCounts::new(&metrics.flag_evaluations),
            bulk_evaluations: bulk_flag_names.then(|| FlagCounts::new(&metrics.bulk_flag_evaluations)),
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
