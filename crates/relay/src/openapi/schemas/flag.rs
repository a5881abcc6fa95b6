//! Flags as they are written.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A flag as it is written; what is not written is left out.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct FlagDefinition {
    /// Values by the name of the variation.
    #[schema(required = false)]
    variations: Map<String, Value>,
    /// Rules in order; the first that applies decides.
    #[schema(required = false)]
    targeting: Vec<FlagRule>,
    /// Path of the attribute that splits use in place of the targeting key.
    #[schema(required = false)]
    bucketing_key: String,
    #[schema(required = false)]
    default_rule: FlagRule,
    #[schema(required = false)]
    experimentation: Experimentation,
    /// Changes of the flag, each with the `date` from which on it counts and members like those of a flag.
    #[schema(required = false)]
    scheduled_rollout: Vec<Map<String, Value>>,
    /// Whether evaluations are exported.
    #[schema(required = false)]
    track_events: bool,
    /// Whether the caller's default is served.
    #[schema(required = false)]
    disable: bool,
    /// Version.
    #[schema(required = false)]
    version: String,
    /// Published with answers.
    #[schema(required = false)]
    metadata: Map<String, Value>,
}

/// A rule of a flag.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(in super::super) struct FlagRule {
    /// Published as `evaluatedRuleName`.
    #[schema(required = false)]
    name: String,
    /// When it applies.
    #[schema(required = false)]
    query: String,
    /// Name of the variation.
    #[schema(required = false)]
    variation: String,
    /// Shares by the name of the variation.
    #[schema(required = false)]
    percentage: BTreeMap<String, f64>,
    #[schema(required = false)]
    progressive_rollout: ProgressiveRollout,
    /// Whether it is passed over.
    #[schema(required = false)]
    disable: bool,
}

/// A share that grows with time.
#[derive(ToSchema)]
pub(in super::super) struct ProgressiveRollout {
    #[schema(required = false)]
    initial: RolloutStep,
    #[schema(required = false)]
    end: RolloutStep,
}

/// One end of a share that grows with time.
#[derive(ToSchema)]
pub(in super::super) struct RolloutStep {
    /// Name of the variation.
    #[schema(required = false)]
    variation: String,
    /// Its share.
    #[schema(required = false)]
    percentage: f64,
    /// When, in RFC 3339.
    #[schema(required = false)]
    date: String,
}

/// When a flag is on.
#[derive(ToSchema)]
pub(in super::super) struct Experimentation {
    /// From when, in RFC 3339.
    #[schema(required = false)]
    start: String,
    /// Until when, in RFC 3339.
    #[schema(required = false)]
    end: String,
}
