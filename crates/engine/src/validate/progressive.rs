//! Progressive rollouts.

use flagstaff_definition::diagnostic::{Code, Diagnostic};
use flagstaff_definition::flag::{ProgressiveRollout, ProgressiveStep};

use super::findings::Findings;
use super::percentages::readable;
use super::variations::known_names;
use super::{RuleView, dates};

/// Runs a check of the rollout of a rule, if it has one.
fn within(view: &RuleView<'_>, findings: &mut Findings, check: impl FnOnce(&ProgressiveRollout, &mut Findings)) {
    if let Some(rollout) = &view.rule.progressive_rollout {
        findings.within_field("progressiveRollout", |findings| check(rollout, findings));
    }
}

fn percentage(step: &ProgressiveStep) -> f64 {
    step.percentage.unwrap_or(0.0)
}

pub(super) fn ends_are_valid(view: &RuleView<'_>, findings: &mut Findings) {
    within(view, findings, |rollout, findings| {
        if let (Some(initial), Some(end)) = (&rollout.initial, &rollout.end)
            && percentage(end) < percentage(initial)
        {
            let message = format!(
                "invalid progressive rollout, initial percentage should be lower than end percentage: {}/{}",
                as_go(percentage(initial)),
                as_go(percentage(end))
            );
            let hint = match end.percentage {
                Some(_) => "swap the variations, and let the share of the end variation grow",
                None => "write `percentage` at `end`: a missing one counts as 0 here",
            };
            findings.add_in_field(
                "end",
                end.span.0,
                Diagnostic::new(Code::DecreasingProgressiveRollout, message).hint(hint),
            );
        }
        for (name, step) in [("end", &rollout.end), ("initial", &rollout.initial)] {
            let Some(step) = step else {
                let found = Diagnostic::new(
                    Code::IncompleteProgressiveRollout,
                    format!("progressive rollout without {name}"),
                )
                .hint(format!(
                    "write `{name}` with a variation and a date; GO Feature Flag crashes without it"
                ));
                findings.add(rollout.span.0, found);
                continue;
            };
            findings.within_field(name, |findings| end_is_valid(view, name, step, findings));
        }
    });
}

fn end_is_valid(view: &RuleView<'_>, name: &str, step: &ProgressiveStep, findings: &mut Findings) {
    let variation = step.variation.as_ref().map_or("", |variation| &variation.value);
    if !view.knows(variation) {
        let message = format!("invalid progressive rollout, {name} variation {variation} does not exist");
        let hint = match &step.variation {
            Some(_) => known_names(view.variations),
            None => format!("write `variation`; {}", known_names(view.variations)),
        };
        let span = step.variation.as_ref().map_or(step.span.0, |variation| variation.span);
        findings.add_in_field(
            "variation",
            span,
            Diagnostic::new(Code::UnknownVariation, message).hint(hint),
        );
    }
    if percentage(step) < 0.0 {
        let found = Diagnostic::new(
            Code::NegativePercentage,
            format!("negative percentage: {}", percentage(step)),
        )
        .hint("write a share from 0 to 100");
        findings.add_in_field("percentage", step.span.0, found);
    }
}

/// GO Feature Flag loads rollouts without sound dates, and then answers every evaluation with an error.
pub(super) fn dates(view: &RuleView<'_>, findings: &mut Findings) {
    within(view, findings, |rollout, findings| {
        let (Some(initial), Some(end)) = (&rollout.initial, &rollout.end) else {
            return;
        };
        for (name, step) in [("initial", initial), ("end", end)] {
            if step.date.is_none() {
                let found = Diagnostic::new(
                    Code::ProgressiveRolloutDates,
                    format!("the rollout has no date at {name}"),
                )
                .hint("every evaluation is an error, FLAG_CONFIG: write `date`");
                findings.add_in_field(name, step.span.0, found);
            }
        }
        let (Some(start), Some(stop)) = (&initial.date, &end.date) else {
            return;
        };
        if stop.value.instant <= start.value.instant {
            let message = format!(
                "the rollout ends on {}, not after it starts on {}",
                stop.value, start.value
            );
            let found = Diagnostic::new(Code::ProgressiveRolloutDates, message)
                .hint("every evaluation is an error, FLAG_CONFIG: write the later date at `end`");
            findings.within_field("end", |findings| findings.add_in_field("date", stop.span, found));
        }
        findings.within_field("initial", |findings| {
            dates::is_plausible("date", start, view.now, findings);
        });
    });
}

pub(super) fn percentages(view: &RuleView<'_>, findings: &mut Findings) {
    within(view, findings, |rollout, findings| {
        if let Some(initial) = &rollout.initial
            && let Some(start) = initial.date.filter(|start| view.now < start.value.instant)
            && percentage(initial) > 0.0
        {
            let message = format!(
                "nobody gets the end variation before {}, although initial says {} %",
                start.value,
                readable(percentage(initial))
            );
            let found = Diagnostic::new(Code::InitialPercentage, message)
                .hint("the initial percentage counts from its date on: set that date to when it is meant to start");
            findings.within_field("initial", |findings| {
                findings.add_in_field("percentage", initial.span.0, found);
            });
        }
        if let Some(end) = &rollout.end
            && let Some(written) = end.percentage.filter(|written| *written == 0.0 || *written > 100.0)
        {
            let found = Diagnostic::new(Code::EndPercentage, format!("an end percentage of {written} means 100"))
                .hint("write 100, or where the rollout is meant to stop");
            findings.within_field("end", |findings| findings.add_in_field("percentage", end.span.0, found));
        }
    });
}

pub(super) fn is_complete(view: &RuleView<'_>, findings: &mut Findings) {
    within(view, findings, |rollout, findings| {
        let (Some(initial), Some(end)) = (&rollout.initial, &rollout.end) else {
            return;
        };
        let (Some(start), Some(stop), Some(variation)) = (&initial.date, &end.date, &end.variation) else {
            return;
        };
        if stop.value.instant <= start.value.instant || view.now < stop.value.instant {
            return;
        }
        let found = Diagnostic::new(
            Code::ProgressiveRolloutOver,
            format!("the rollout is complete since {}", stop.value),
        );
        let share = percentage(end);
        let hint = if share == 0.0 || share >= 100.0 {
            format!("write `variation: {}` instead of the rollout", variation.value)
        } else {
            format!(
                "it stays at {} %: write that as `percentage` instead of the rollout",
                readable(share)
            )
        };
        findings.add(rollout.span.0, found.hint(hint));
    });
}

/// A number as Go's `%v` prints it: the shortest text that reads back, with an exponent where that is below -4 or above 5.
fn as_go(number: f64) -> String {
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').expect("the format has an exponent");
    let exponent: i32 = exponent.parse().expect("the exponent is a number");
    if number == 0.0 || (-4..6).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}
