//! Who wants to know every change, one after the other and none left out.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::snapshot::{Change, Snapshot};

/// How many snapshots may wait for a follower; then the writer waits for it.
const BACKLOG: usize = 16;

/// Follows a flag set from one snapshot to the next. A follower that falls behind holds up the writer, though never a
/// reader: it is to compare and hand on, not to wait for others.
pub struct Follower {
    known: Arc<Snapshot>,
    newer: mpsc::Receiver<Arc<Snapshot>>,
}

/// The followers of a flag set.
#[derive(Default)]
pub(crate) struct Followers(Mutex<State>);

#[derive(Default)]
struct State {
    senders: Vec<mpsc::Sender<Arc<Snapshot>>>,
    ended: bool,
}

impl Follower {
    /// The snapshot up to which it has followed.
    pub fn known(&self) -> &Arc<Snapshot> {
        &self.known
    }

    /// Waits for the next snapshot in which something is different, and says what. `None` when the set was stopped. Giving
    /// up the wait loses nothing.
    pub async fn next(&mut self) -> Option<Change> {
        loop {
            let newer = self.newer.recv().await?;
            // one that was published while the follower joined may be known already
            if newer.revision() <= self.known.revision() {
                continue;
            }
            let change = self.known.diff(&newer);
            self.known = newer;
            if !change.is_empty() {
                return Some(change);
            }
        }
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower")
            .field("known", &self.known)
            .finish_non_exhaustive()
    }
}

impl Followers {
    /// Lets somebody follow from what is served now.
    pub(crate) fn join(&self, served: impl FnOnce() -> Arc<Snapshot>) -> Follower {
        let (sender, newer) = mpsc::channel(BACKLOG);
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.ended {
            state.senders.push(sender);
        }
        drop(state);
        // looked at after joining, so that no snapshot falls in between
        Follower { known: served(), newer }
    }

    /// Tells all of them, once the snapshot is served.
    pub(crate) async fn tell(&self, snapshot: &Arc<Snapshot>) {
        let senders = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.senders.retain(|sender| !sender.is_closed());
            state.senders.clone()
        };
        for sender in senders {
            // It fails when the follower has just left.
            let _ = sender.send(Arc::clone(snapshot)).await;
        }
    }

    /// Tells all of them that nothing more will come.
    pub(crate) fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State {
            senders: Vec::new(),
            ended: true,
        };
    }
}
