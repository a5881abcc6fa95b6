//! Names of events, by which a sink tells one that is sent again from another that says the same.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::{Event, Receipt};

/// Gives every event a name of its own. One that is sent again keeps its name, as long as the process lives; equal events are
/// not told apart, since it does not matter which of them has which of their names.
#[derive(Debug)]
pub(crate) struct Identities {
    /// Differs from process to process.
    origin: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    given: u64,
    /// The names of the last batch that were not settled.
    open: HashMap<Bytes, Vec<String>>,
}

impl Identities {
    pub(crate) fn new() -> Self {
        // the standard library's hashers begin with randomness from the system
        let origin = RandomState::new().build_hasher().finish();
        Self {
            origin: format!("{origin:016x}"),
            state: Mutex::default(),
        }
    }

    /// The names of a batch in its order. They stay those of its events until they are settled; a batch that is broken off is not.
    pub(crate) fn of(&self, batch: &[Event]) -> Vec<String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = std::mem::take(&mut state.open);
        let mut name = |event: &Event| {
            let name = known.get_mut(event.text()).and_then(Vec::pop);
            let name = name.unwrap_or_else(|| {
                state.given += 1;
                format!("{}-{:x}", self.origin, state.given)
            });
            state.open.entry(event.text().clone()).or_default().push(name.clone());
            name
        };
        batch.iter().map(&mut name).collect()
    }

    /// Forgets the names of events that were delivered or refused.
    pub(crate) fn settle(&self, batch: &[Event], names: &[String], receipt: &Receipt) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.open.clear();
        for place in &receipt.again {
            if let (Some(event), Some(name)) = (batch.get(*place), names.get(*place)) {
                state.open.entry(event.text().clone()).or_default().push(name.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_until_its_event_is_settled() {
        let identities = Identities::new();
        let batch = ["a", "b", "a"].map(|text| Event::new(text.as_bytes()));
        let first = identities.of(&batch);
        assert!(first[0] != first[1] && first[0] != first[2], "{first:?}");

        let mut again = identities.of(&batch);
        again.sort_unstable();
        let mut sorted = first;
        sorted.sort_unstable();
        assert_eq!(again, sorted, "nothing is known of the first attempt");

        let names = identities.of(&batch);
        let receipt = Receipt {
            again: vec![1],
            ..Receipt::default()
        };
        identities.settle(&batch, &names, &receipt);
        let last = identities.of(&batch);
        assert_eq!(last[1], names[1]);
        assert!(
            !names.contains(&last[0]) && !names.contains(&last[2]),
            "{names:?} {last:?}"
        );
    }
}
