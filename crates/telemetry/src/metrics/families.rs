//! The table of metrics.

use prometheus::{
    DEFAULT_BUCKETS, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
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
const STREAM: &[&str] = &["kind"];
const REQUEST: &[&str] = &["code", "method", "host", "url"];
const BUILD: &[&str] = &["branch", "goarch", "goos", "goversion", "revision", "tags", "version"];
const FLAG_SET: &[&str] = &["flagset"];
const RETRIEVER: &[&str] = &["flagset", "retriever", "place"];
const NOTIFIER: &[&str] = &["flagset", "notifier", "kind", "target"];
const EXPORTER: &[&str] = &["flagset", "exporter", "kind"];
const EXPORTER_LOSS: &[&str] = &["flagset", "exporter", "kind", "reason"];

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
        $(pub(super) const $constant: Family = Family { name: $name, kind: $kind, labels: $labels, help: $help };)*

        /// Every metric: GO Feature Flag's, those of the process, Flagstaff's own.
        pub const FAMILIES: &[Family] = &[$($constant,)*];
    };
}

families! {
    FLAG_EVALUATIONS = FamilyKind::Counter, "gofeatureflag_flag_evaluations_total", FLAG, "single evaluations, by flag";
    ALL_FLAG_EVALUATIONS = FamilyKind::Counter, "gofeatureflag_all_flag_evaluations_total", &[], "bulk evaluations";
    BULK_FLAG_EVALUATIONS = FamilyKind::Counter, "gofeatureflag_all_flags_evaluations_total_with_flag", FLAG, "flags of bulk answers, by flag; only with `enableBulkMetricFlagNames`";
    COLLECTED_EVENTS = FamilyKind::Counter, "gofeatureflag_collect_eval_data_total", &[], "events handed to the data collector";
    FLAG_CHANGES = FamilyKind::Counter, "gofeatureflag_flag_changes_total", &[], "changes of flag sets";
    FLAG_CREATE_TOTAL = FamilyKind::Counter, "gofeatureflag_flag_create_total", &[], "flags that appeared";
    FLAG_UPDATE_TOTAL = FamilyKind::Counter, "gofeatureflag_flag_update_total", &[], "flags that changed";
    FLAG_DELETE_TOTAL = FamilyKind::Counter, "gofeatureflag_flag_delete_total", &[], "flags that went";
    FLAG_CREATE = FamilyKind::Counter, "gofeatureflag_flag_create", FLAG, "how often a flag appeared";
    FLAG_UPDATE = FamilyKind::Counter, "gofeatureflag_flag_update", FLAG, "how often a flag changed";
    FLAG_DELETE = FamilyKind::Counter, "gofeatureflag_flag_delete", FLAG, "how often a flag went";
    FORCE_REFRESH = FamilyKind::Counter, "gofeatureflag_force_refresh", &[], "forced refreshes";
    FLAG_CONFIGURATION = FamilyKind::Counter, "gofeatureflag_flag_configuration_total", &[], "answers of the configuration endpoint";
    GET_MANIFEST = FamilyKind::Counter, "gofeatureflag_get_manifest_total", &[], "manifests answered";
    REQUESTS = FamilyKind::Counter, "gofeatureflag_requests_total", REQUEST, "requests of the api listener";
    REQUEST_DURATION = FamilyKind::Histogram(DEFAULT_BUCKETS), "gofeatureflag_request_duration_seconds", REQUEST, "how long an answer took";
    REQUEST_SIZE = FamilyKind::Histogram(SIZES), "gofeatureflag_request_size_bytes", REQUEST, "size of requests, head and body";
    RESPONSE_SIZE = FamilyKind::Histogram(SIZES), "gofeatureflag_response_size_bytes", REQUEST, "size of answers' bodies";
    BUILD_INFO = FamilyKind::Gauge, "gofeatureflag_build_info", BUILD, "what the binary was built from, always 1";
    PROCESS_CPU = FamilyKind::Counter, "process_cpu_seconds_total", &[], "processor time, user's and system's";
    PROCESS_MAX_FILES = FamilyKind::Gauge, "process_max_fds", &[], "file descriptors that may be open";
    PROCESS_OPEN_FILES = FamilyKind::Gauge, "process_open_fds", &[], "file descriptors that are open";
    PROCESS_RECEIVED = FamilyKind::Counter, "process_network_receive_bytes_total", &[], "bytes received in the network namespace";
    PROCESS_SENT = FamilyKind::Counter, "process_network_transmit_bytes_total", &[], "bytes sent in the network namespace";
    PROCESS_RESIDENT_MEMORY = FamilyKind::Gauge, "process_resident_memory_bytes", &[], "resident memory";
    PROCESS_START_TIME = FamilyKind::Gauge, "process_start_time_seconds", &[], "unix time at which the process started";
    PROCESS_VIRTUAL_MEMORY = FamilyKind::Gauge, "process_virtual_memory_bytes", &[], "virtual memory";
    PROCESS_MAX_VIRTUAL_MEMORY = FamilyKind::Gauge, "process_virtual_memory_max_bytes", &[], "virtual memory that may be used";
    FLAG_SET_LOADED = FamilyKind::Gauge, "flagstaff_flagset_loaded", FLAG_SET, "1 when every retriever of the flag set has given a document, else 0";
    FLAG_SET_AGE = FamilyKind::Gauge, "flagstaff_flagset_age_seconds", FLAG_SET, "time since all flags could last be fetched and read, changed or not";
    FLAG_SET_REVISION = FamilyKind::Gauge, "flagstaff_flagset_revision", FLAG_SET, "revision of the flags that are served; grows with each change";
    FLAG_SET_FLAGS = FamilyKind::Gauge, "flagstaff_flagset_flags", FLAG_SET, "flags that are served";
    FLAG_SET_INVALID = FamilyKind::Gauge, "flagstaff_flagset_invalid_flags", FLAG_SET, "flags that were refused: their last good version is served, or nothing";
    RETRIEVER_AGE = FamilyKind::Gauge, "flagstaff_retriever_age_seconds", RETRIEVER, "time since the retriever last gave a document that could be read, or said that it is unchanged";
    RETRIEVER_FETCHES = FamilyKind::Counter, "flagstaff_retriever_fetches_total", RETRIEVER, "fetches, failed ones included";
    RETRIEVER_ERRORS = FamilyKind::Counter, "flagstaff_retriever_errors_total", RETRIEVER, "fetches that failed or brought what is no document of flags";
    RETRIEVER_LAST_FETCH = FamilyKind::Gauge, "flagstaff_retriever_last_fetch_seconds", RETRIEVER, "how long the last fetch took";
    RETRIEVER_FETCH_TIME = FamilyKind::Counter, "flagstaff_retriever_fetch_seconds_total", RETRIEVER, "how long all fetches took together; divide its rate by that of the fetches";
    UNREADABLE_EVENTS = FamilyKind::Counter, "flagstaff_collected_events_unreadable_total", &[], "events handed to the data collector that could not be understood and were left out";
    EXPORTER_ACCEPTED = FamilyKind::Counter, "flagstaff_exporter_events_accepted_total", EXPORTER, "events that the exporter was to deliver; always delivered + queued + spooled + dead letters + dropped";
    EXPORTER_DELIVERED = FamilyKind::Counter, "flagstaff_exporter_events_delivered_total", EXPORTER, "events that the sink took";
    EXPORTER_QUEUED = FamilyKind::Gauge, "flagstaff_exporter_events_queued", EXPORTER, "events that wait in memory";
    EXPORTER_SPOOLED = FamilyKind::Gauge, "flagstaff_exporter_events_spooled", EXPORTER, "events that wait on a disk";
    EXPORTER_DEAD_LETTERS = FamilyKind::Counter, "flagstaff_exporter_events_dead_lettered_total", EXPORTER, "events that the sink refused for good and that are kept in a file";
    EXPORTER_DROPPED = FamilyKind::Counter, "flagstaff_exporter_events_dropped_total", EXPORTER_LOSS, "events that were never delivered, by reason";
    EXPORTER_FAILURES = FamilyKind::Counter, "flagstaff_exporter_failures_total", EXPORTER, "batches that could not be delivered, or not as a whole";
    EXPORTER_UP = FamilyKind::Gauge, "flagstaff_exporter_up", EXPORTER, "0 while the sink has failed several times in a row, else 1";
    NOTIFIER_DELIVERED = FamilyKind::Counter, "flagstaff_notifier_delivered_total", NOTIFIER, "notifications that arrived";
    NOTIFIER_FAILED = FamilyKind::Counter, "flagstaff_notifier_failed_total", NOTIFIER, "notifications that were given up, because they were refused or tried too often";
    NOTIFIER_ERRORS = FamilyKind::Counter, "flagstaff_notifier_errors_total", NOTIFIER, "attempts that failed, whether or not the notification arrived in the end";
    NOTIFIER_PENDING = FamilyKind::Gauge, "flagstaff_notifier_pending_changes", NOTIFIER, "changes that the notifier has not been told yet";
    CONFIGURATION_RELOADS = FamilyKind::Counter, "flagstaff_config_reloads_total", &["outcome"], "reloads of the configuration, by `success` or `failure`";
    CONFIGURATION_RELOADED = FamilyKind::Gauge, "flagstaff_config_last_reload_successful", &[], "1 unless the last reload of the configuration failed";
    CONFIGURATION_RELOADED_AT = FamilyKind::Gauge, "flagstaff_config_last_reload_success_timestamp_seconds", &[], "unix time at which the configuration in use took effect";
    SHED_REQUESTS = FamilyKind::Counter, "flagstaff_shed_requests_total", &[], "requests refused with 503 because too many were being answered";
    REFUSED_KEYS = FamilyKind::Counter, "flagstaff_refused_keys_total", &[], "requests refused with 401: no key, or one that does not open what was asked for";
    SPANS = FamilyKind::Counter, "flagstaff_spans_total", &["outcome"], "spans of traces, by `sent` or `lost`";
    RATE_LIMITED = FamilyKind::Counter, "flagstaff_rate_limited_requests_total", &["limit"], "requests refused with 429, by the `key` or `address` that asked too often";
    STREAMS_OPEN = FamilyKind::Gauge, "flagstaff_streams_open", STREAM, "streams that are open now, by kind: `sse`, `websocket` or `ofrep`";
    STREAM_MESSAGES = FamilyKind::Counter, "flagstaff_stream_messages_total", STREAM, "messages handed to streams";
    STREAMS_BEHIND = FamilyKind::Counter, "flagstaff_streams_behind_total", STREAM, "times that one merged message brought a stream up to date";
    STREAMS_REFUSED = FamilyKind::Counter, "flagstaff_streams_refused_total", STREAM, "streams refused with 503 because too many were open";
}

