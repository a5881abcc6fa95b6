//! What is to be done for other settings: everything that can fail has happened when there is a plan.

use std::sync::Arc;

use flagstaff_flagset::Prepared;
use futures_util::future::join_all;

use crate::config::{FlagSetSettings, FlagSets, Settings};
use crate::exports::{self, Exports};
use crate::serving::ServedSet;
use crate::start;
use crate::state::State;

/// What becomes of each flag set of the settings, in their order.
pub(super) struct Plan {
    pub(super) steps: Vec<(Step, Option<exports::Prepared>)>,
}

/// What becomes of a flag set.
pub(super) enum Step {
    /// It goes on.
    Keep(ServedSet),
    /// It goes on under other options.
    Edit(ServedSet, Box<Prepared>),
    /// It has started.
    Add(ServedSet),
    /// It could not start with the relay, and still cannot.
    Missing(ServedSet),
}

impl Step {
    /// The set as it will be.
    pub(super) fn into_set(self) -> ServedSet {
        let (Self::Keep(set) | Self::Edit(set, _) | Self::Add(set) | Self::Missing(set)) = self;
        set
    }
}

impl Plan {
    /// Fetches whatever is new. Fails with one message when a set that is new or edited cannot serve.
    pub(super) async fn prepare(settings: &Settings, state: &State) -> Result<Self, String> {
        let known = state.serving().flag_sets.clone();
        let sets = settings.flag_sets.all().iter().enumerate();
        let steps = sets.map(|(index, wanted)| {
            let name = start::name(&settings.flag_sets, index);
            step(name, wanted, find(&settings.flag_sets, wanted, known.all()), state)
        });
        let steps = join_all(steps).await.into_iter().collect::<Result<_, String>>()?;
        Ok(Self { steps })
    }

    /// Whether every set serves.
    pub(super) fn is_complete(&self) -> bool {
        !self.steps.iter().any(|(step, _)| matches!(step, Step::Missing(_)))
    }

    /// Whether everything goes on as it is.
    pub(super) fn is_idle(&self) -> bool {
        let is_idle = |step: &Step| matches!(step, Step::Keep(_) | Step::Missing(_));
        self.steps
            .iter()
            .all(|(step, exports)| is_idle(step) && exports.is_none())
    }
}

async fn step(
    name: Arc<str>,
    wanted: &FlagSetSettings,
    known: Option<&ServedSet>,
    state: &State,
) -> Result<(Step, Option<exports::Prepared>), String> {
    let mut exports = None;
    let set = |live| ServedSet {
        name: Arc::clone(&name),
        settings: wanted.clone().into(),
        live,
        failure: None,
    };
    match known {
        Some(ServedSet {
            live: Some(live),
            settings,
            ..
        }) => {
            if !Exports::serve_as(settings, wanted) {
                exports = Some(Exports::prepare(&name, wanted, Some(&live.exports), &state.clock)?);
            }
            if settings.serves_as(wanted) {
                return Ok((Step::Keep(set(Some(live.clone()))), exports));
            }
            let options = start::options(wanted, Arc::clone(&name), &state.clock, known)?;
            let prepared = live.flags.prepare(options).await.map_err(|error| error.to_string())?;
            Ok((Step::Edit(set(Some(live.clone())), Box::new(prepared)), exports))
        }
        other => match start::flag_set(Arc::clone(&name), wanted.clone(), &state.clock).await {
            Ok(started) => Ok((Step::Add(started), None)),
            // neither new nor edited: it must not stand in the way of the others
            Err(error) if other.is_some_and(|set| set.settings.serves_as(wanted)) => {
                let missing = ServedSet {
                    failure: Some(error.into()),
                    ..set(None)
                };
                Ok((Step::Missing(missing), None))
            }
            Err(error) => Err(error),
        },
    }
}

/// The set that is served for these settings: the one of their name, or without a name one that shares a key.
fn find<'s>(all: &FlagSets, wanted: &FlagSetSettings, served: &'s [ServedSet]) -> Option<&'s ServedSet> {
    if let FlagSets::Default(_) = all {
        return served.first();
    }
    served.iter().find(|set| match (&wanted.name, &set.settings.name) {
        (Some(name), Some(other)) => name == other,
        (None, None) => wanted.api_keys.iter().any(|key| set.settings.api_keys.contains(key)),
        _ => false,
    })
}
