//! What several changes come to.

use std::collections::BTreeMap;
use std::sync::Arc;

use flagstaff_flagset::{Change, ServedFlag};

/// Changes put together, for a reader that knows any state from before the first of them on.
#[derive(Clone, Default)]
pub(crate) struct Sum {
    flags: BTreeMap<Arc<str>, Fate>,
}

/// What became of a flag.
#[derive(Clone)]
struct Fate {
    /// The flag before the first change; `None` when there was none.
    before: Option<Arc<ServedFlag>>,
    after: After,
}

#[derive(Clone)]
enum After {
    There(Arc<ServedFlag>),
    /// With what it was at last.
    Gone(Arc<ServedFlag>),
}

impl Sum {
    /// Adds the next change.
    pub(crate) fn add(&mut self, change: &Change) {
        for flag in &change.added {
            self.set(flag, None, After::There(Arc::clone(flag)));
        }
        for (old, new) in &change.updated {
            self.set(new, Some(old), After::There(Arc::clone(new)));
        }
        for flag in &change.deleted {
            self.set(flag, Some(flag), After::Gone(Arc::clone(flag)));
        }
    }

    /// How many flags are different.
    pub(crate) fn len(&self) -> usize {
        self.flags.len()
    }

    /// All changes as one. A flag that came and went is deleted: who read in between knows it.
    pub(crate) fn change(&self) -> Change {
        let mut change = Change::default();
        for fate in self.flags.values() {
            match (&fate.before, &fate.after) {
                (_, After::Gone(flag)) => change.deleted.push(Arc::clone(flag)),
                (None, After::There(flag)) => change.added.push(Arc::clone(flag)),
                (Some(old), After::There(new)) => change.updated.push((Arc::clone(old), Arc::clone(new))),
            }
        }
        change
    }

    fn set(&mut self, flag: &Arc<ServedFlag>, before: Option<&Arc<ServedFlag>>, after: After) {
        match self.flags.get_mut(flag.key()) {
            Some(fate) => fate.after = after,
            None => {
                let before = before.cloned();
                self.flags.insert(Arc::clone(flag.key()), Fate { before, after });
            }
        }
    }
}
