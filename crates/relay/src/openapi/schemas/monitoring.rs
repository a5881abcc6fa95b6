//! Health, and the answer of a forced refresh.

use std::collections::BTreeMap;

use utoipa::ToSchema;

/// The process is alive.
#[derive(ToSchema)]
pub(in super::super) struct Health {
    /// Always true.
    initialized: bool,
}

/// The process answers.
#[derive(ToSchema)]
pub(in super::super) struct Liveness {
    /// Always true.
    alive: bool,
}

/// When flags were last fetched.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct Information {
    /// The last of them, in RFC 3339.
    cache_refresh: String,
    /// By flag set, where there are several.
    #[schema(required = false, rename = "flagsets")]
    flag_sets: BTreeMap<String, String>,
}

/// Whether flags can be served.
#[derive(ToSchema)]
pub(in super::super) struct Readiness {
    /// Whether they can.
    ready: bool,
    /// It is about to end.
    #[schema(required = false)]
    stopping: bool,
    /// By flag set.
    #[schema(rename = "flagsets")]
    flag_sets: BTreeMap<String, FlagSetReadiness>,
}

/// How a flag set is doing.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct FlagSetReadiness {
    /// `ready`, `stale` (a source has failed, its last flags stay), `not loaded` or `not started`.
    status: String,
    /// Counts the changes since the start.
    #[schema(required = false)]
    revision: u64,
    /// How many flags are served.
    #[schema(required = false)]
    flags: u64,
    /// How many flags were refused as they are written now.
    #[schema(required = false)]
    invalid_flags: u64,
    /// Since all sources were last read.
    #[schema(required = false)]
    age_seconds: f64,
    /// In the order of the configuration.
    #[schema(required = false)]
    sources: Vec<SourceReadiness>,
    /// In the order of the configuration; left out where there are none.
    #[schema(required = false)]
    exporters: Vec<ExporterReadiness>,
    /// In the order of the configuration; left out where there are none.
    #[schema(required = false)]
    notifiers: Vec<NotifierReadiness>,
}

/// How a source is doing.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct SourceReadiness {
    /// What it is called; for administrators.
    #[schema(required = false)]
    name: String,
    /// Since it was last read.
    #[schema(required = false)]
    age_seconds: f64,
    /// How often in a row it could not be.
    failures: u64,
    /// Why; for administrators.
    #[schema(required = false)]
    error: String,
}

/// How an exporter is doing.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct ExporterReadiness {
    /// What it is called.
    name: String,
    /// How many events wait.
    waiting: u64,
    /// How often in a row they could not be delivered.
    failures: u64,
    /// Why; for administrators.
    #[schema(required = false)]
    error: String,
}

/// How a notifier is doing.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct NotifierReadiness {
    /// Its kind.
    kind: String,
    /// Where it is, without what is secret; for administrators.
    #[schema(required = false)]
    target: String,
    /// How many changes it has not been told.
    waiting: u64,
    /// Since it was told something; left out before that.
    #[schema(required = false)]
    age_seconds: f64,
    /// How often in a row it could not be told.
    failures: u64,
    /// Why; for administrators.
    #[schema(required = false)]
    error: String,
}

/// The flags are being fetched.
#[derive(ToSchema)]
pub(in super::super) struct Accepted {
    /// Always true.
    accepted: bool,
}

/// What came of a forced refresh.
#[derive(ToSchema)]
pub(in super::super) struct Refreshed {
    /// Whether every source could be read; otherwise its last flags stay.
    refreshed: bool,
}
