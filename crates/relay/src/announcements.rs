//! What the notifiers of a flag set are told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use flagstaff_engine::calendar::Moment;
use flagstaff_flagset::{Change, ServedFlag};
use flagstaff_notifiers::{Announcer, Difference, News, Reading};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::config::FlagSetSettings;

/// How long notifiers may still be told what they wait for when their flag set goes.
const FAREWELL: Duration = Duration::from_secs(10);

/// Tells the notifiers of a flag set. It outlives an edit of the set's settings.
#[derive(Debug)]
pub(crate) struct Announcements {
    announcer: Announcer,
    hostname: Arc<str>,
    /// Whether it is told that flags change by themselves.
    schedule: watch::Sender<bool>,
}

impl Announcements {
    /// Nobody is told anything yet.
    pub(crate) fn new() -> Self {
        Self {
            announcer: Announcer::start(),
            hostname: crate::start::hostname().into(),
            schedule: watch::Sender::new(false),
        }
    }

    /// Does what the settings say from now on; `flag_set` is the set's name in logs.
    pub(crate) fn apply(&self, settings: &FlagSetSettings, flag_set: Option<&Arc<str>>) {
        self.announcer
            .recruit(&settings.notifiers, settings.notifier_lock.clone(), flag_set);
        self.schedule
            .send_if_modified(|schedule| std::mem::replace(schedule, settings.announce_schedule) != *schedule);
    }

    /// Whether it is told that flags change by themselves, now and later.
    pub(crate) fn schedule(&self) -> watch::Receiver<bool> {
        self.schedule.subscribe()
    }

    /// Tells a change that was seen at a time. Never waits.
    pub(crate) fn tell(&self, change: &Change, now: SystemTime) {
        if self.announcer.is_idle() {
            return;
        }
        let text = |flag: &ServedFlag| Some(Bytes::copy_from_slice(flag.wire.configuration()));
        let mut flags = BTreeMap::new();
        let mut add = |key: &Arc<str>, old, new| flags.insert(Arc::clone(key), Difference { old, new });
        for flag in &change.deleted {
            add(flag.key(), text(flag), None);
        }
        for flag in &change.added {
            add(flag.key(), None, text(flag));
        }
        for (old, new) in &change.updated {
            add(new.key(), text(old), text(new));
        }
        // whatever the clock did in between
        let ago = change.known_until.map(|at| now.duration_since(at).unwrap_or_default());
        self.announcer.tell(News {
            hostname: Arc::clone(&self.hostname),
            known_until: ago.and_then(|ago| Instant::now().checked_sub(ago)),
            flags,
            ..News::default()
        });
    }

    /// Tells what happened to flags by itself. Never waits.
    pub(crate) fn tell_moments(&self, moments: BTreeSet<(Arc<str>, Moment)>) {
        self.announcer.tell(News {
            hostname: Arc::clone(&self.hostname),
            moments,
            ..News::default()
        });
    }

    /// How each notifier is doing.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        self.announcer.readings()
    }

    /// Tells what waits, each notifier once, until a deadline.
    pub(crate) async fn finish(&self, deadline: Instant) {
        self.announcer.finish(deadline).await;
    }

    /// The same when the flag set goes and the relay goes on.
    pub(crate) async fn take_leave(&self) {
        self.finish(Instant::now() + FAREWELL).await;
    }
}
