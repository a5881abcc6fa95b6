//! OpenFeature's remote evaluation protocol.

use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::goff::Reason;

/// For whom flags are evaluated.
#[derive(ToSchema)]
#[schema(example = json!({"context": {"targetingKey": "user-1", "plan": "pro"}}))]
pub(in super::super) struct OfrepRequest {
    /// Attributes, `targetingKey` among them. `gofeatureflag` in them is reserved, as in GO Feature Flag's own requests.
    context: Map<String, Value>,
}

/// The outcome of an evaluation.
#[derive(ToSchema)]
pub(in super::super) struct OfrepEvaluation {
    /// Key of the flag.
    key: String,
    /// The value; null for a disabled flag, which has none in the dialect `standard`.
    #[schema(required = false)]
    value: Value,
    #[schema(inline)]
    reason: Reason,
    /// Name of the variation; `SdkDefault` for a disabled flag, which has none in the dialect `standard`.
    #[schema(required = false)]
    variant: String,
    /// Metadata of the flag, the name of the rule that applied, and `gofeatureflag_cacheable` when the outcome may be kept.
    #[schema(required = false)]
    metadata: Map<String, Value>,
}

/// Why a flag was not evaluated.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct OfrepProblem {
    /// `FLAG_NOT_FOUND`, `INVALID_CONTEXT`, `TARGETING_KEY_MISSING`, `FLAG_CONFIG` or `GENERAL`.
    error_code: String,
    /// What is wrong.
    error_details: String,
    /// Key of the flag; not for bulk evaluations.
    #[schema(required = false)]
    key: String,
}

/// The outcomes of all flags.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct OfrepBulk {
    /// Outcomes in the order of the keys.
    flags: Vec<OfrepEntry>,
    /// Where changes are announced; in the dialect `standard`.
    #[schema(required = false)]
    event_streams: Vec<EventStream>,
}

/// The outcome of one of all flags.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct OfrepEntry {
    /// Key of the flag.
    key: String,
    /// The value; null with an error, or when the flag is disabled.
    #[schema(required = false)]
    value: Value,
    #[schema(required = false, inline)]
    reason: Reason,
    /// Name of the variation.
    #[schema(required = false)]
    variant: String,
    /// Metadata of the flag, and the name of the rule that applied.
    #[schema(required = false)]
    metadata: Map<String, Value>,
    /// Only with an error.
    #[schema(required = false)]
    error_code: String,
    /// What is wrong.
    #[schema(required = false)]
    error_details: String,
}

/// Where changes are announced. One of `url` and `endpoint` is there.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct EventStream {
    /// `sse`.
    #[schema(rename = "type")]
    kind: String,
    /// The whole address. It holds a token: not to be logged.
    #[schema(required = false)]
    url: String,
    #[schema(required = false)]
    endpoint: EventStreamEndpoint,
    /// Seconds without activity after which a client disconnects.
    #[schema(required = false)]
    inactivity_delay_sec: u32,
}

/// An address on the server that was asked.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct EventStreamEndpoint {
    /// Scheme, host and port; those of the request when it is not there.
    #[schema(required = false)]
    origin: String,
    /// Path and query.
    request_uri: String,
}

/// Something changed: the flags are to be fetched again.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct RefetchEvaluation {
    /// `refetchEvaluation`.
    #[schema(rename = "type")]
    kind: String,
    /// Stands for the flags as they are now.
    etag: String,
    /// Unix seconds since when they are what they are.
    last_modified: i64,
}
