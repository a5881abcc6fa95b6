//! Scheduled steps. GO Feature Flag checks none of this; what would keep a flag from loading elsewhere is a warning here.

use std::collections::{HashMap, HashSet};

use flagstaff_definition::diagnostic::{Code, Diagnostic, Severity};
use flagstaff_definition::flag::{FlagDefinition, RuleDefinition, ScheduledStep};
use flagstaff_definition::timestamp::Instant;

use crate::compile::needs_key;
use crate::schedule::{Stage, name_of};

use super::findings::{Findings, Leniency, Segment};
use super::{Position, RuleView, Subject, experimentation, rules, variations};

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
type Set<T> = HashSet<T, foldhash::fast::RandomState>;

pub(super) fn matches_everybody() -> Diagnostic {
    Diagnostic::new(
        Code::StepMatchesEverybody,
        "the rule matches everybody from this step on",
    )
    .hint("no rule after it, nor the default rule, is reached any more: add a query, or change `defaultRule`")
}

fn date_of(step: &ScheduledStep) -> Option<Instant> {
    step.date.as_ref().map(|date| date.value.instant)
}

pub(super) fn dates(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(steps) = &subject.definition.scheduled_rollout else {
        return;
    };
    findings.within_field("scheduledRollout", |findings| {
        let mut latest: Option<Instant> = None;
        let mut known: Set<Instant> = Set::default();
        for (index, step) in steps.iter().enumerate() {
            findings.within(Segment::Index(index), |findings| {
                let Some(date) = &step.date else {
                    let found = Diagnostic::new(Code::StepWithoutDate, "the step never applies: it has no date");
                    findings.add(step.change.span.0, found.hint("add `date`"));
                    return;
                };
                let instant = date.value.instant;
                if !known.insert(instant) {
                    let found = Diagnostic::new(Code::StepsAtOnce, format!("another step has the date {} too", date.value))
                        .hint("they are applied in the order of the file: make one step of them");
                    findings.add_in_field("date", date.span, found);
                } else if latest.is_some_and(|latest| instant < latest) {
                    let found = Diagnostic::new(Code::StepOrder, "the step stands after one with a later date")
                        .hint("steps are applied by date: sort them, so that the file reads as it happens");
                    findings.add_in_field("date", date.span, found);
                }
                super::dates::is_plausible("date", date, subject.now, findings);
                latest = latest.max(Some(instant));
            });
        }
        let over = steps.iter().all(|step| date_of(step).is_some_and(|date| date <= subject.now));
        if let Some(first) = steps.first().filter(|_| over) {
            let found = Diagnostic::new(Code::ScheduleOver, "all scheduled steps have been applied")
                .hint("write what they came to as the flag itself, without `scheduledRollout`: its answers can be cached then");
            findings.add(first.change.span.0, found);
        }
    });
}

pub(super) fn steps(subject: &Subject<'_>, findings: &mut Findings) {
    let Some(steps) = &subject.definition.scheduled_rollout else {
        return;
    };
    let mut dated: Vec<(usize, &ScheduledStep)> = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.date.is_some())
        .collect();
    dated.sort_by_key(|(_, step)| date_of(step));
    let mut timeline = Timeline {
        stage: Stage::written(subject.definition),
        written_rules: subject.definition.targeting.as_ref().map_or(0, Vec::len),
        now: subject.now,
    };
    findings.within_field("scheduledRollout", |findings| {
        for (index, step) in dated {
            findings.within(Segment::Index(index), |findings| {
                findings.leniently(Leniency::Step, |findings| timeline.step(&step.change, findings));
            });
        }
    });
}

/// The flag on its way through its steps.
struct Timeline {
    /// The flag before the step.
    stage: Stage,
    /// How many targeting rules are no step's.
    written_rules: usize,
    now: Instant,
}

/// What becomes of a step's change to a targeting rule.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It changes the rule of this index (and others of the same name).
    Merged(usize),
    /// It becomes the rule of this index.
    Appended(usize),
    /// Another change of the same step takes its place.
    Dropped,
}

