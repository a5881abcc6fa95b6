//! Somebody who listens to a flag set.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::sleep;

use super::guest::Admission;
use super::history::Step;
use super::hub::Signal;
use super::message::{Message, Moment};
use super::{FAREWELL, Seat};

/// After so many signs of life without an answer nobody is there.
pub(crate) const PATIENCE: u64 = 4;

/// The place of a stream in the changes of its flag set. It pulls what comes next when it has room for it, so a slow one holds
/// up nobody and keeps nothing alive but its own place.
pub(crate) struct Reader {
    signal: watch::Receiver<Signal>,
    lane: usize,
    /// The state that was told last.
    position: u64,
    beat: u64,
    /// The edits after which it was looked whether it may listen; `None` before the first look.
    edits: Option<u64>,
    admission: Admission,
    seat: Seat,
}

/// What a stream is to write next.
pub(crate) enum Piece {
    /// A change.
    Message(Arc<Message>),
    /// A sign of life.
    Heartbeat,
}

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The flag set or the relay does.
    Over,
    /// The right to listen was taken away, or has expired.
    Revoked,
}

/// What there is to do now.
enum Look {
    Write(Piece),
    Wait,
    End(End),
}

impl Reader {
    /// Listens to what comes from now on.
    pub(super) fn new(signal: watch::Receiver<Signal>, lane: usize, seat: Seat, admission: Admission) -> Self {
        let (position, beat) = {
            let now = signal.borrow();
            (now.history.now().id, now.beat)
        };
        Self {
            signal,
            lane,
            position,
            beat,
            edits: None,
            admission,
            seat,
        }
    }

    /// Goes on after the state of this id.
    pub(crate) fn resume(self, position: u64) -> Self {
        Self { position, ..self }
    }

    /// The state that is served.
    pub(crate) fn now(&self) -> Moment {
        *self.signal.borrow().history.now()
    }

    /// Its lane, by which readers are told apart.
    pub(crate) fn lane(&self) -> usize {
        self.lane
    }

    /// Whether the end has not come yet.
    pub(super) fn is_open(&self) -> bool {
        self.signal.borrow().open
    }

    /// Waits for what is to be written next. Giving up the wait loses nothing.
    pub(crate) async fn next(&mut self) -> Result<Piece, End> {
        loop {
            match self.look() {
                Look::Write(piece) => return Ok(piece),
                Look::Wait => self.signal.changed().await.map_err(|_| End::Over)?,
                Look::End(end) => return Err(end),
            }
        }
    }

    /// Resolves when so many signs of life have been given since the one that was told last that nobody seems to be there.
    pub(crate) async fn lose_patience(&mut self) {
        let last = self.beat + PATIENCE;
        let over = self.signal.wait_for(|signal| !signal.open || signal.beat >= last).await;
        if over.is_ok_and(|signal| signal.open) {
            return;
        }
        // there are no more signs of life
        sleep(FAREWELL).await;
    }

    fn look(&mut self) -> Look {
        let signal = self.signal.borrow_and_update();
        if !signal.open {
            return Look::End(End::Over);
        }
        if self.admission.has_expired() {
            return Look::End(End::Revoked);
        }
        // what is in effect may be another configuration than the one that let the guest in, even at the first look
        if self.edits.replace(signal.edits) != Some(signal.edits) && !self.admission.is_granted() {
            return Look::End(End::Revoked);
        }
        let message = match signal.history.after(self.position) {
            Step::UpToDate if signal.beat == self.beat => return Look::Wait,
            Step::UpToDate => {
                self.beat = signal.beat;
                return Look::Write(Piece::Heartbeat);
            }
            Step::Next(message) => message,
            Step::Everything(message) => {
                self.seat.metrics().behind.inc();
                message
            }
        };
        self.seat.metrics().messages.inc();
        self.position = message.moment.id;
        Look::Write(Piece::Message(message))
    }
}
