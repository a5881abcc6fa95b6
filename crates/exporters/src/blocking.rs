//! Work on a batch that takes a while.

use flagstaff_events::{ErrorKind, Event, ExportError};

/// A batch of so many bytes is dealt with on a thread where it delays nobody.
const LARGE: usize = 64 << 10;

/// Does something with a batch: here, or on a blocking thread if it is large.
pub(crate) async fn run<R: Send + 'static>(
    batch: &[Event],
    work: impl FnOnce(&[Event]) -> R + Send + 'static,
) -> Result<R, ExportError> {
    if batch.iter().map(|event| event.text().len()).sum::<usize>() < LARGE {
        return Ok(work(batch));
    }
    run_apart(batch, work).await
}

/// Does something with a batch on a blocking thread, where it may wait. It goes on there if nobody waits for it any more.
pub(crate) async fn run_apart<R: Send + 'static>(
    batch: &[Event],
    work: impl FnOnce(&[Event]) -> R + Send + 'static,
) -> Result<R, ExportError> {
    let batch = batch.to_vec();
    tokio::task::spawn_blocking(move || work(&batch))
        .await
        .map_err(|error| ExportError::new(ErrorKind::Refused, "the batch cannot be encoded").caused_by(error))
}
