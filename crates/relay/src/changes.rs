//! Counts and logs what changes in flag sets.

use std::sync::Arc;

use flagstaff_flagset::{Change, FlagSet, ServedFlag, Snapshot};
use flagstaff_telemetry::metrics::Metrics;

use crate::serving::ServedSet;

/// Counts and logs the changes of a flag set.
pub(crate) struct Follower {
    /// The set's name in logs; none in default mode.
    name: Option<Arc<str>>,
    metrics: Metrics,
    /// Whether the flags of the start count as created.
    initial: bool,
}

impl Follower {
    /// Follows a flag set for as long as it lives; `named` where there are several.
    pub(crate) fn start(set: &ServedSet, named: bool, metrics: &Metrics) {
        let Some(flags) = &set.flags else { return };
        let follower = Self {
            name: named.then(|| Arc::clone(&set.name)),
            metrics: metrics.clone(),
            initial: !set.settings.disable_notifier_on_init,
        };
        tokio::spawn(follower.follow(Arc::clone(flags)));
    }

    async fn follow(self, set: Arc<FlagSet>) {
        let mut revisions = set.changes();
        revisions.mark_unchanged();
        let mut known = set.snapshot();
        if self.initial {
            self.tell(&beginning(&known));
        }
        while revisions.changed().await.is_ok() {
            let newer = set.snapshot();
            self.tell(&known.diff(&newer));
            known = newer;
        }
    }

    /// The lines are worded as GO Feature Flag words them.
    fn tell(&self, change: &Change) {
        if !change.is_empty() {
            self.metrics.flag_changes.inc();
        }
        for flag in &change.deleted {
            self.metrics.flags_deleted.count(flag.key());
            self.log(flag, "flag removed");
        }
        for flag in &change.added {
            self.metrics.flags_created.count(flag.key());
            self.log(flag, "flag added");
        }
        for (before, after) in &change.updated {
            self.metrics.flags_updated.count(after.key());
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
