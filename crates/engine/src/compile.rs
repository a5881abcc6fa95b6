//! From a definition to a flag that can be evaluated: versions along time, rules, and a table of outcomes.

use std::collections::HashMap;
use std::sync::Arc;

use flagstaff_definition::flag::{FlagDefinition, ProgressiveRollout, RuleDefinition};
use flagstaff_definition::query;
use flagstaff_definition::span::Text;
use flagstaff_definition::timestamp::Instant;
use flagstaff_definition::value::Value;

use crate::attribute::{AttributeTable, ConditionSlot};
use crate::bucketing::{Ramp, Split};
use crate::jsonlogic::{Logic, is_jsonlogic};
use crate::outcome::{DEFAULT_VARIANT, ErrorCode, EvaluationError, Outcome, Reason};
use crate::query::Matcher;
use crate::schedule::{Stage, dated_steps, step_rules};

/// Index into the outcomes of a flag.
pub(crate) type OutcomeIndex = u32;

/// Everything a flag is compiled to.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) bucketing: Bucketing,
    /// The flag as it is written.
    pub(crate) base: Version,
    /// What scheduled steps make of it, each from its date on; ascending.
    pub(crate) schedule: Box<[(Instant, Version)]>,
    pub(crate) outcomes: Box<[Outcome]>,
    /// The answer of a flag that is off.
    pub(crate) disabled: OutcomeIndex,
    /// `Error: Empty targeting key`
    pub(crate) empty_key: OutcomeIndex,
    /// A rule that needs a key found none.
    pub(crate) keyless_rule: OutcomeIndex,
    /// There is no default rule.
    pub(crate) no_default: OutcomeIndex,
}

/// Where the value that is hashed comes from.
#[derive(Debug)]
pub(crate) enum Bucketing {
    /// The targeting key, which must not be empty when a rule needs it.
    TargetingKey,
    /// The targeting key, empty or not (`bucketingKey: ""`).
    TargetingKeyAsIs,
    /// An attribute.
    Attribute {
        path: Box<[Box<str>]>,
        not_found: OutcomeIndex,
        invalid: OutcomeIndex,
        empty: OutcomeIndex,
    },
}

/// A flag between two steps of its schedule.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) disabled: bool,
    pub(crate) not_before: Option<Instant>,
    pub(crate) not_after: Option<Instant>,
    /// Whether an empty bucketing value is an error.
    pub(crate) needs_key: bool,
    pub(crate) targeting: Box<[Arc<Rule>]>,
    pub(crate) default_rule: Option<Arc<Rule>>,
}

/// A compiled rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) active: bool,
    /// Whether it hashes the bucketing value.
    pub(crate) needs_key: bool,
    pub(crate) condition: Condition,
    pub(crate) serve: Serve,
}

/// When a rule applies. Shared by all rules of a flag set that have the same text.
#[derive(Debug, Clone)]
pub(crate) enum Condition {
    Always,
    /// A query that cannot be understood.
    Never,
    Query(ConditionSlot, Arc<Matcher>),
    Logic(ConditionSlot, Arc<Logic>),
}

/// What a rule that applies answers.
#[derive(Debug)]
pub(crate) enum Serve {
    /// Always the same, an error included.
    Outcome(OutcomeIndex),
    Split(Split<OutcomeIndex>),
    Progressive {
        ramp: Ramp,
        initial: OutcomeIndex,
        end: OutcomeIndex,
    },
}

/// Compiles a definition.
pub(crate) fn compile(definition: &FlagDefinition, table: &mut AttributeTable) -> Compiled {
    let unscheduled = definition.scheduled_rollout.as_ref().is_none_or(Vec::is_empty);
    let mut compiler = Compiler {
        table,
        cacheable: unscheduled && definition.experimentation.is_none(),
        step_needs_key: step_rules(definition).any(needs_key),
        outcomes: Vec::new(),
        known: HashMap::default(),
    };
    let disabled = compiler.outcome(Outcome {
        variant: DEFAULT_VARIANT.into(),
        value: None,
        reason: Reason::Disabled,
        error: None,
        rule_name: None,
        cacheable: compiler.cacheable,
    });
    let empty_key = compiler.error(ErrorCode::TargetingKeyMissing, "Error: Empty targeting key");
    let keyless_rule = compiler.error(
        ErrorCode::FlagConfig,
        "evaluate Rule: no key for bucketing-required rule",
    );
    let no_default = compiler.error(ErrorCode::FlagConfig, "no default targeting for the flag");
    let bucketing = compiler.bucketing(definition);
    let mut stage = Stage::written(definition);
    let base = compiler.version(&stage, None);
    let mut schedule: Vec<(Instant, Version)> = Vec::new();
    let mut steps = dated_steps(definition).into_iter().peekable();
    while let Some((date, step)) = steps.next() {
        let before = stage.clone();
        stage.apply(&step.change);
        while let Some((_, step)) = steps.next_if(|(next, _)| *next == date) {
            stage.apply(&step.change);
        }
        let previous = schedule.last().map_or(&base, |(_, version)| version);
        let version = compiler.version(&stage, Some((&before, previous)));
        schedule.push((date, version));
    }
    Compiled {
        bucketing,
        base,
        schedule: schedule.into(),
        outcomes: compiler.outcomes.into(),
        disabled,
        empty_key,
        keyless_rule,
        no_default,
    }
}

