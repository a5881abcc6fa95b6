//! Sources that say by themselves when to look again.

use std::fmt;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// A watched source. Watching ends when this is dropped.
pub struct Changes {
    signals: mpsc::Receiver<()>,
    settle: Duration,
    arm: Box<dyn FnMut() + Send>,
}

/// A source that never calms down is looked at after this many times the time to settle.
const PATIENCE: u32 = 10;

impl Changes {
    /// A burst of `signals` counts as one change once it has been quiet for `settle`. `arm` holds whatever feeds the
    /// signals; it is called after each change, before anybody looks at the source, to follow it to another place.
    pub fn new(signals: mpsc::Receiver<()>, settle: Duration, arm: impl FnMut() + Send + 'static) -> Self {
        Self {
            signals,
            settle,
            arm: Box::new(arm),
        }
    }

    /// Waits for the next change. `false` when the watch has ended for good.
    pub async fn next(&mut self) -> bool {
        if self.signals.recv().await.is_none() {
            return false;
        }
        let patience = Instant::now() + self.settle * PATIENCE;
        loop {
            let quiet = (Instant::now() + self.settle).min(patience);
            match timeout_at(quiet, self.signals.recv()).await {
                Ok(Some(())) if Instant::now() < patience => {}
                _ => break,
            }
        }
        (self.arm)();
        true
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes")
            .field("settle", &self.settle)
            .finish_non_exhaustive()
    }
}
