//! The streams of one flag set.

use std::array;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flagstaff_flagset::{Change, Snapshot};
use tokio::sync::watch;

use super::Seat;
use super::guest::{Admission, Guest};
use super::history::History;
use super::reader::Reader;
use crate::state::State;

/// Readers are spread over so many lanes. A change is told to all of them at once; signs of life are given to one lane after the
/// other, so that thousands of streams do not all write in the same moment.
pub(crate) const LANES: usize = 16;

/// What those who listen to a flag set are told. It outlives an edit of the set's settings, and readers pull from it at their
/// own pace: whoever publishes waits for nobody.
pub(crate) struct Hub {
    lanes: [watch::Sender<Signal>; LANES],
    /// The lane of the next reader.
    next: AtomicUsize,
}

/// What a lane knows.
#[derive(Clone)]
pub(super) struct Signal {
    pub(super) history: Arc<History>,
    /// Counts the signs of life.
    pub(super) beat: u64,
    /// Counts the edits of the configuration, which may have taken rights away.
    pub(super) edits: u64,
    /// `false` at the end.
    pub(super) open: bool,
}

impl Hub {
    /// Nobody listens yet, and nothing has changed since this snapshot.
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let signal = Signal {
            history: Arc::new(History::begin(snapshot)),
            beat: 0,
            edits: 0,
            open: true,
        };
        Self {
            lanes: array::from_fn(|_| watch::Sender::new(signal.clone())),
            next: AtomicUsize::new(0),
        }
    }

    /// Begins anew from this snapshot, before anybody listens.
    pub(crate) fn begin(&self, snapshot: &Snapshot) {
        self.set(History::begin(snapshot));
    }

    /// Tells a change, which led to this snapshot. One caller at a time.
    pub(crate) fn publish(&self, change: Change, snapshot: &Snapshot) {
        let history = self.lanes[0].borrow().history.with(change, snapshot);
        self.set(history);
    }

    /// Gives a sign of life to the readers of a lane.
    pub(crate) fn beat(&self, lane: usize) {
        self.lanes[lane % LANES].send_modify(|signal| signal.beat += 1);
    }

    /// Has all readers look whether they still may listen.
    pub(crate) fn review(&self) {
        for lane in &self.lanes {
            lane.send_modify(|signal| signal.edits += 1);
        }
    }

    /// Begins to listen; `None` when the end has come.
    pub(crate) fn listen(self: &Arc<Self>, guest: Guest, seat: Seat, state: &Arc<State>) -> Option<Reader> {
        let lane = self.next.fetch_add(1, Ordering::Relaxed) % LANES;
        let admission = Admission {
            guest,
            hub: Arc::downgrade(self),
            state: Arc::clone(state),
        };
        let reader = Reader::new(self.lanes[lane].subscribe(), lane, seat, admission);
        reader.is_open().then_some(reader)
    }

    /// How many listen.
    pub(crate) fn readers(&self) -> usize {
        self.lanes.iter().map(watch::Sender::receiver_count).sum()
    }

    /// Ends all streams, and waits until they are gone.
    pub(crate) async fn close(&self) {
        for lane in &self.lanes {
            lane.send_modify(|signal| signal.open = false);
        }
        for lane in &self.lanes {
            lane.closed().await;
        }
    }

    fn set(&self, history: History) {
        let history = Arc::new(history);
        for lane in &self.lanes {
            lane.send_modify(|signal| signal.history = Arc::clone(&history));
        }
    }
}
