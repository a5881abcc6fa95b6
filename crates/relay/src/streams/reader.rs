//! Somebody who listens to a flag set.

use std::sync::Arc;

use tokio::sync::watch;

use super::Seat;
use super::history::Step;
use super::hub::Signal;
use super::message::{Message, Moment};

/// The place of a stream in the changes of its flag set. It pulls what comes next when it has room for it, so a slow one holds
/// up nobody and keeps nothing alive but its own place.
pub(crate) struct Reader {
    signal: watch::Receiver<Signal>,
    lane: usize,
    /// The state that was told last.
    position: u64,
    beat: u64,
    seat: Seat,
}

/// What a stream is to write next.
pub(crate) enum Piece {
    /// A change.
    Message(Arc<Message>),
    /// A sign of life.
    Heartbeat,
}

/// What there is to do now.
enum Look {
    Write(Piece),
    Wait,
    End,
}

impl Reader {
    /// Listens to what comes from now on.
    pub(super) fn new(signal: watch::Receiver<Signal>, lane: usize, seat: Seat) -> Self {
        let (position, beat) = {
            let now = signal.borrow();
            (now.history.now().id, now.beat)
        };
        Self {
            signal,
            lane,
            position,
            beat,
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

    /// Waits for what is to be written next; `None` at the end. Giving up the wait loses nothing.
    pub(crate) async fn next(&mut self) -> Option<Piece> {
        loop {
            match self.look() {
                Look::Write(piece) => return Some(piece),
                Look::Wait => self.signal.changed().await.ok()?,
                Look::End => return None,
            }
        }
    }

    fn look(&mut self) -> Look {
        let signal = self.signal.borrow_and_update();
        if !signal.open {
            return Look::End;
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
