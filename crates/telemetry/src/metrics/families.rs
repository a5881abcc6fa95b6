//! The table of metrics.

use prometheus::{
    DEFAULT_BUCKETS, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry,
    core::Collector,
};

use super::BuildInformation;

/// A metric: what the reference says about it.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// Full name.
    pub name: &'static str,
    /// Type.
    pub kind: FamilyKind,
    /// Labels.
    pub labels: &'static [&'static str],
    /// What it counts.
    pub help: &'static str,
}

/// The type of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FamilyKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size, with these upper bounds.
    Histogram(&'static [f64]),
}

const FLAG: &[&str] = &["flag_name"];
const REQUEST: &[&str] = &["code", "method", "host", "url"];
const BUILD: &[&str] = &["branch", "goarch", "goos", "goversion", "revision", "tags", "version"];

const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * KIB;
const SIZES: &[f64] = &[
    KIB,
    2.0 * KIB,
    5.0 * KIB,
    10.0 * KIB,
    100.0 * KIB,
    500.0 * KIB,
    MIB,
    2.5 * MIB,
    5.0 * MIB,
    10.0 * MIB,
];

macro_rules! families {
    ($($constant:ident = $kind:expr, $name:literal, $labels:expr, $help:literal;)*) => {
        $(pub(super) const $constant: Family =
            Family { name: concat!("gofeatureflag_", $name), kind: $kind, labels: $labels, help: $help };)*

        /// Every metric but those of the process.
        pub const FAMILIES: &[Family] = &[$($constant,)*];
    };
}

families! {
    FLAG_EVALUATIONS = FamilyKind::Counter, "flag_evaluations_total", FLAG, "single evaluations, by flag";
    ALL_FLAG_EVALUATIONS = FamilyKind::Counter, "all_flag_evaluations_total", &[], "bulk evaluations";
    BULK_FLAG_EVALUATIONS = FamilyKind::Counter, "all_flags_evaluations_total_with_flag", FLAG, "flags of bulk answers, by flag";
    COLLECTED_EVENTS = FamilyKind::Counter, "collect_eval_data_total", &[], "events handed to the data collector";
    FLAG_CHANGES = FamilyKind::Counter, "flag_changes_total", &[], "changes of flag sets";
    FLAG_CREATE_TOTAL = FamilyKind::Counter, "flag_create_total", &[], "flags that appeared";
    FLAG_UPDATE_TOTAL = FamilyKind::Counter, "flag_update_total", &[], "flags that changed";
    FLAG_DELETE_TOTAL = FamilyKind::Counter, "flag_delete_total", &[], "flags that went";
    FLAG_CREATE = FamilyKind::Counter, "flag_create", FLAG, "how often a flag appeared";
    FLAG_UPDATE = FamilyKind::Counter, "flag_update", FLAG, "how often a flag changed";
    FLAG_DELETE = FamilyKind::Counter, "flag_delete", FLAG, "how often a flag went";
    FORCE_REFRESH = FamilyKind::Counter, "force_refresh", &[], "forced refreshes";
    FLAG_CONFIGURATION = FamilyKind::Counter, "flag_configuration_total", &[], "answers of the configuration endpoint";
    GET_MANIFEST = FamilyKind::Counter, "get_manifest_total", &[], "manifests answered";
    REQUESTS = FamilyKind::Counter, "requests_total", REQUEST, "requests of the api listener";
    REQUEST_DURATION = FamilyKind::Histogram(DEFAULT_BUCKETS), "request_duration_seconds", REQUEST, "how long an answer took";
    REQUEST_SIZE = FamilyKind::Histogram(SIZES), "request_size_bytes", REQUEST, "size of requests, head and body";
    RESPONSE_SIZE = FamilyKind::Histogram(SIZES), "response_size_bytes", REQUEST, "size of answers' bodies";
    BUILD_INFO = FamilyKind::Gauge, "build_info", BUILD, "what the binary was built from, always 1";
}

impl Family {
    pub(super) fn counter(&self, registry: &Registry) -> Result<IntCounter, prometheus::Error> {
        registered(registry, IntCounter::new(self.name, self.help)?)
    }

    pub(super) fn counters(&self, registry: &Registry) -> Result<IntCounterVec, prometheus::Error> {
        registered(
            registry,
            IntCounterVec::new(Opts::new(self.name, self.help), self.labels)?,
        )
    }

    pub(super) fn histograms(&self, registry: &Registry) -> Result<HistogramVec, prometheus::Error> {
        let buckets = match self.kind {
            FamilyKind::Histogram(buckets) => buckets,
            FamilyKind::Counter | FamilyKind::Gauge => &[],
        };
        let options = HistogramOpts::new(self.name, self.help).buckets(buckets.to_vec());
        registered(registry, HistogramVec::new(options, self.labels)?)
    }
}

/// Sets `gofeatureflag_build_info`.
pub(super) fn register_build_information(
    registry: &Registry,
    build: &BuildInformation<'_>,
) -> Result<(), prometheus::Error> {
    let family = BUILD_INFO;
    let gauge = registered(
        registry,
        IntGaugeVec::new(Opts::new(family.name, family.help), family.labels)?,
    )?;
    // Dashboards know Go's names of the architectures.
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let values = [
        "",
        architecture,
        std::env::consts::OS,
        build.compiler,
        build.revision,
        "unknown",
        build.version,
    ];
    gauge.with_label_values(&values).set(1);
    Ok(())
}

fn registered<C: Collector + Clone + 'static>(registry: &Registry, collector: C) -> Result<C, prometheus::Error> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}
