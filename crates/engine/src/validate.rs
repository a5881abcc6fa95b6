//! What is wrong with a flag: everything GO Feature Flag refuses at load, in its order and its words, and what it never
//! said.
//!
//! A flag with a finding of [`Severity::Error`] is not served (its last good version stays). Warnings are flags that load and
//! probably do not do what was meant. Infos explain a surprise, or an answer that is not GO Feature Flag's.
//!
//! Each check is one function; `CHECKS` says in which order they run, `RULE_CHECKS` those of a single rule. To add one,
//! write it, put it into its list, and give its code a comment in `flagstaff-definition`.

use std::sync::Arc;

use flagstaff_definition::diagnostic::{Code, Diagnostic, Severity};
use flagstaff_definition::flag::{FlagDefinition, RuleDefinition, Variation};
use flagstaff_definition::timestamp::Instant;

use self::findings::Findings;

mod bucketing;
mod dates;
mod differences;
mod experimentation;
mod findings;
mod percentages;
mod progressive;
mod queries;
mod rules;
mod schedule;
mod variations;

/// What a check looks at.
struct Subject<'a> {
    definition: &'a FlagDefinition,
    now: Instant,
}

/// The checks of a flag. What GO Feature Flag checks too stands first, in its order.
const CHECKS: &[fn(&Subject<'_>, &mut Findings)] = &[
    variations::exist,
    variations::have_values,
    variations::are_of_one_kind,
    rules::default_rule,
    rules::targeting,
    rules::names_are_unique,
    rules::are_reachable,
    rules::are_not_all_disabled,
    queries::integers_against_fractions,
    experimentation::window,
    bucketing::key_path,
    bucketing::key_is_used,
    bucketing::key_is_needed_for_later,
    bucketing::splits_are_alike,
    variations::manifest_default,
    schedule::dates,
    schedule::steps,
    differences::bucketing_by_targeting_key,
];

/// A rule under examination.
#[derive(Clone, Copy)]
struct RuleView<'a> {
    rule: &'a RuleDefinition,
    position: Position,
    /// The variations it can serve, sorted by name.
    variations: &'a [Variation],
    now: Instant,
}

/// Where a rule stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Default,
    Targeting,
    /// What a scheduled step makes of the default rule.
    StepDefault,
    /// What a scheduled step makes of a targeting rule. Of the merged rule, only what the step writes is there.
    StepTargeting,
}

/// The checks of a rule. What GO Feature Flag checks too stands first, in its order.
const RULE_CHECKS: &[fn(&RuleView<'_>, &mut Findings)] = &[
    rules::has_an_outcome,
    queries::query,
    percentages::are_valid,
    progressive::ends_are_valid,
    rules::variation_exists,
    rules::has_one_outcome,
    rules::default_rule_has_no_condition,
    rules::default_rule_has_no_name,
    percentages::add_up,
    percentages::have_buckets,
    progressive::dates,
    progressive::percentages,
    progressive::is_complete,
    differences::split_order,
    differences::split_hole,
    differences::rollout_written_back,
];

impl RuleView<'_> {
    fn examine(&self, findings: &mut Findings) {
        for check in RULE_CHECKS {
            check(self, findings);
        }
    }

    fn is_default(&self) -> bool {
        matches!(self.position, Position::Default | Position::StepDefault)
    }

    fn is_of_a_step(&self) -> bool {
        matches!(self.position, Position::StepDefault | Position::StepTargeting)
    }

    /// Whether a variation can be served. Without any, the flag has one finding about that and not one for each rule.
    fn knows(&self, variation: &str) -> bool {
        self.variations.is_empty() || variations::find(self.variations, variation).is_some()
    }
}

/// Everything that is to be said about a flag, at once. `now` tells what is over.
///
/// Spans are relative to the flag's entry. The errors that GO Feature Flag reports too stand in the order in which it would
/// find them, see [`first_goff_error`].
pub fn validate(key: &str, definition: &FlagDefinition, now: Instant) -> Vec<Diagnostic> {
    let subject = Subject { definition, now };
    let mut findings = Findings::default();
    for check in CHECKS {
        check(&subject, &mut findings);
    }
    let mut found = findings.into_diagnostics();
    if !found.is_empty() {
        let key: Arc<str> = key.into();
        for diagnostic in &mut found {
            diagnostic.flag = Some(Arc::clone(&key));
        }
    }
    found
}

/// The one problem of a flag that GO Feature Flag would report: the first error that it knows. Where only Flagstaff refuses the
/// flag (GO Feature Flag crashes on it, or answers at random), the first error.
pub fn first_goff_error(found: &[Diagnostic]) -> Option<&Diagnostic> {
    let mut errors = found.iter().filter(|found| found.severity == Severity::Error);
    let first = errors.clone().next();
    errors.find(|error| !UNKNOWN_TO_GOFF.contains(&error.code)).or(first)
}

/// Errors of the validation that GO Feature Flag does not report.
const UNKNOWN_TO_GOFF: &[Code] = &[
    Code::NegativePercentage,
    Code::IncompleteProgressiveRollout,
    Code::StepWithoutRolloutEnd,
];
