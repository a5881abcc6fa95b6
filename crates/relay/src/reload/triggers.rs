//! What asks for a reload.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use flagstaff_retrievers::file;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// How long the files must be left alone before they are read.
const SETTLE: Duration = Duration::from_millis(200);

/// Signals, and changes of the files that the configuration is read from.
pub(super) struct Triggers {
    // a trigger that is already waiting stands for others too
    sender: mpsc::Sender<()>,
    receiver: mpsc::Receiver<()>,
    /// The files that are watched, and what ends that.
    watched: (BTreeSet<PathBuf>, Option<AbortHandle>),
}

impl Triggers {
    /// Signals only.
    pub(super) fn new(mut signals: mpsc::Receiver<()>) -> Self {
        let (sender, receiver) = mpsc::channel(1);
        let signal = sender.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                let _ = signal.try_send(());
            }
        });
        Self {
            sender,
            receiver,
            watched: Default::default(),
        }
    }

    /// Watches these files, and no others. Files that were not watched before may have changed since they were read, so they
    /// count as changed.
    pub(super) fn watch(&mut self, files: BTreeSet<PathBuf>) {
        if files == self.watched.0 {
            return;
        }
        if let Some(watching) = self.watched.1.take() {
            watching.abort();
        }
        match file::watch(files.iter().cloned(), SETTLE) {
            Ok(mut changes) => {
                let sender = self.sender.clone();
                let watching = tokio::spawn(async move {
                    while changes.next().await {
                        let _ = sender.try_send(());
                    }
                });
                self.watched.1 = Some(watching.abort_handle());
                if !files.is_subset(&self.watched.0) {
                    let _ = self.sender.try_send(());
                }
            }
            Err(error) => tracing::warn!(
                %error,
                "cannot watch the files of the configuration: send SIGHUP to reload them"
            ),
        }
        self.watched.0 = files;
    }

    /// Waits until something asks for a reload. To be called again and again.
    pub(super) async fn next(&mut self) {
        // there is always a sender: it stands beside the receiver
        let _ = self.receiver.recv().await;
    }
}
