//! Sources that say by themselves when to look again.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// A watched source. Watching ends when this is dropped.
pub struct Changes {
    signals: mpsc::Receiver<()>,
    settle: Duration,
    settling: Settling,
    arm: Box<dyn FnMut() + Send>,
}

/// Whether a watched source is being changed just now. Whoever only polls had better leave it alone meanwhile: what is there
/// may be half of what is being written.
#[derive(Debug, Clone, Default)]
pub struct Settling(Arc<AtomicBool>);

impl Settling {
    /// Whether it is.
    pub fn is_under_way(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
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
            settling: Settling::default(),
            arm: Box::new(arm),
        }
    }

    /// Waits this long for a burst to be over instead.
    #[must_use]
    pub fn settled_after(self, settle: Duration) -> Self {
        Self { settle, ..self }
    }

    /// Tells whether the source is being changed; works on while [`Changes::next`] is awaited elsewhere.
    pub fn settling(&self) -> Settling {
        self.settling.clone()
    }

    /// Waits for the next change. `false` when the watch has ended for good.
    pub async fn next(&mut self) -> bool {
        if self.signals.recv().await.is_none() {
            return false;
        }
        self.settling.0.store(true, Ordering::Relaxed);
        let patience = Instant::now() + self.settle * PATIENCE;
        loop {
            let quiet = (Instant::now() + self.settle).min(patience);
            match timeout_at(quiet, self.signals.recv()).await {
                Ok(Some(())) if Instant::now() < patience => {}
                _ => break,
            }
        }
        (self.arm)();
        self.settling.0.store(false, Ordering::Relaxed);
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
