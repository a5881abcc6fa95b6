//! GO Feature Flag's own endpoints.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::flag::FlagDefinition;

/// Why a request is not answered as asked.
#[derive(ToSchema)]
#[schema(example = json!({"message": "Not Found"}))]
pub(in super::super) struct Message {
    /// What is wrong.
    message: String,
    /// What happened inside; only while the log level is `debug`.
    #[schema(required = false)]
    error: String,
}

/// For whom flags are evaluated. One of the two must be there; `evaluationContext` wins.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"evaluationContext": {"key": "user-1", "custom": {"plan": "pro"}}, "defaultValue": false}))]
pub(in super::super) struct EvaluationRequest {
    #[schema(required = false, inline)]
    evaluation_context: EvaluationContext,
    #[schema(required = false, inline)]
    user: User,
    /// The value of an evaluation that fails, or of a disabled flag. Bulk evaluations ignore it.
    #[schema(required = false)]
    default_value: Value,
}

/// The evaluation context.
#[derive(ToSchema)]
pub(in super::super) struct EvaluationContext {
    /// The targeting key.
    #[schema(required = false)]
    key: String,
    /// Attributes. `gofeatureflag` in them is reserved: `currentDateTime` (RFC 3339) is the time of the evaluation, `flagList` the
    /// flags of a bulk evaluation, `exporterMetadata` what is exported beside the event.
    #[schema(required = false)]
    custom: Map<String, Value>,
}

/// Former spelling of the evaluation context.
#[derive(ToSchema)]
pub(in super::super) struct User {
    /// The targeting key.
    #[schema(required = false)]
    key: String,
    /// Becomes the attribute `anonymous`.
    #[schema(required = false)]
    anonymous: bool,
    /// Attributes.
    #[schema(required = false)]
    custom: Map<String, Value>,
}

/// The outcome of an evaluation.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct Evaluation {
    /// Whether evaluations of the flag are exported.
    track_events: bool,
    /// Name of the variation; `SdkDefault` when the default value counts.
    variation_type: String,
    /// Whether there is an error.
    failed: bool,
    /// Version of the flag.
    version: String,
    #[schema(inline)]
    reason: Reason,
    /// `FLAG_NOT_FOUND`, `TARGETING_KEY_MISSING`, `FLAG_CONFIG`, `GENERAL`; empty without an error.
    error_code: String,
    /// What is wrong.
    #[schema(required = false)]
    error_details: String,
    /// The value.
    value: Value,
    /// Whether the same context has the same outcome until the flag changes.
    cacheable: bool,
    /// Metadata of the flag, and the name of the rule that applied.
    #[schema(required = false)]
    metadata: Map<String, Value>,
}

/// Why a flag has its value.
#[derive(ToSchema)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in super::super) enum Reason {
    TargetingMatch,
    TargetingMatchSplit,
    Split,
    Default,
    Static,
    Disabled,
    Error,
    Unknown,
}

/// The outcomes of all flags.
#[derive(ToSchema)]
pub(in super::super) struct AllFlags {
    /// By flag.
    flags: BTreeMap<String, FlagState>,
    /// Whether none has an error.
    valid: bool,
}

/// The outcome of one of all flags.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct FlagState {
    /// The value; null with an error, or when the flag is disabled.
    value: Value,
    /// When it was evaluated, in seconds since 1970.
    timestamp: i64,
    /// Name of the variation.
    variation_type: String,
    /// Whether evaluations of the flag are exported.
    track_events: bool,
    /// Empty without an error.
    error_code: String,
    /// What is wrong.
    #[schema(required = false)]
    error_details: String,
    #[schema(inline)]
    reason: Reason,
    /// Metadata of the flag, and the name of the rule that applied.
    #[schema(required = false)]
    metadata: Map<String, Value>,
}

/// Which flags are wanted; all of them when none is named.
#[derive(ToSchema)]
pub(in super::super) struct ConfigurationRequest {
    /// Keys of flags.
    #[schema(required = false)]
    flags: Vec<String>,
}

/// Flags as they are written, for evaluation in the client.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct Configuration {
    /// By flag.
    flags: BTreeMap<String, FlagDefinition>,
    /// Attributes to be laid over those of each evaluation.
    #[schema(required = false)]
    evaluation_context_enrichment: Map<String, Value>,
}

/// Why there is no configuration.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct ConfigurationProblem {
    /// `INVALID_REQUEST`.
    error_code: String,
    /// What is wrong.
    error_details: String,
}

/// Hashes that change when flags do.
#[derive(ToSchema)]
#[schema(example = json!({"hash": 1415952421, "flags": {}}))]
pub(in super::super) struct Hashes {
    /// Of all flags.
    hash: u32,
    /// By flag.
    flags: BTreeMap<String, u32>,
}

/// Events of a client.
#[derive(ToSchema)]
pub(in super::super) struct Events {
    /// In place of the metadata of each event.
    #[schema(required = false)]
    meta: Map<String, Value>,
    /// Events of evaluations and of tracking, mixed.
    events: Vec<Event>,
}

/// What happened in a client.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct Event {
    /// `feature` or `tracking`.
    #[schema(required = false)]
    kind: String,
    /// `user` or `anonymousUser`.
    #[schema(required = false)]
    context_kind: String,
    /// The targeting key.
    #[schema(required = false)]
    user_key: String,
    /// Seconds since 1970.
    #[schema(required = false)]
    creation_date: f64,
    /// Key of the flag, or name of the tracking event.
    #[schema(required = false)]
    key: String,
    /// Name of the variation.
    #[schema(required = false)]
    variation: String,
    /// The value that was given.
    #[schema(required = false)]
    value: Value,
    /// Whether it was the caller's default.
    #[schema(required = false)]
    default: bool,
    /// Version of the flag.
    #[schema(required = false)]
    version: String,
    /// Where it was evaluated; `PROVIDER_CACHE` when it is not said.
    #[schema(required = false)]
    source: String,
    /// Exported beside the event.
    #[schema(required = false)]
    metadata: Map<String, Value>,
    /// The context of a tracking event.
    #[schema(required = false)]
    evaluation_context: Map<String, Value>,
    /// Details of a tracking event.
    #[schema(required = false)]
    tracking_event_details: Map<String, Value>,
}

/// How many events were taken.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct Ingested {
    /// As many as were sent.
    ingested_content_count: u64,
}

/// The flags for the OpenFeature command line.
#[derive(ToSchema)]
pub(in super::super) struct Manifest {
    /// Flags that have `defaultValue` in their metadata, by key.
    flags: Vec<ManifestEntry>,
}

/// A flag for the OpenFeature command line.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct ManifestEntry {
    /// Key of the flag.
    key: String,
    /// `boolean`, `string`, `integer`, `float` or `object`.
    #[schema(rename = "type")]
    kind: String,
    /// From the metadata of the flag.
    default_value: Value,
    /// From the metadata of the flag.
    description: String,
}
