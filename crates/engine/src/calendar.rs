//! When a flag changes by itself, without anybody editing it.

use std::sync::Arc;

use flagstaff_definition::flag::FlagDefinition;
use flagstaff_definition::span::Spanned;
use flagstaff_definition::timestamp::{Instant, Timestamp};

use crate::schedule::{Stage, dated_steps};

/// A moment at which a flag changes by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// When.
    pub at: Instant,
    /// What happens.
    pub occasion: Occasion,
}

/// What happens to a flag by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occasion {
    /// A scheduled step switches it on.
    TurnedOn,
    /// A scheduled step switches it off.
    TurnedOff,
    /// A scheduled step changes something else.
    Stepped,
    /// Its experiment begins.
    ExperimentBegan,
    /// Its experiment ends.
    ExperimentEnded,
    /// A progressive rollout has reached its end, of the rule of this name; `None` for a rule without one.
    RolloutCompleted(Option<Arc<str>>),
}

/// Every moment at which a flag changes by itself, past ones included, in the order of time.
///
/// What happens while the flag is off changes nothing and is left out, and so is the rollout of a rule that is off. Experiments and rollouts
/// count as the steps before them have made them.
pub fn moments(definition: &FlagDefinition) -> Vec<Moment> {
    let mut moments = Vec::new();
    let mut stage = Stage::written(definition);
    let mut steps = dated_steps(definition).into_iter().peekable();
    let mut since = None;
    loop {
        let until = steps.peek().map(|(date, _)| *date);
        let lasts = |at: &Instant| since.is_none_or(|since| since <= *at) && until.is_none_or(|until| *at < until);
        moments.extend(stage_moments(&stage).into_iter().filter(|moment| lasts(&moment.at)));
        let Some((date, step)) = steps.next() else { break };
        let was_off = stage.disable;
        stage.apply(&step.change);
        while let Some((_, step)) = steps.next_if(|(next, _)| *next == date) {
            stage.apply(&step.change);
        }
        let occasion = match (was_off, stage.disable) {
            (true, false) => Occasion::TurnedOn,
            (false, true) => Occasion::TurnedOff,
            (false, false) => Occasion::Stepped,
            // nobody can tell
            (true, true) => {
                since = Some(date);
                continue;
            }
        };
        moments.push(Moment { at: date, occasion });
        since = Some(date);
    }
    moments.sort();
    moments
}

/// What would happen to a flag that stays as it is.
fn stage_moments(stage: &Stage) -> Vec<Moment> {
    if stage.disable {
        return Vec::new();
    }
    let window = stage.experimentation.as_ref();
    let moment = |date: Option<Spanned<Timestamp>>, occasion| {
        let at = date?.value.instant;
        Some(Moment { at, occasion })
    };
    let began = moment(window.and_then(|window| window.start), Occasion::ExperimentBegan);
    let ended = moment(window.and_then(|window| window.end), Occasion::ExperimentEnded);
    let rules = stage.targeting.iter().filter(|rule| !rule.disable.unwrap_or(false));
    let rollouts = rules.chain(&stage.default_rule).filter_map(|rule| {
        let end = rule.progressive_rollout.as_ref()?.end.as_ref()?.date;
        let name = rule.name.as_ref().map(|name| Arc::clone(&name.value));
        moment(end, Occasion::RolloutCompleted(name))
    });
    began.into_iter().chain(ended).chain(rollouts).collect()
}

impl Occasion {
    /// The occasion as one word of a program, like `turnedOn`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TurnedOn => "turnedOn",
            Self::TurnedOff => "turnedOff",
            Self::Stepped => "changed",
            Self::ExperimentBegan => "experimentBegan",
            Self::ExperimentEnded => "experimentEnded",
            Self::RolloutCompleted(_) => "rolloutCompleted",
        }
    }
}
