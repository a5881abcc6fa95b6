//! The handle of a flag set: what readers and administrators hold.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::{ArcSwap, Guard};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::follower::{Follower, Followers};
use crate::options::Options;
use crate::reconfiguration::Prepared;
use crate::snapshot::Snapshot;
use crate::status::Status;
use crate::writer::{Command, Writer};

/// A living flag set. Dropping it stops it.
pub struct FlagSet {
    store: Arc<Store>,
    revision: watch::Receiver<u64>,
    commands: mpsc::Sender<Command>,
    options: ArcSwap<Options>,
    running: Mutex<Option<Running>>,
}

/// What readers see, replaced by the writer.
pub(crate) struct Store {
    pub(crate) snapshot: ArcSwap<Snapshot>,
    pub(crate) status: ArcSwap<Status>,
    pub(crate) followers: Followers,
}

/// The writer task and how to end it.
struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// What came of a forced refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refreshed {
    /// Whether every source could be fetched and its document be read; single flags of it may have been refused. `false`
    /// when the last good content of a source was kept.
    pub refreshed: bool,
    /// The revision that is served now.
    pub revision: u64,
}

/// A flag set that cannot serve.
#[derive(Debug, Error)]
#[error("flag set {name:?} cannot start: {cause}")]
pub struct StartError {
    pub(crate) name: Arc<str>,
    pub(crate) cause: String,
}

impl FlagSet {
    /// Fetches all sources and starts to keep them up to date.
    ///
    /// A source that does not answer, or not with a document, falls back on the persistent file; without one the set
    /// starts only with [`Options::start_with_retriever_error`], and serves the sources that did answer.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let (commands, received) = mpsc::channel(16);
        let options = Arc::new(options);
        let writer = Writer::start(&options, &commands).await?;
        let (store, revision) = (Arc::clone(writer.store()), writer.changes());
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(writer.run(received, stopped));
        let running = Mutex::new(Some(Running { stop, task }));
        Ok(Self {
            store,
            revision,
            commands,
            options: ArcSwap::new(options),
            running,
        })
    }

    /// What the set works with.
    pub fn options(&self) -> Arc<Options> {
        self.options.load_full()
    }

    /// Fetches what is new in other options, and changes nothing yet. A source that shares retriever and format with one of
    /// [`FlagSet::options`] is the same, and is not fetched.
    ///
    /// # Errors
    /// When a new source gives no document, unless [`Options::start_with_retriever_error`] is set.
    pub async fn prepare(&self, options: Options) -> Result<Prepared, StartError> {
        Prepared::new(options, &self.options.load_full()).await
    }

    /// Works with other options from now on; readers see all of them at once, as a change like any other. What was prepared
    /// before the last call is out of date and may not be used. A stopped set ignores it.
    pub async fn reconfigure(&self, prepared: Prepared) {
        let (reply, done) = oneshot::channel();
        self.options.store(Arc::clone(&prepared.options));
        let command = Command::Reconfigure(Box::new(prepared), reply);
        if self.commands.send(command).await.is_ok() {
            // It fails when the writer is stopped meanwhile.
            let _ = done.await;
        }
    }

    /// The flags as they are now, for one request. Never waits; to be dropped soon.
    #[inline]
    pub fn load(&self) -> Guard<Arc<Snapshot>> {
        self.store.snapshot.load()
    }

    /// The flags as they are now, to keep.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.store.snapshot.load_full()
    }

    /// Tells each new revision, after its snapshot can be loaded.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.revision.clone()
    }

    /// Follows the set from what it serves now, one change after the other.
    pub fn follow(&self) -> Follower {
        self.store.followers.join(|| self.snapshot())
    }

    /// How the set is doing.
    pub fn status(&self) -> Arc<Status> {
        self.store.status.load_full()
    }

    /// When last everything could be fetched and read, changed or not.
    pub fn refreshed_at(&self) -> Option<SystemTime> {
        self.store.status.load().refreshed_at
    }

    /// Fetches all sources now. Concurrent calls share a round, which always begins after the call.
    pub async fn refresh(&self) -> Refreshed {
        let (reply, answer) = oneshot::channel();
        // When the set was stopped, the command and with it the sender of the answer is dropped.
        let _ = self.commands.send(Command::Refresh(reply)).await;
        let kept = |_| Refreshed {
            refreshed: false,
            revision: self.load().revision(),
        };
        answer.await.unwrap_or_else(kept)
    }

    /// Ends polling and watching, waits for what is being written. The last snapshot can still be read.
    pub async fn stop(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Running { stop, task }) = running {
            // It fails when the writer has ended by itself.
            let _ = stop.send(());
            if let Err(error) = task.await {
                tracing::error!(%error, "the writer of a flag set ended badly");
            }
        }
    }
}

impl fmt::Debug for FlagSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlagSet")
            .field("snapshot", &*self.load())
            .finish_non_exhaustive()
    }
}
