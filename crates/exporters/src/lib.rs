//! Events out: an [`Exporter`] sends one batch of events to where a team analyses them.
//!
//! An exporter knows its protocol and nothing else: no batching, no retry, no back-pressure. One folder and one Cargo feature
//! per backend; [`kinds`] is the list of them.

pub use flagstaff_events::{Event, EventType, Export, ExportError, Exporter, Limits, Receipt, Refusal};

pub mod kinds;

#[cfg(feature = "azure")]
pub mod azure_blob_storage;
#[cfg(feature = "file")]
pub mod file;
#[cfg(feature = "gcs")]
pub mod google_storage;
#[cfg(feature = "log")]
pub mod log;
#[cfg(feature = "objects")]
pub mod objects;
#[cfg(feature = "s3")]
pub mod s3;
#[cfg(feature = "webhook")]
pub mod webhook;

#[cfg(any(feature = "files", feature = "webhook"))]
mod blocking;

#[cfg(feature = "files")]
mod files;
#[cfg(feature = "files")]
mod format;
#[cfg(test)]
mod samples;
#[cfg(feature = "templates")]
mod templates;
