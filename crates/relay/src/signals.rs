//! What the process is told from outside.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// Asks a relay to end, or to read its configuration again.
#[derive(Debug)]
pub struct Signals {
    /// End; said again, at once.
    pub(crate) end: mpsc::Receiver<()>,
    /// Read the configuration again.
    pub(crate) reload: mpsc::Receiver<()>,
}

/// The other side of [`Signals`].
#[derive(Debug, Clone)]
pub struct Signaller {
    end: mpsc::Sender<()>,
    reload: mpsc::Sender<()>,
}

impl Signals {
    /// Signals that come from within the program.
    pub fn channel() -> (Signaller, Self) {
        let ((end, ended), (reload, reloaded)) = (mpsc::channel(2), mpsc::channel(1));
        let signals = Self {
            end: ended,
            reload: reloaded,
        };
        (Signaller { end, reload }, signals)
    }

    /// SIGINT and SIGTERM end, SIGHUP reloads. Must be called inside of a tokio runtime.
    ///
    /// # Errors
    /// When the process cannot listen to signals.
    pub fn of_process() -> io::Result<Self> {
        let (signaller, signals) = Self::channel();
        forward(signal(SignalKind::interrupt())?, signaller.end.clone());
        forward(signal(SignalKind::terminate())?, signaller.end);
        forward(signal(SignalKind::hangup())?, signaller.reload);
        Ok(signals)
    }
}

impl Signaller {
    /// Asks the relay to end; asked again, it does not wait for answers in flight.
    pub fn end(&self) {
        // one that waits already stands for this one too
        let _ = self.end.try_send(());
    }

    /// Asks the relay to read its configuration again.
    pub fn reload(&self) {
        let _ = self.reload.try_send(());
    }
}

fn forward(mut signal: Signal, to: mpsc::Sender<()>) {
    tokio::spawn(async move {
        while signal.recv().await.is_some() {
            // one that waits already stands for this one too
            let _ = to.try_send(());
        }
    });
}