struct Compiler<'t> {
    table: &'t mut AttributeTable,
    /// Whether answers of the flag can be kept at all.
    cacheable: bool,
    step_needs_key: bool,
    outcomes: Vec<Outcome>,
    known: HashMap<OutcomeKey, OutcomeIndex, foldhash::fast::RandomState>,
}

/// What tells the successful outcomes of a flag apart: generation of the variations, variant, reason, rule name, and whether
/// the rule is a progressive rollout.
type OutcomeKey = (usize, Arc<str>, Reason, Option<Arc<str>>, bool);

impl Compiler<'_> {
    fn outcome(&mut self, outcome: Outcome) -> OutcomeIndex {
        self.outcomes.push(outcome);
        (self.outcomes.len() - 1) as OutcomeIndex
    }

    fn error(&mut self, code: ErrorCode, details: &str) -> OutcomeIndex {
        if let Some(known) = self.outcomes.iter().position(|outcome| {
            outcome
                .error
                .as_ref()
                .is_some_and(|error| error.code == code && &*error.details == details)
        }) {
            return known as OutcomeIndex;
        }
        self.outcome(Outcome {
            variant: DEFAULT_VARIANT.into(),
            value: None,
            reason: Reason::Error,
            error: Some(EvaluationError {
                code,
                details: details.into(),
            }),
            rule_name: None,
            cacheable: false,
        })
    }

    fn bucketing(&mut self, definition: &FlagDefinition) -> Bucketing {
        let Some(written) = &definition.bucketing_key else {
            return Bucketing::TargetingKey;
        };
        if written.value.is_empty() {
            return Bucketing::TargetingKeyAsIs;
        }
        let not_found = format!(
            "impossible to find bucketingKey in context: nested key not found: {}",
            written.value
        );
        Bucketing::Attribute {
            path: written.value.split('.').map(Box::from).collect(),
            not_found: self.error(ErrorCode::TargetingKeyMissing, &not_found),
            invalid: self.error(ErrorCode::TargetingKeyMissing, "invalid bucketing key"),
            empty: self.error(ErrorCode::TargetingKeyMissing, "Error: Empty bucketing key"),
        }
    }

    /// Compiles a stage of the schedule; rules that did not change since `previous` are shared with its version.
    fn version(&mut self, stage: &Stage, previous: Option<(&Stage, &Version)>) -> Version {
        let previous = previous.filter(|(before, _)| before.generation == stage.generation);
        let targeting = stage.targeting.iter().enumerate().map(|(at, rule)| {
            let unchanged =
                previous.filter(|(before, _)| before.targeting.get(at).is_some_and(|known| Arc::ptr_eq(known, rule)));
            match unchanged {
                Some((_, version)) => Arc::clone(&version.targeting[at]),
                None => Arc::new(self.rule(rule, stage, Position::Targeting)),
            }
        });
        let targeting: Box<[_]> = targeting.collect();
        let position = Position::Default {
            targeted: !targeting.is_empty(),
        };
        let default_rule = stage
            .default_rule
            .as_ref()
            .map(|rule| Arc::new(self.rule(rule, stage, position)));
        let rules = stage.targeting.iter().chain(&stage.default_rule);
        let window = stage.experimentation.as_ref();
        Version {
            disabled: stage.disable,
            not_before: window.and_then(|window| window.start).map(|date| date.value.instant),
            not_after: window.and_then(|window| window.end).map(|date| date.value.instant),
            needs_key: self.step_needs_key || rules.map(|rule| &**rule).any(needs_key),
            targeting,
            default_rule,
        }
    }

    fn rule(&mut self, rule: &RuleDefinition, stage: &Stage, position: Position) -> Rule {
        let condition = match &rule.query {
            Some(query) if position == Position::Targeting => self.condition(query),
            _ => Condition::Always,
        };
        Rule {
            active: position != Position::Targeting || !rule.disable.unwrap_or(false),
            needs_key: needs_key(rule),
            condition,
            serve: self.serve(rule, stage, position),
        }
    }

    fn condition(&mut self, query: &Text) -> Condition {
        if query.value.is_empty() {
            return Condition::Always;
        }
        self.table
            .condition(&query.value, |table, slot| new_condition(&query.value, table, slot))
    }

    fn serve(&mut self, rule: &RuleDefinition, stage: &Stage, position: Position) -> Serve {
        let answer = Answer { rule, stage, position };
        if let Some(ramp) = &rule.progressive_rollout {
            return self.progressive(&answer, ramp);
        }
        let shares = rule.percentage.as_ref().map_or(&[][..], |shares| &shares.value);
        if !shares.is_empty() {
            let dynamic = shares.iter().all(|share| share.share != 100.0);
            let targets: Vec<_> = shares
                .iter()
                .rev()
                .map(|share| (share.share, &share.variation))
                .collect();
            let targets: Vec<_> = targets
                .into_iter()
                .map(|(share, name)| (share, self.served(&answer, name, dynamic, false)))
                .collect();
            return match Split::new(targets) {
                Some(split) => Serve::Split(split),
                None => Serve::Outcome(self.error(ErrorCode::FlagConfig, "impossible to find the variation")),
            };
        }
        match &rule.variation {
            Some(variation) => Serve::Outcome(self.served(&answer, &variation.value, false, false)),
            None => Serve::Outcome(self.error(
                ErrorCode::FlagConfig,
                "error in the configuration, no variation available for this rule",
            )),
        }
    }

    fn progressive(&mut self, answer: &Answer<'_>, ramp: &ProgressiveRollout) -> Serve {
        let end_of = |step: &Option<flagstaff_definition::flag::ProgressiveStep>| {
            let step = step.as_ref()?;
            let variation = Arc::clone(&step.variation.as_ref()?.value);
            Some((step.date?.value.instant, step.percentage.unwrap_or(0.0), variation))
        };
        let ends = end_of(&ramp.initial)
            .zip(end_of(&ramp.end))
            .filter(|(initial, end)| end.0 > initial.0);
        let Some((initial, end)) = ends else {
            return Serve::Outcome(self.error(
                ErrorCode::FlagConfig,
                "error in the progressive rollout, missing params",
            ));
        };
        Serve::Progressive {
            ramp: Ramp::new((initial.0, initial.1), (end.0, end.1)),
            initial: self.served(answer, &initial.2, true, true),
            end: self.served(answer, &end.2, true, true),
        }
    }

    /// The outcome of serving a variation. One that does not exist, or is null, has the value null and is no error.
    fn served(&mut self, answer: &Answer<'_>, variation: &Arc<str>, dynamic: bool, progressive: bool) -> OutcomeIndex {
        let reason = match (answer.position, dynamic) {
            (Position::Targeting, true) => Reason::TargetingMatchSplit,
            (Position::Targeting, false) => Reason::TargetingMatch,
            (Position::Default { .. }, true) => Reason::Split,
            (Position::Default { targeted: true }, false) => Reason::Default,
            (Position::Default { targeted: false }, false) => Reason::Static,
        };
        let named = answer
            .rule
            .name
            .as_ref()
            .filter(|name| answer.position == Position::Targeting && !name.value.is_empty());
        let rule_name = named.map(|name| Arc::clone(&name.value));
        let key = (
            answer.stage.generation,
            Arc::clone(variation),
            reason,
            rule_name.clone(),
            progressive,
        );
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let variations = &answer.stage.variations;
        let value = variations
            .binary_search_by(|known| known.name.cmp(variation))
            .map_or(Value::Null, |at| variations[at].value.clone());
        let index = self.outcome(Outcome {
            variant: Arc::clone(variation),
            value: Some(value),
            reason,
            error: None,
            rule_name,
            cacheable: self.cacheable && !progressive,
        });
        self.known.insert(key, index);
        index
    }
}

/// A rule that answers, with what its answers depend on.
struct Answer<'a> {
    rule: &'a RuleDefinition,
    stage: &'a Stage,
    position: Position,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    Targeting,
    Default { targeted: bool },
}

fn new_condition(text: &str, table: &mut AttributeTable, slot: ConditionSlot) -> Condition {
    if joined_lines_are_empty(text) {
        return Condition::Always;
    }
    if is_jsonlogic(text) {
        return Logic::compile(text).map_or(Condition::Never, |logic| Condition::Logic(slot, Arc::new(logic)));
    }
    match query::parse(text).expression {
        Some(expression) => Condition::Query(slot, Arc::new(Matcher::compile(&expression, table))),
        None => Condition::Never,
    }
}

/// Whether a rule hashes a bucketing value.
pub(crate) fn needs_key(rule: &RuleDefinition) -> bool {
    rule.progressive_rollout.is_some() || rule.percentage.as_ref().is_some_and(|shares| !shares.value.is_empty())
}

/// Lines are joined without their leading spaces; what is empty then always matches.
pub(crate) fn joined_lines_are_empty(text: &str) -> bool {
    text.split('\n').all(|line| line.trim_start_matches(' ').is_empty())
}
