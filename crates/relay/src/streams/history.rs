//! The recent changes of a flag set.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use flagstaff_flagset::{Change, Snapshot};

use super::message::{Message, Moment};
use super::sum::Sum;

/// So many messages are kept for readers that are slow or come back.
const MESSAGES: usize = 64;

/// About so many bytes of messages are kept; the newest one in any case.
const WEIGHT: usize = 4 << 20;

/// Of so many flags it is remembered what they were before the oldest message that is kept.
const DROPPED_FLAGS: usize = 1000;

/// The recent changes of a flag set, immutable: who publishes a change publishes another history.
pub(crate) struct History {
    /// The state before the oldest message.
    base: u64,
    now: Moment,
    messages: VecDeque<Arc<Message>>,
    weight: usize,
    /// What the messages that are not kept any more come to, since the state of this id.
    dropped: Sum,
    dropped_since: u64,
    merged: OnceLock<Arc<Message>>,
    refetch: OnceLock<Arc<Message>>,
}

/// What a reader is to be told next.
pub(crate) enum Step {
    /// Nothing: it knows everything.
    UpToDate,
    /// The next change.
    Next(Arc<Message>),
    /// Everything at once, because what came next is not kept any more.
    Everything(Arc<Message>),
}

impl History {
    /// The history of a flag set that has none yet.
    pub(crate) fn begin(snapshot: &Snapshot) -> Self {
        let now = Moment::of(snapshot, 0);
        Self {
            base: now.id,
            now,
            messages: VecDeque::new(),
            weight: 0,
            dropped: Sum::default(),
            dropped_since: now.id,
            merged: OnceLock::new(),
            refetch: OnceLock::new(),
        }
    }

    /// The history that goes on with a change, which led to this snapshot.
    pub(crate) fn with(&self, change: Change, snapshot: &Snapshot) -> Self {
        let now = Moment::of(snapshot, self.now.id);
        let mut next = Self {
            base: self.base,
            now,
            messages: self.messages.clone(),
            weight: self.weight,
            dropped: self.dropped.clone(),
            dropped_since: self.dropped_since,
            merged: OnceLock::new(),
            refetch: OnceLock::new(),
        };
        let message = Message::new(now, change);
        next.weight += message.weight();
        next.messages.push_back(Arc::new(message));
        while next.messages.len() > MESSAGES || (next.weight > WEIGHT && next.messages.len() > 1) {
            next.drop_oldest();
        }
        next
    }

    /// The state that is served.
    pub(crate) fn now(&self) -> &Moment {
        &self.now
    }

    /// What follows a state. A state that nobody here knows of is followed by a message without flags, from which clients
    /// take that they are to fetch them again.
    pub(crate) fn after(&self, position: u64) -> Step {
        if position == self.now.id {
            return Step::UpToDate;
        }
        let next = if position == self.base {
            Some(0)
        } else {
            let found = self
                .messages
                .binary_search_by_key(&position, |message| message.moment.id);
            found.ok().map(|at| at + 1)
        };
        if let Some(message) = next.and_then(|at| self.messages.get(at)) {
            return Step::Next(Arc::clone(message));
        }
        let dropped = (self.dropped_since..self.base).contains(&position);
        let everything = if dropped {
            self.merged.get_or_init(|| {
                let mut sum = self.dropped.clone();
                self.messages.iter().for_each(|message| sum.add(&message.change));
                Arc::new(Message::new(self.now, sum.change()))
            })
        } else {
            self.refetch
                .get_or_init(|| Arc::new(Message::new(self.now, Change::default())))
        };
        Step::Everything(Arc::clone(everything))
    }

    fn drop_oldest(&mut self) {
        let Some(message) = self.messages.pop_front() else {
            return;
        };
        self.weight -= message.weight();
        self.base = message.moment.id;
        self.dropped.add(&message.change);
        if self.dropped.len() > DROPPED_FLAGS {
            self.dropped = Sum::default();
            self.dropped_since = self.base;
        }
    }
}
