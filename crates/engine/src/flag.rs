//! A compiled flag and its evaluation.

use std::sync::Arc;

use flagstaff_definition::flag::FlagDefinition;
use flagstaff_definition::timestamp::Instant;
use flagstaff_definition::value::Map;

use crate::attribute::{AttributeTable, Attributes, Lookup};
use crate::context::{ContextMap, EvaluationContext, current_date_time};
use crate::observe::Observer;
use crate::outcome::Outcome;

/// A flag, ready to be evaluated. Immutable, and shared between snapshots while its definition stays the same.
#[derive(Debug)]
pub struct Flag {
    key: Arc<str>,
    definition: Arc<FlagDefinition>,
    outcomes: Box<[Outcome]>,
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
        &self.flag.outcomes[self.index]
    }
}

/// Whom a flag is evaluated for, and when.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a, L> {
    /// How attributes are found.
    pub lookup: &'a L,
    /// The time that schedules and experiments go by.
    pub now: Instant,
    /// The time that progressive rollouts go by (an enrichment can set it, evaluation.md 7).
    pub rollout_now: Instant,
}

/// The times that an evaluation goes by: the clock's, unless the context (or, for rollouts, the enrichment over it) says
/// otherwise and `client_time` allows it.
pub fn times(
    context: &EvaluationContext<'_>,
    enrichment: Option<&ContextMap<'_>>,
    clock: Instant,
    client_time: bool,
) -> (Instant, Instant) {
    if !client_time {
        return (clock, clock);
    }
    let sent = context.current_date_time().map_or(clock, |date| date.instant);
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
        let _ = table;
        Self { key: key.into(), definition: Arc::clone(definition), outcomes: Box::default() }
    }

    /// Evaluates the flag. Pure; allocates nothing.
    pub fn evaluate<L: Lookup, O: Observer>(&self, subject: &Subject<'_, L>, observer: &mut O) -> Evaluation<'_> {
        let _ = (subject, observer);
        Evaluation { flag: self, index: 0 }
    }

    /// The flag's key.
    pub fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// What it was compiled from.
    pub fn definition(&self) -> &Arc<FlagDefinition> {
        &self.definition
    }

    /// Every answer it can give. Equal answers may stand here more than once.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// The flag's metadata, absent when empty.
    pub fn metadata(&self) -> Option<&Map> {
        self.definition.metadata.as_ref().filter(|metadata| !metadata.is_empty())
    }

    /// The flag's version, empty when it has none.
    pub fn version(&self) -> &str {
        self.definition.version.as_deref().unwrap_or("")
    }

    /// Whether its evaluations are exported.
    pub fn track_events(&self) -> bool {
        self.definition.track_events.unwrap_or(true)
    }

    /// A view of an evaluation straight from a context.
    pub fn subject<'a>(attributes: &'a Attributes<'a>, times: (Instant, Instant)) -> Subject<'a, Attributes<'a>> {
        Subject { lookup: attributes, now: times.0, rollout_now: times.1 }
    }
}
