//! The file of events that a sink will never take.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use crate::Event;

/// A file to which lines are appended: one JSON object for each event, with `exporter`, `reason` and the event's text as `event`.
#[derive(Debug)]
pub(crate) struct DeadLetters {
    path: Arc<PathBuf>,
}

impl DeadLetters {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path: Arc::new(path) }
    }

    /// Appends an event, for good when this resolves.
    pub(crate) async fn append(&self, exporter: &str, event: &Event, reason: &str) -> io::Result<bool> {
        let text = String::from_utf8_lossy(event.text());
        // an event whose text is broken is kept as it is
        let event = serde_json::from_str(&text).unwrap_or_else(|_| json!(text));
        let line = format!("{}\n", json!({"exporter": exporter, "reason": reason, "event": event}));
        let path = Arc::clone(&self.path);
        let written = tokio::task::spawn_blocking(move || {
            let mut file: File = OpenOptions::new().create(true).append(true).open(&*path)?;
            file.write_all(line.as_bytes())?;
            file.sync_data()
        });
        written.await.unwrap_or_else(|error| Err(io::Error::other(error)))?;
        Ok(true)
    }
}
