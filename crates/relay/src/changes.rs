//! What follows from a change in a flag set: it is counted, logged, and told to those who listen.

use std::sync::Arc;
use std::time::Duration;

use flagstaff_flagset::{Change, Follower, ServedFlag, Snapshot};
use tokio::time::{Instant, sleep};

use crate::serving::ServedSet;
use crate::state::State;
use crate::streams::hub::{Hub, LANES};

/// Tells the changes of a flag set.
pub(crate) struct Herald {
    /// The set's name in logs; none in default mode.
    name: Option<Arc<str>>,
    hub: Arc<Hub>,
    state: Arc<State>,
}

impl Herald {
    /// Follows a flag set from now on and for as long as it lives; `named` where there are several.
    pub(crate) fn start(set: &ServedSet, named: bool, state: &Arc<State>) {
        let Some(live) = &set.live else { return };
        let follower = live.flags.follow();
        live.hub.begin(follower.known());
        let herald = Self {
            name: named.then(|| Arc::clone(&set.name)),
            hub: Arc::clone(&live.hub),
            state: Arc::clone(state),
        };
        tokio::spawn(herald.follow(follower, !set.settings.disable_notifier_on_init));
    }

    /// Streams are told first, since people wait for them, and get their signs of life.
    async fn follow(self, mut follower: Follower, initial: bool) {
        if initial {
            self.tell(&beginning(follower.known()));
        }
        let mut lane = 0;
        let mut heartbeat = std::pin::pin!(sleep(self.pause()));
        loop {
            tokio::select! {
                change = follower.next() => {
                    let Some(change) = change else { return };
                    self.hub.publish(change.clone(), follower.known());
                    self.tell(&change);
                }
                () = &mut heartbeat => {
                    self.hub.beat(lane);
                    lane = (lane + 1) % LANES;
                    heartbeat.as_mut().reset(Instant::now() + self.pause());
                }
            }
        }
    }

    /// The time between the signs of life of two lanes.
    fn pause(&self) -> Duration {
        self.state.serving().streams.heartbeat / LANES as u32
    }

    /// The lines are worded as GO Feature Flag words them.
    fn tell(&self, change: &Change) {
        let metrics = &self.state.counts.metrics;
        if !change.is_empty() {
            metrics.flag_changes.inc();
        }
        for flag in &change.deleted {
            metrics.flags_deleted.count(flag.key());
            self.log(flag, "flag removed");
        }
        for flag in &change.added {
            metrics.flags_created.count(flag.key());
            self.log(flag, "flag added");
        }
        for (before, after) in &change.updated {
            metrics.flags_updated.count(after.key());
            let message = match (is_disabled(before), is_disabled(after)) {
                (false, true) => "flag is turned OFF",
                (true, false) => "flag is turned ON",
                _ => "flag updated",
            };
            self.log(after, message);
        }
    }

    fn log(&self, flag: &ServedFlag, message: &'static str) {
        let (key, flagset) = (&**flag.key(), self.name.as_deref());
        tracing::info!(flagset, key, "{message}");
    }
}

/// Every flag of a snapshot as one that is new.
fn beginning(snapshot: &Snapshot) -> Change {
    Change {
        to: snapshot.revision(),
        added: snapshot.flags().to_vec(),
        ..Change::default()
    }
}

fn is_disabled(flag: &ServedFlag) -> bool {
    flag.flag.definition().disable.unwrap_or_default()
}
