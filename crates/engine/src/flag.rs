//! A compiled flag and its evaluation.

use std::ops::ControlFlow;
use std::sync::Arc;

use flagstaff_definition::flag::FlagDefinition;
use flagstaff_definition::timestamp::Instant;
use flagstaff_definition::value::Map;

use crate::attribute::{Attribute, AttributeTable, Attributes, Lookup};
use crate::bucketing::Seed;
use crate::compile::{Bucketing, Compiled, Condition, OutcomeIndex, Rule, Serve, Version, compile};
use crate::context::{ContextMap, EvaluationContext, current_date_time};
use crate::observe::{Observer, Stage, Verdict};
use crate::outcome::Outcome;

/// A flag, ready to be evaluated. Immutable, and shared between snapshots while its definition stays the same.
#[derive(Debug)]
pub struct Flag {
    key: Arc<str>,
    definition: Arc<FlagDefinition>,
    seed: Seed,
    compiled: Compiled,
}

/// What a flag was evaluated to.
#[derive(Debug, Clone, Copy)]
pub struct Evaluation<'f> {
    /// The flag.
    pub flag: &'f Flag,
    /// Index into [`Flag::outcomes`].
    pub index: usize,
}

impl<'f> Evaluation<'f> {
    /// The outcome that was picked.
    pub fn outcome(&self) -> &'f Outcome {
        &self.flag.compiled.outcomes[self.index]
    }
}

/// For whom a flag is evaluated, and when.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a, L> {
    /// How attributes are found.
    pub lookup: &'a L,
    /// The time that schedules and experiments go by.
    pub now: Instant,
    /// The time that progressive rollouts go by (an enrichment can set it, see [`times`]).
    pub rollout_now: Instant,
}

/// The times that an evaluation goes by: first for schedules and experiments, then for progressive rollouts. They are the
/// clock's, unless `client_time` allows the context (for rollouts: the enrichment over it) to say otherwise in
/// `gofeatureflag.currentDateTime`.
pub fn times(
    context: &EvaluationContext<'_>,
    enrichment: Option<&ContextMap<'_>>,
    clock: Instant,
    client_time: bool,
) -> (Instant, Instant) {
    let sent = context
        .current_date_time()
        .filter(|_| client_time)
        .map_or(clock, |date| date.instant);
    let enriched = enrichment.filter(|enrichment| enrichment.get("gofeatureflag").is_some());
    let rollout = match enriched {
        Some(enrichment) => current_date_time(enrichment).map_or(clock, |date| date.instant),
        None => sent,
    };
    (sent, rollout)
}

impl Flag {
    /// Compiles a definition. Whatever decodes compiles; whether it should be served is for [`crate::validate`] to say.
    pub fn compile(key: &str, definition: &Arc<FlagDefinition>, table: &mut AttributeTable) -> Self {
        Self {
            key: key.into(),
            definition: Arc::clone(definition),
            seed: Seed::new(key),
            compiled: compile(definition, table),
        }
    }

    /// Evaluates the flag. Pure; allocates nothing, but for JsonLogic that builds texts, lists or objects.
    #[inline]
    pub fn evaluate<L: Lookup, O: Observer>(&self, subject: &Subject<'_, L>, observer: &mut O) -> Evaluation<'_> {
        let version = self.version_at(subject.now);
        let mut run = Run {
            flag: self,
            version,
            subject,
            observer,
            bucketing_value: "",
        };
        let index = match run.chain() {
            ControlFlow::Break(index) => index,
            ControlFlow::Continue(()) => self.compiled.no_default,
        };
        Evaluation {
            flag: self,
            index: index as usize,
        }
    }

    /// The flag as it stands at a time.
    fn version_at(&self, now: Instant) -> &Version {
        let schedule = &self.compiled.schedule;
        match schedule.partition_point(|(date, _)| *date <= now) {
            0 => &self.compiled.base,
            due => &schedule[due - 1].1,
        }
    }

    /// The flag's key.
    pub fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// What it was compiled from.
    pub fn definition(&self) -> &Arc<FlagDefinition> {
        &self.definition
    }

    /// Every answer it can give.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.compiled.outcomes
    }

    /// The flag's metadata, absent when empty.
    pub fn metadata(&self) -> Option<&Map> {
        self.definition
            .metadata
            .as_ref()
            .filter(|metadata| !metadata.is_empty())
    }

    /// The flag's version, empty when it has none.
    pub fn version(&self) -> &str {
        self.definition.version.as_deref().unwrap_or("")
    }

    /// Whether its evaluations are exported.
    pub fn track_events(&self) -> bool {
        self.definition.track_events.unwrap_or(true)
    }
}

impl<'a, L> Subject<'a, L> {
    /// A subject with the times that [`times`] gives.
    pub fn new(lookup: &'a L, times: (Instant, Instant)) -> Self {
        Self {
            lookup,
            now: times.0,
            rollout_now: times.1,
        }
    }
}

/// One evaluation on its way through the chain of stages.
struct Run<'r, L, O> {
    flag: &'r Flag,
    version: &'r Version,
    subject: &'r Subject<'r, L>,
    observer: &'r mut O,
    /// What is hashed; set by the first stage.
    bucketing_value: &'r str,
}

