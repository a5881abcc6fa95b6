//! Events out: an [`Exporter`] sends one batch of events to where a team analyses them.
//!
//! An exporter knows its protocol and nothing else: no batching, no retry, no back-pressure. One folder and one Cargo feature
//! per backend; [`kinds`] is the list of them.

pub use flagstaff_events::{
    Contact, Contacting, ErrorKind, Event, EventType, Export, ExportError, Exporter, FeatureEvent, Limits, Receipt,
    Refusal,
};

pub mod kinds;

#[cfg(feature = "azure")]
pub mod azure_blob_storage;
#[cfg(feature = "bigquery")]
pub mod bigquery;
#[cfg(feature = "file")]
pub mod file;
#[cfg(feature = "gcs")]
pub mod google_storage;
#[cfg(feature = "kafka")]
pub mod kafka;
#[cfg(feature = "kinesis")]
pub mod kinesis;
#[cfg(feature = "log")]
pub mod log;
#[cfg(feature = "objects")]
pub mod objects;
#[cfg(feature = "opentelemetry")]
pub mod opentelemetry;
#[cfg(feature = "pubsub")]
pub mod pubsub;
#[cfg(feature = "s3")]
pub mod s3;
#[cfg(feature = "sqs")]
pub mod sqs;
#[cfg(feature = "webhook")]
pub mod webhook;

#[cfg(feature = "aws")]
mod aws;
#[cfg(any(feature = "files", feature = "webhook"))]
mod blocking;
#[cfg(test)]
#[cfg(any(feature = "aws", feature = "google", feature = "s3"))]
mod contacts;
#[cfg(feature = "files")]
mod files;
#[cfg(feature = "files")]
mod format;
#[cfg(feature = "google")]
mod google;
#[cfg(any(feature = "bigquery", feature = "sqs"))]
mod identities;
#[cfg(test)]
mod samples;
#[cfg(feature = "templates")]
mod templates;
#[cfg(test)]
#[cfg(any(
    feature = "aws",
    feature = "google",
    feature = "kafka",
    feature = "opentelemetry",
    feature = "s3"
))]
mod testing;
#[cfg(any(feature = "kafka", feature = "sqs"))]
mod user_key;

/// Whoever may only write is not let look, which says nothing about writing.
#[cfg(any(feature = "aws", feature = "google", feature = "objects"))]
fn may_not_look(reason: &str) -> Contact {
    Contact::Unclear(format!("it answers, and does not let this identity look ({reason})"))
}

/// Goes with each message in a queue, as an attribute `emitter`.
#[cfg(any(feature = "pubsub", feature = "sqs"))]
const EMITTER: &str = "GO Feature Flag";