impl Family {
    pub(super) fn counter(&self, registry: &Registry) -> Result<IntCounter, prometheus::Error> {
        registered(registry, IntCounter::new(self.name, self.help)?)
    }

    pub(super) fn counters(&self, registry: &Registry) -> Result<IntCounterVec, prometheus::Error> {
        registered(registry, IntCounterVec::new(self.options(), self.labels)?)
    }

    pub(super) fn gauge(&self, registry: &Registry) -> Result<IntGauge, prometheus::Error> {
        registered(registry, IntGauge::new(self.name, self.help)?)
    }

    pub(super) fn gauges(&self, registry: &Registry) -> Result<IntGaugeVec, prometheus::Error> {
        registered(registry, IntGaugeVec::new(self.options(), self.labels)?)
    }

    pub(super) fn histograms(&self, registry: &Registry) -> Result<HistogramVec, prometheus::Error> {
        let buckets = match self.kind {
            FamilyKind::Histogram(buckets) => buckets,
            FamilyKind::Counter | FamilyKind::Gauge => &[],
        };
        let options = HistogramOpts::new(self.name, self.help).buckets(buckets.to_vec());
        registered(registry, HistogramVec::new(options, self.labels)?)
    }

    pub(super) fn options(&self) -> Opts {
        Opts::new(self.name, self.help)
    }
}

/// Sets `gofeatureflag_build_info`.
pub(super) fn register_build_information(
    registry: &Registry,
    build: &BuildInformation<'_>,
) -> Result<(), prometheus::Error> {
    let family = BUILD_INFO;
    let gauge = family.gauges(registry)?;
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
