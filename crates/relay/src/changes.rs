//! What follows from a change in a flag set: it is counted, logged, and told to those who listen.

use std::sync::Arc;
use std::time::Duration;

use flagstaff_engine::calendar::Occasion;
use flagstaff_flagset::{Change, Follower, ServedFlag, Snapshot};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::announcements::Announcements;
use crate::calendar::Calendar;
use crate::serving::ServedSet;
use crate::state::State;
use crate::streams::hub::{Hub, LANES};

/// Tells the changes of a flag set.
pub(crate) struct Herald {
    /// The set's name in logs; none in default mode.
    name: Option<Arc<str>>,
    hub: Arc<Hub>,
    announcements: Arc<Announcements>,
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
            announcements: Arc::clone(&live.announcements),
            state: Arc::clone(state),
        };
        set.apply_announcements(named);
        tokio::spawn(herald.follow(follower, !set.settings.disable_notifier_on_init));
    }

    /// Streams are told first, since people wait for them, and get their signs of life.
    async fn follow(self, mut follower: Follower, initial: bool) {
        if initial {
            self.tell(&beginning(follower.known()));
        }
        let mut schedule = self.announcements.schedule();
        let mut calendar = self.calendar(follower.known(), &mut schedule);
        let mut lane = 0;
        let mut heartbeat = std::pin::pin!(sleep(self.pause()));
        loop {
            let due = calendar.wait(self.state.now());
            tokio::select! {
                change = follower.next() => {
                    let Some(change) = change else { return };
                    self.hub.publish(change.clone(), follower.known());
                    self.tell_due(&mut calendar);
                    self.tell(&change);
                    calendar = self.calendar(follower.known(), &mut schedule);
                }
                () = heartbeat.as_mut() => {
                    self.hub.beat(lane);
                    lane = (lane + 1) % LANES;
                    heartbeat.as_mut().reset(Instant::now() + self.pause());
                }
                () = sleep(due.unwrap_or_default()), if due.is_some() => self.tell_due(&mut calendar),
                Ok(()) = schedule.changed() => calendar = self.calendar(follower.known(), &mut schedule),
            }
        }
    }

    /// What is to come of flags by itself; nothing unless that is to be told.
    fn calendar(&self, snapshot: &Snapshot, schedule: &mut watch::Receiver<bool>) -> Calendar {
        if *schedule.borrow_and_update() {
            Calendar::of(snapshot, self.state.now())
        } else {
            Calendar::default()
        }
    }

    /// Tells what flags have become by themselves.
    fn tell_due(&self, calendar: &mut Calendar) {
        for moments in calendar.due(self.state.now()) {
            for (key, moment) in &moments {
                let (key, flagset) = (&**key, self.name.as_deref());
                match &moment.occasion {
                    Occasion::TurnedOn => tracing::info!(flagset, key, "flag is turned ON by its schedule"),
                    Occasion::TurnedOff => tracing::info!(flagset, key, "flag is turned OFF by its schedule"),
                    Occasion::Stepped => tracing::info!(flagset, key, "flag updated by its schedule"),
                    Occasion::ExperimentBegan => tracing::info!(flagset, key, "experiment began"),
                    Occasion::ExperimentEnded => tracing::info!(flagset, key, "experiment ended"),
                    Occasion::RolloutCompleted(rule) => {
                        tracing::info!(flagset, key, rule = rule.as_deref(), "progressive rollout completed");
                    }
                }
            }
            self.announcements.tell_moments(moments);
        }
    }

    /// The time between the signs of life of two lanes.
    fn pause(&self) -> Duration {
        self.state.serving().streams.heartbeat / LANES as u32
    }

    /// The lines are worded as GO Feature Flag words them.
    fn tell(&self, change: &Change) {
        self.announcements.tell(change, self.state.now());
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
