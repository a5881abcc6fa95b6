//! Change notices over a connection that is kept open, and opened again when it ends.

use std::future::Future;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::{Changes, RetrieveError};

/// How long a burst of notices must be over; whoever knows how often the source is polled may choose another time.
const SETTLE: Duration = Duration::from_secs(1);

/// The pause after a connection that ended, doubled up to [`LONGEST_PAUSE`] while none lasts.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What a connection tells its notices with.
#[derive(Debug, Clone)]
pub(crate) struct Teller(mpsc::Sender<()>);

impl Teller {
    /// Says that the source may have changed.
    pub(crate) fn tell(&self) {
        // A notice that is already waiting stands for this one too.
        let _ = self.0.try_send(());
    }
}

/// Keeps a connection open that tells of changes. `listen` opens it, tells once as soon as nothing can be missed any more,
/// since something may have been missed before, and runs until it breaks.
///
/// Polling goes on beside it, so a connection that cannot be had costs nothing but time.
pub(crate) fn listen<L>(place: String, mut listen: impl FnMut(Teller) -> L + Send + 'static) -> Changes
where
    L: Future<Output = Result<(), RetrieveError>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(1);
    let teller = Teller(sender);
    let mut task = JoinSet::new();
    task.spawn(async move {
        let mut pause = FIRST_PAUSE;
        let mut is_told = false;
        loop {
            let began = Instant::now();
            let ended = listen(teller.clone()).await;
            if began.elapsed() > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
                is_told = false;
            }
            match ended {
                // Once is enough: it may be that nobody wants the relay to listen.
                Err(error) if !is_told => {
                    is_told = true;
                    tracing::warn!(source = place, %error, "cannot listen for changes: they are seen at the next poll");
                }
                Err(error) => tracing::debug!(source = place, %error, "still cannot listen for changes"),
                Ok(()) => tracing::debug!(source = place, "no longer told of changes: listening again"),
            }
            // Replicas that lost the same server come back one after the other.
            sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    });
    // The task ends with the set, which is held for as long as somebody waits for changes.
    Changes::new(receiver, SETTLE, move || {
        let _ = &task;
    })
}
