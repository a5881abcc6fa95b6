//! What ends a connection from outside.

use std::sync::Arc;

use tokio::sync::watch;

use super::Connection;
use super::activity::Overdue;
use super::watched::Protocol;
use crate::server::Ending;

/// What a connection is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interruption {
    /// To answer what it was asked, and nothing else.
    Leave,
    /// To end now.
    BreakOff,
    /// To end because something took too long.
    Overdue(Overdue),
}

/// Waits for what ends a connection from outside.
pub(super) struct Interruptions {
    connection: Arc<Connection>,
    ending: watch::Receiver<Ending>,
    /// It was told to leave because no request came.
    idle: bool,
}

impl Interruptions {
    pub(super) fn new(connection: Arc<Connection>, ending: watch::Receiver<Ending>) -> Self {
        Self {
            connection,
            ending,
            idle: false,
        }
    }

    /// The next one. It may be asked again after it was dropped.
    pub(super) async fn next(&mut self, protocol: Protocol) -> Interruption {
        loop {
            let connection = &*self.connection;
            let limits = connection.listening.limits_for(&connection.caller);
            let wait = match connection.activity.overdue(&limits, protocol) {
                Ok(wait) => wait,
                // what it was asked before may still be under way
                Err(Overdue::Request) if !self.idle => {
                    self.idle = true;
                    connection.activity.forgive();
                    return Interruption::Leave;
                }
                Err(overdue) => return Interruption::Overdue(overdue),
            };
            tokio::select! {
                ended = self.ending.changed() => {
                    return match (ended, *self.ending.borrow()) {
                        (Ok(()), Ending::Finish) => Interruption::Leave,
                        _ => Interruption::BreakOff,
                    };
                }
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}