/// A stage goes on, or decides on an outcome.
type Step = ControlFlow<OutcomeIndex>;

impl<'r, L: Lookup, O: Observer> Run<'r, L, O> {
    /// The stages in their order: this is the one place to add another.
    #[inline]
    fn chain(&mut self) -> Step {
        self.stage(Stage::BucketingKey, Self::find_bucketing_value)?;
        self.stage(Stage::Disabled, Self::stop_if_disabled)?;
        self.stage(Stage::Experimentation, Self::stop_outside_experiment)?;
        for (at, rule) in self.version.targeting.iter().enumerate() {
            self.stage(Stage::TargetingRule(at), |run| run.apply_targeting(rule))?;
        }
        self.stage(Stage::Default, Self::apply_default)
    }

    #[inline]
    fn stage(&mut self, stage: Stage, run: impl FnOnce(&mut Self) -> Step) -> Step {
        let step = run(self);
        self.observer.stage(
            stage,
            if step.is_break() {
                Verdict::Decided
            } else {
                Verdict::GoOn
            },
        );
        step
    }

    /// Comes before the flag's own switch: a flag that is off still reports a missing key, as in GO Feature Flag.
    #[inline]
    fn find_bucketing_value(&mut self) -> Step {
        let attributes = self.subject.lookup.attributes();
        let compiled = &self.flag.compiled;
        match &compiled.bucketing {
            Bucketing::TargetingKey if self.version.needs_key && attributes.targeting_key().is_empty() => {
                return Step::Break(compiled.empty_key);
            }
            Bucketing::TargetingKey | Bucketing::TargetingKeyAsIs => self.bucketing_value = attributes.targeting_key(),
            Bucketing::Attribute {
                path,
                not_found,
                invalid,
                empty,
            } => {
                self.bucketing_value = match bucketing_attribute(attributes, path) {
                    Some(Attribute::String("")) if self.version.needs_key => return Step::Break(*empty),
                    Some(Attribute::String(value)) => value,
                    Some(_) => return Step::Break(*invalid),
                    None => return Step::Break(*not_found),
                };
            }
        }
        Step::Continue(())
    }

    #[inline]
    fn stop_if_disabled(&mut self) -> Step {
        if self.version.disabled {
            Step::Break(self.flag.compiled.disabled)
        } else {
            Step::Continue(())
        }
    }

    /// Both ends of the window are part of it.
    #[inline]
    fn stop_outside_experiment(&mut self) -> Step {
        let now = self.subject.now;
        let early = self.version.not_before.is_some_and(|start| now < start);
        let late = self.version.not_after.is_some_and(|end| now > end);
        if early || late {
            Step::Break(self.flag.compiled.disabled)
        } else {
            Step::Continue(())
        }
    }

    #[inline]
    fn apply_targeting(&mut self, rule: &Rule) -> Step {
        // the missing key is an error even where the rule is off or would not match, as in GO Feature Flag
        self.require_key(rule)?;
        if rule.active && self.matches(&rule.condition) {
            Step::Break(self.serve(&rule.serve))
        } else {
            Step::Continue(())
        }
    }

    #[inline]
    fn apply_default(&mut self) -> Step {
        let Some(rule) = &self.version.default_rule else {
            return Step::Continue(());
        };
        self.require_key(rule)?;
        Step::Break(self.serve(&rule.serve))
    }

    #[inline]
    fn require_key(&self, rule: &Rule) -> Step {
        if rule.needs_key && self.bucketing_value.is_empty() {
            return Step::Break(self.flag.compiled.keyless_rule);
        }
        Step::Continue(())
    }

    #[inline]
    fn matches(&mut self, condition: &Condition) -> bool {
        let lookup = self.subject.lookup;
        match condition {
            Condition::Always => true,
            Condition::Never => false,
            Condition::Query(_, matcher) if O::WATCHES => matcher.matches(lookup, self.observer),
            Condition::Query(slot, matcher) => lookup.holds(*slot, || matcher.matches(lookup, &mut ())),
            Condition::Logic(slot, logic) => lookup.holds(*slot, || logic.matches(lookup.attributes())),
        }
    }

    #[inline]
    fn serve(&self, serve: &Serve) -> OutcomeIndex {
        match serve {
            Serve::Outcome(index) => *index,
            Serve::Split(split) => split.pick(self.flag.seed.hash(self.bucketing_value)),
            Serve::Progressive { ramp, initial, end } => {
                let hash = self.flag.seed.hash(self.bucketing_value);
                if ramp.reached(hash, self.subject.rollout_now) {
                    *end
                } else {
                    *initial
                }
            }
        }
    }
}

/// The attribute that is hashed: as it was sent or enriched, or the targeting key under its own name where the endpoint
/// does not send it among the attributes.
fn bucketing_attribute<'a>(attributes: &'a Attributes<'_>, path: &[Box<str>]) -> Option<Attribute<'a>> {
    let (first, rest) = path.split_first()?;
    let Some(written) = attributes.written(first) else {
        let key = attributes.targeting_key();
        return (rest.is_empty() && &**first == "targetingKey" && !key.is_empty()).then_some(Attribute::String(key));
    };
    rest.iter().try_fold(Attribute::from(written), Attribute::member)
}