impl Timeline {
    fn step(&mut self, change: &FlagDefinition, findings: &mut Findings) {
        has_an_effect(change, findings);
        fields_have_an_effect(change, findings);
        self.variations(change, findings);
        let updates = change.targeting.as_deref().unwrap_or(&[]);
        let fates = self.fates(updates);
        findings.within_field("targeting", |findings| {
            for (index, (update, fate)) in updates.iter().zip(&fates).enumerate() {
                findings.within(Segment::Index(index), |findings| {
                    self.before_targeting(update, *fate, findings);
                });
            }
        });
        if let (Some(update), Some(rule)) = (&change.default_rule, self.stage.default_rule.clone()) {
            findings.within_field("defaultRule", |findings| merges_well(&rule, update, findings));
        }
        self.stage.apply(change);
        findings.within_field("targeting", |findings| {
            for (index, (update, fate)) in updates.iter().zip(&fates).enumerate() {
                if let Fate::Merged(at) | Fate::Appended(at) = *fate {
                    findings.within(Segment::Index(index), |findings| {
                        self.examine(&self.stage.targeting[at], update, Position::StepTargeting, findings);
                    });
                }
            }
        });
        if let (Some(update), Some(rule)) = (&change.default_rule, &self.stage.default_rule) {
            findings.within_field("defaultRule", |findings| {
                self.examine(rule, update, Position::StepDefault, findings);
            });
        }
        if let (Some(_), Some(window)) = (&change.experimentation, &self.stage.experimentation) {
            findings.within_field("experimentation", |findings| {
                experimentation::is_a_window(window, findings);
            });
        }
    }

    fn variations(&self, change: &FlagDefinition, findings: &mut Findings) {
        let first = variations::first_kind(&self.stage.variations);
        findings.within_field("variations", |findings| {
            for variation in change.variations.iter().flatten() {
                variations::has_a_value(variation, findings);
                variations::has_kind(first, variation, findings);
            }
        });
    }

    /// Mirrors [`Stage::apply`]: changes go to the rules of their name, the last one of a name counts, what changes no rule is
    /// appended.
    fn fates(&self, updates: &[RuleDefinition]) -> Vec<Fate> {
        let mut rules: Map<&str, usize> = Map::default();
        for (index, rule) in self.stage.targeting.iter().enumerate() {
            rules.entry(name_of(rule)).or_insert(index);
        }
        let named = updates.iter().enumerate().filter(|(_, update)| update.name.is_some());
        let last: Map<&str, usize> = named.map(|(index, update)| (name_of(update), index)).collect();
        let mut appended = self.stage.targeting.len()..;
        let fate = |(index, update): (usize, &RuleDefinition)| {
            let name = name_of(update);
            match (rules.get(name), last.get(name)) {
                (Some(rule), Some(last)) if *last == index => Fate::Merged(*rule),
                (Some(_), Some(_)) => Fate::Dropped,
                _ => Fate::Appended(appended.next().expect("there are more numbers than rules")),
            }
        };
        updates.iter().enumerate().map(fate).collect()
    }

    /// What can be said about a change before it is applied.
    fn before_targeting(&self, update: &RuleDefinition, fate: Fate, findings: &mut Findings) {
        match fate {
            Fate::Merged(at) => {
                if update.name.as_ref().is_some_and(|name| name.value.is_empty()) {
                    let found =
                        Diagnostic::new(Code::StepChangesUnnamed, "the change goes to every rule without a name")
                            .hint("name the rule that is meant");
                    findings.add_in_field("name", update.span.0, found);
                }
                let rule = &self.stage.targeting[at];
                merges_well(rule, update, findings);
                if at >= self.written_rules && (update.percentage.is_some() || update.progressive_rollout.is_some()) {
                    let found = Diagnostic::new(
                        Code::StepWrittenBack,
                        "the change goes to a rule that an earlier step added",
                    )
                    .hint("GO Feature Flag changes that step too, for good: evaluations for an earlier time show it");
                    findings.add(update.span.0, found);
                }
            }
            Fate::Appended(_) => is_a_rule(update, findings),
            Fate::Dropped => {
                let found = Diagnostic::new(Code::StepChangesTwice, "another change of this step takes its place")
                    .hint("only the last change of a rule counts: make one of them");
                findings.add(update.span.0, found);
            }
        }
    }

    /// Checks what a step wrote into a rule, in the rule it came to.
    fn examine(&self, merged: &RuleDefinition, update: &RuleDefinition, position: Position, findings: &mut Findings) {
        let written = RuleDefinition {
            name: None,
            query: merged.query.clone().filter(|_| update.query.is_some()),
            variation: merged.variation.clone().filter(|_| update.variation.is_some()),
            percentage: merged.percentage.clone().filter(|_| update.percentage.is_some()),
            progressive_rollout: merged
                .progressive_rollout
                .clone()
                .filter(|_| update.progressive_rollout.is_some()),
            disable: update.disable,
            span: update.span,
        };
        let view = RuleView {
            rule: &written,
            position,
            variations: &self.stage.variations,
            now: self.now,
        };
        view.examine(findings);
    }
}

fn has_an_effect(change: &FlagDefinition, findings: &mut Findings) {
    let none = change.targeting.as_ref().is_none_or(Vec::is_empty)
        && change.default_rule.is_none()
        && change.variations.as_ref().is_none_or(Vec::is_empty)
        && change.experimentation.is_none()
        && change.disable.is_none();
    if none {
        let found = Diagnostic::new(Code::StepWithoutEffect, "the step changes nothing");
        findings.add(change.span.0, found.hint("write what changes, or remove the step"));
    }
}

