//! What a scheduled step makes of a flag (evaluation.md 4.4).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use flagstaff_definition::flag::{
    Experimentation, FlagDefinition, Percentage, ProgressiveRollout, ProgressiveStep, RuleDefinition, ScheduledStep,
    Variation,
};
use flagstaff_definition::timestamp::Instant;
use foldhash::fast::RandomState;

/// The parts of a flag that steps can change, at one point of its schedule.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    /// Variations by name, sorted.
    pub(crate) variations: Vec<Variation>,
    /// How many steps have touched the variations.
    pub(crate) generation: usize,
    /// Targeting rules, shared with the stage before where the step left them alone.
    pub(crate) targeting: Vec<Arc<RuleDefinition>>,
    /// The default rule.
    pub(crate) default_rule: Option<Arc<RuleDefinition>>,
    /// Whether the flag is off.
    pub(crate) disable: bool,
    /// The window of the experiment.
    pub(crate) experimentation: Option<Experimentation>,
}

impl Stage {
    /// The flag as it is written.
    pub(crate) fn written(definition: &FlagDefinition) -> Self {
        Self {
            variations: definition.variations.clone().unwrap_or_default(),
            generation: 0,
            targeting: definition.targeting.iter().flatten().cloned().map(Arc::new).collect(),
            default_rule: definition.default_rule.clone().map(Arc::new),
            disable: definition.disable.unwrap_or(false),
            experimentation: definition.experimentation.clone(),
        }
    }

    /// Applies a step. Version, trackEvents, bucketingKey, metadata and a nested schedule have no effect.
    pub(crate) fn apply(&mut self, change: &FlagDefinition) {
        if let Some(updates) = &change.targeting {
            self.update_targeting(updates);
        }
        if let Some(update) = &change.default_rule {
            let rule = self
                .default_rule
                .as_deref()
                .map_or_else(|| update.clone(), |rule| merge_rule(rule, update));
            self.default_rule = Some(Arc::new(rule));
        }
        if let Some(variations) = &change.variations {
            self.generation += 1;
            let known = &mut self.variations;
            for variation in variations {
                match known.binary_search_by(|known| known.name.cmp(&variation.name)) {
                    Ok(at) => known[at] = variation.clone(),
                    Err(at) => known.insert(at, variation.clone()),
                }
            }
        }
        if let Some(update) = &change.experimentation {
            let window = self.experimentation.get_or_insert_default();
            window.start = update.start.or(window.start);
            window.end = update.end.or(window.end);
        }
        self.disable = change.disable.unwrap_or(self.disable);
    }

    /// A named update changes every rule of its name (the last of several updates counts, and `""` names the rules
    /// without a name); whatever changes no rule is appended.
    fn update_targeting(&mut self, updates: &[RuleDefinition]) {
        let named = updates.iter().filter(|update| update.name.is_some());
        let by_name: HashMap<_, _, RandomState> = named.map(|update| (name_of(update), update)).collect();
        let mut merged: HashSet<_, RandomState> = HashSet::default();
        for rule in &mut self.targeting {
            if let Some((name, update)) = by_name.get_key_value(name_of(rule)) {
                *rule = Arc::new(merge_rule(rule, update));
                merged.insert(*name);
            }
        }
        let appended = updates.iter().filter(|update| !merged.contains(name_of(update)));
        self.targeting.extend(appended.cloned().map(Arc::new));
    }
}

/// What steps find a rule by; rules without a name share the empty one.
pub(crate) fn name_of(rule: &RuleDefinition) -> &str {
    rule.name.as_ref().map_or("", |name| &name.value)
}

/// The steps that can ever apply, in the order of their dates (those of one date in the order of the file).
pub(crate) fn dated_steps(definition: &FlagDefinition) -> Vec<(Instant, &ScheduledStep)> {
    let steps = definition.scheduled_rollout.iter().flatten();
    let mut dated: Vec<_> = steps
        .filter_map(|step| Some((step.date?.value.instant, step)))
        .collect();
    dated.sort_by_key(|(date, _)| *date);
    dated
}

/// Every rule that any step writes, whether or not it is ever due.
pub(crate) fn step_rules(definition: &FlagDefinition) -> impl Iterator<Item = &RuleDefinition> {
    let steps = definition.scheduled_rollout.iter().flatten();
    steps.flat_map(|step| step.change.targeting.iter().flatten().chain(&step.change.default_rule))
}

/// A rule with a step's changes: what the step writes replaces, percentages entry by entry, ramps field by field.
fn merge_rule(rule: &RuleDefinition, update: &RuleDefinition) -> RuleDefinition {
    let mut merged = rule.clone();
    merged.disable = update.disable.or(merged.disable);
    if update.query.is_some() {
        merged.query.clone_from(&update.query);
    }
    if update.variation.is_some() {
        merged.variation.clone_from(&update.variation);
    }
    if let Some(shares) = &update.percentage {
        let known = merged.percentage.get_or_insert_default();
        known.span = shares.span;
        for share in &shares.value {
            merge_share(&mut known.value, share);
        }
    }
    if let Some(ramp) = &update.progressive_rollout {
        let known: &mut ProgressiveRollout = merged.progressive_rollout.get_or_insert_default();
        merge_ramp_end(&mut known.initial, ramp.initial.as_ref());
        merge_ramp_end(&mut known.end, ramp.end.as_ref());
    }
    merged
}

/// A negative share takes the entry away, any other sets it.
fn merge_share(known: &mut Vec<Percentage>, share: &Percentage) {
    match known.binary_search_by(|known| known.variation.cmp(&share.variation)) {
        Ok(at) if share.share < 0.0 => drop(known.remove(at)),
        Ok(at) => known[at] = share.clone(),
        Err(_) if share.share < 0.0 => {}
        Err(at) => known.insert(at, share.clone()),
    }
}

fn merge_ramp_end(known: &mut Option<ProgressiveStep>, update: Option<&ProgressiveStep>) {
    let Some(update) = update else { return };
    let known = known.get_or_insert_default();
    if update.variation.is_some() {
        known.variation.clone_from(&update.variation);
    }
    known.date = update.date.or(known.date);
    known.percentage = update.percentage.or(known.percentage);
}
