//! A flag as it is written: every field optional, presence kept, so that it can be shown again as it was.

use std::sync::Arc;

use crate::span::{Span, Spanned, Text};
use crate::timestamp::Timestamp;
use crate::value::{Map, Value};

/// One flag of a file. `None` means that the field was not written (or was `null`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FlagDefinition {
    /// Variation names and values, sorted by name, each once. A `null` value is [`Value::Null`].
    pub variations: Option<Vec<Variation>>,
    /// Targeting rules in order.
    pub targeting: Option<Vec<RuleDefinition>>,
    /// Dotted path of the attribute that is hashed instead of the targeting key. `""` is not the same as absent.
    pub bucketing_key: Option<Spanned<Arc<str>>>,
    /// The rule for everybody else.
    pub default_rule: Option<RuleDefinition>,
    /// The window in which the flag is live.
    pub experimentation: Option<Experimentation>,
    /// Changes with their dates, in the order of the file.
    pub scheduled_rollout: Option<Vec<ScheduledStep>>,
    /// Whether evaluations are exported.
    pub track_events: Option<bool>,
    /// Whether the flag is off.
    pub disable: Option<bool>,
    /// A label of the team's own.
    pub version: Option<Arc<str>>,
    /// Free data, published with each evaluation.
    pub metadata: Option<Map>,
    /// Where the flag's value stands (compares equal anywhere).
    pub span: Place,
}

/// A variation: a name and the value it stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Variation {
    /// Name.
    pub name: Arc<str>,
    /// Value.
    pub value: Value,
    /// Where the value was written.
    pub span: Place,
}

/// A targeting rule, the default rule, or a step's change to one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleDefinition {
    /// Name, by which a scheduled step finds the rule.
    pub name: Option<Spanned<Arc<str>>>,
    /// Query in the query language or as JsonLogic.
    pub query: Option<Text>,
    /// The variation to serve.
    pub variation: Option<Spanned<Arc<str>>>,
    /// Shares by variation name, sorted by name, each once. A `null` number is 0.
    pub percentage: Option<Spanned<Vec<Percentage>>>,
    /// A ramp from one variation to another.
    pub progressive_rollout: Option<ProgressiveRollout>,
    /// Whether the rule is off (targeting rules only).
    pub disable: Option<bool>,
    /// Where the rule stands.
    pub span: Place,
}

/// The share of one variation.
#[derive(Debug, Clone, PartialEq)]
pub struct Percentage {
    /// Variation name.
    pub variation: Arc<str>,
    /// Share in percent; finite, any sign.
    pub share: f64,
    /// Where the number was written.
    pub span: Place,
}

/// A ramp between two points in time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProgressiveRollout {
    /// Where it starts.
    pub initial: Option<ProgressiveStep>,
    /// Where it ends.
    pub end: Option<ProgressiveStep>,
    /// Where the ramp stands.
    pub span: Place,
}

/// One end of a ramp.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProgressiveStep {
    /// The variation at this end.
    pub variation: Option<Spanned<Arc<str>>>,
    /// Percent of the population that has the end variation; absent counts as 0.
    pub percentage: Option<f64>,
    /// When.
    pub date: Option<Spanned<Timestamp>>,
    /// Where this end stands.
    pub span: Place,
}

/// The window of an experiment, both ends inclusive.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Experimentation {
    /// Not before.
    pub start: Option<Spanned<Timestamp>>,
    /// Not after.
    pub end: Option<Spanned<Timestamp>>,
    /// Where it stands.
    pub span: Place,
}

/// A change of the flag from a date on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScheduledStep {
    /// From when; a step without a date never applies.
    pub date: Option<Spanned<Timestamp>>,
    /// What changes: the same fields as a flag. Steps of a step are published and never applied.
    pub change: FlagDefinition,
}

/// A span that never takes part in comparisons.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place(pub Span);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}
