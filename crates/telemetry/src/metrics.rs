//! Every metric: name, type and labels, declared once. GO Feature Flag's are as they are there; what it does not have is called
//! `flagstaff_`.
//!
//! What callers choose is bounded: a flag in no set counts as `unknown`, hosts after the first [`MAX_HOSTS`] as `other`, methods
//! of nobody's standard as `other`. Counting a request takes no lock and no memory once its series exists.

mod exemplars;
mod families;
mod flag_sets;
mod flags;
mod open_metrics;
mod operation;
mod process;
mod requests;
mod scrape;
mod streams;

use prometheus::{Encoder, IntCounter, IntCounterVec, Registry, TextEncoder};

pub use exemplars::Exemplar;
pub use families::{FAMILIES, Family, FamilyKind};
pub use flag_sets::{
    ExporterReading, FlagSetReading, FlagSetStatus, NotifierReading, RetrieverReading, register_flag_sets,
};
pub use flags::{FlagCounter, FlagCounters};
pub use open_metrics::OPEN_METRICS_CONTENT_TYPE;
pub use operation::{ConfigurationReloads, Refusals, Spans};
pub use requests::{MAX_HOSTS, Requests, RouteMetrics, Sample};
pub use streams::{StreamKind, StreamMetrics, Streams};

/// `Content-Type` of [`render`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

/// What this binary was built from, for `gofeatureflag_build_info`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuildInformation<'a> {
    /// Version of Flagstaff.
    pub version: &'a str,
    /// Commit, or `unknown`.
    pub revision: &'a str,
    /// Version of the compiler, in the label that GO Feature Flag has for Go's.
    pub compiler: &'a str,
}

/// The metrics of one relay. Cloning is cheap and shares them.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// Requests of the API listener.
    pub requests: Requests,
    /// Single evaluations, by flag; on entry, found or not.
    pub flag_evaluations: FlagCounters,
    /// Bulk evaluations that were answered.
    pub all_flag_evaluations: IntCounter,
    /// Flags of bulk answers, by flag; only when that is configured.
    pub bulk_flag_evaluations: FlagCounters,
    /// Events handed to the collector.
    pub collected_events: IntCounter,
    /// Those of them that could not be understood.
    pub unreadable_events: IntCounter,
    /// Changes of flag sets.
    pub flag_changes: IntCounter,
    /// Flags that appeared.
    pub flags_created: FlagChanges,
    /// Flags that changed.
    pub flags_updated: FlagChanges,
    /// Flags that went.
    pub flags_deleted: FlagChanges,
    /// Forced refreshes.
    pub force_refreshes: IntCounter,
    /// Answers of the configuration endpoint.
    pub flag_configurations: IntCounter,
    /// Manifests that were answered.
    pub manifests: IntCounter,
    /// Reloads of the configuration.
    pub configuration_reloads: ConfigurationReloads,
    /// Requests that were refused.
    pub refusals: Refusals,
    /// Streams of changes.
    pub streams: Streams,
    /// Spans of traces.
    pub spans: Spans,
}

/// A total and the same by flag.
#[derive(Debug, Clone)]
pub struct FlagChanges {
    total: IntCounter,
    by_flag: IntCounterVec,
}

impl FlagChanges {
    /// Counts a flag.
    pub fn count(&self, flag: &str) {
        self.total.inc();
        self.by_flag.with_label_values(&[flag]).inc();
    }
}

impl Metrics {
    /// Registers every metric.
    ///
    /// # Errors
    /// When the registry holds one of the names already.
    pub fn register(registry: &Registry, build: &BuildInformation<'_>) -> Result<Self, prometheus::Error> {
        let counter = |family: &Family| family.counter(registry);
        let counters = |family: &Family| family.counters(registry);
        let changes = |total, by_flag| {
            Ok::<_, prometheus::Error>(FlagChanges {
                total: counter(total)?,
                by_flag: counters(by_flag)?,
            })
        };
        families::register_build_information(registry, build)?;
        process::register(registry)?;
        Ok(Self {
            requests: Requests::register(registry)?,
            flag_evaluations: FlagCounters::new(counters(&families::FLAG_EVALUATIONS)?),
            all_flag_evaluations: counter(&families::ALL_FLAG_EVALUATIONS)?,
            bulk_flag_evaluations: FlagCounters::new(counters(&families::BULK_FLAG_EVALUATIONS)?),
            collected_events: counter(&families::COLLECTED_EVENTS)?,
            unreadable_events: counter(&families::UNREADABLE_EVENTS)?,
            flag_changes: counter(&families::FLAG_CHANGES)?,
            flags_created: changes(&families::FLAG_CREATE_TOTAL, &families::FLAG_CREATE)?,
            flags_updated: changes(&families::FLAG_UPDATE_TOTAL, &families::FLAG_UPDATE)?,
            flags_deleted: changes(&families::FLAG_DELETE_TOTAL, &families::FLAG_DELETE)?,
            force_refreshes: counter(&families::FORCE_REFRESH)?,
            flag_configurations: counter(&families::FLAG_CONFIGURATION)?,
            manifests: counter(&families::GET_MANIFEST)?,
            configuration_reloads: ConfigurationReloads::register(registry)?,
            refusals: Refusals::register(registry)?,
            streams: Streams::register(registry)?,
            spans: Spans::register(registry)?,
        })
    }
}

/// Everything that a registry holds, in Prometheus' text format; its type is [`CONTENT_TYPE`].
///
/// # Errors
/// When a metric cannot be written in that format.
pub fn render(registry: &Registry) -> Result<Vec<u8>, prometheus::Error> {
    let mut text = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut text)?;
    Ok(text)
}

/// Everything that a registry holds and the exemplars of these requests, in OpenMetrics' text format; its type is
/// [`OPEN_METRICS_CONTENT_TYPE`].
pub fn render_with_exemplars(registry: &Registry, requests: &Requests) -> String {
    let mut text = String::new();
    open_metrics::write(&mut text, &registry.gather(), requests.exemplars()).expect("a string takes everything");
    text
}