fn fields_have_an_effect(change: &FlagDefinition, findings: &mut Findings) {
    let fields = [
        ("version", change.version.is_some()),
        ("trackEvents", change.track_events.is_some()),
        ("bucketingKey", change.bucketing_key.is_some()),
        ("metadata", change.metadata.is_some()),
        ("scheduledRollout", change.scheduled_rollout.is_some()),
    ];
    for (field, _) in fields.into_iter().filter(|(_, written)| *written) {
        let found = Diagnostic::new(Code::IgnoredField, format!("`{field}` of a step has no effect"))
            .hint("steps change variations, rules, experimentation and disable");
        findings.add_in_field(field, change.span.0, found);
    }
}

/// Whether a change that goes to a rule does what it seems to.
fn merges_well(rule: &RuleDefinition, update: &RuleDefinition, findings: &mut Findings) {
    if let Some(shares) = &update.percentage {
        let known = rule.percentage.as_ref().map_or(&[][..], |known| &known.value);
        for share in shares.value.iter().filter(|share| share.share < 0.0) {
            if known
                .binary_search_by(|known| known.variation.cmp(&share.variation))
                .is_err()
            {
                let message = format!("there is no share of {} to remove", share.variation);
                let found =
                    Diagnostic::new(Code::StepRemovesNothing, message).hint("correct the name, or remove the entry");
                findings.within_field("percentage", |findings| {
                    findings.add_in_name(&share.variation, share.span.0, found);
                });
            }
        }
    }
    if let (Some(known), Some(rollout)) = (&rule.progressive_rollout, &update.progressive_rollout) {
        let ends = [
            ("initial", &known.initial, &rollout.initial),
            ("end", &known.end, &rollout.end),
        ];
        for (name, _, update) in ends
            .into_iter()
            .filter(|(_, known, update)| known.is_none() && update.is_some())
        {
            let span = update.as_ref().map_or(rollout.span.0, |update| update.span.0);
            let found = Diagnostic::new(
                Code::StepWithoutRolloutEnd,
                format!("the rollout to change has no {name}"),
            )
            .hint("GO Feature Flag crashes on it: write both ends where the rollout begins");
            findings.within_field("progressiveRollout", |findings| {
                findings.strictly(|findings| findings.add_in_field(name, span, found));
            });
        }
    }
    outcome_is_not_hidden(rule, update, findings);
}

/// A step can give a rule another outcome only where nothing of higher precedence stays.
fn outcome_is_not_hidden(rule: &RuleDefinition, update: &RuleDefinition, findings: &mut Findings) {
    if update.progressive_rollout.is_some() {
        return;
    }
    let has_shares = rule.percentage.as_ref().is_some_and(|shares| !shares.value.is_empty());
    let (winner, hint) = if rule.progressive_rollout.is_some() {
        (
            "progressiveRollout",
            "a step cannot remove a progressive rollout: add a rule instead",
        )
    } else if has_shares && update.percentage.is_none() {
        (
            "percentage",
            "set the share of this variation, and remove the others with a negative number",
        )
    } else {
        return;
    };
    let found = |hidden: &str| {
        let message = format!("`{hidden}` has no effect: the rule still has `{winner}`");
        Diagnostic::new(Code::StepOutcomeHidden, message).hint(hint)
    };
    if let Some(variation) = &update.variation {
        findings.add_in_field("variation", variation.span, found("variation"));
    }
    if let Some(shares) = &update.percentage {
        findings.add_in_field("percentage", shares.span, found("percentage"));
    }
}

/// Whether a change that goes to no rule makes a rule of its own.
fn is_a_rule(update: &RuleDefinition, findings: &mut Findings) {
    let without_outcome = update.variation.is_none() && !needs_key(update);
    let without_query = update.query.is_none();
    let named = update.name.as_ref().filter(|name| !name.value.is_empty());
    let message = match named {
        Some(name) => format!("no rule is named {}: the step adds one at the end", name.value),
        None => "the step adds a rule at the end".to_owned(),
    };
    // what is complete is probably meant as a new rule
    let complete = !without_outcome && !without_query;
    let found = Diagnostic::new(Code::StepAddsRule, message)
        .hint(match named {
            Some(_) => "to change a rule, write its name as it is in `targeting`",
            None => "to change a rule, write its name; without one, no later step can change this rule either",
        })
        .severity(if complete { Severity::Info } else { Severity::Warning });
    findings.add(named.map_or(update.span.0, |name| name.span), found);
    if without_outcome {
        findings.add(update.span.0, rules::without_outcome());
    }
    if without_query && !rules::is_disabled(update) {
        findings.add(update.span.0, matches_everybody());
    }
}
