//! Bytes in: a [`Retriever`] fetches the text of a flag file from where a team keeps it.
//!
//! A retriever knows its protocol and nothing else: no flags, no polling, no retry, no merging. It answers with bytes, a
//! [revision](Revision) to ask with next time, and a format hint where the source dictates one. One folder and one Cargo
//! feature per backend; [`kinds`] is the list of them.
//!
//! ```
//! use flagstaff_retrievers::{Surroundings, kinds};
//!
//! let settings = serde_json::json!({"kind": "file", "path": "flags.yaml"});
//! let settings = settings.as_object().expect("an object");
//! let retriever = kinds::build(settings, &Surroundings::default()).expect("a valid retriever");
//! assert_eq!(retriever.place(), "flags.yaml");
//! ```

use std::fmt;
use std::future::Future;
use std::pin::Pin;

pub use flagstaff_backend::{ErrorKind, Surroundings, settings};

pub use changes::{Changes, Settling};
pub use error::{ErrorStatus, RetrieveError};
pub use fetched::{Content, Fetched, FormatHint, Part, Revision};
pub use pause::Pause;

pub mod kinds;

#[cfg(feature = "configmap")]
pub mod configmap;
#[cfg(feature = "directory")]
pub mod directory;
#[cfg(feature = "file")]
pub mod file;
#[cfg(feature = "git")]
pub mod git;
#[cfg(feature = "git-hosts")]
pub mod git_hosts;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "mongodb")]
pub mod mongodb;
#[cfg(feature = "postgresql")]
pub mod postgresql;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "relay")]
pub mod relay;
#[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
pub mod stored_objects;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

mod changes;
#[cfg(any(feature = "mongodb", feature = "postgresql", feature = "redis"))]
mod entries;
mod error;
mod fetched;
#[cfg(feature = "listening")]
mod listening;
#[cfg(any(feature = "directory", feature = "git"))]
mod pattern;
mod pause;
#[cfg(any(feature = "azure", feature = "gcs", feature = "http", feature = "s3"))]
mod timeout;

/// No flag file is larger: 64 MiB.
pub const MAX_DOCUMENT: u64 = 64 << 20;

/// The answer of [`Retriever::retrieve`], boxed so that retrievers of any kind stand in one list.
pub type Retrieval<'a> = Pin<Box<dyn Future<Output = Result<Fetched, RetrieveError>> + Send + 'a>>;

/// Where flags come from.
pub trait Retriever: fmt::Debug + Send + Sync {
    /// Fetches the source once.
    ///
    /// `previous` is the revision of the content that the caller still holds; without it the answer is always
    /// [`Fetched::Content`]. Dropping the future cancels the fetch.
    fn retrieve<'a>(&'a self, previous: Option<&'a Revision>) -> Retrieval<'a>;

    /// Where it looks, for people and diagnostics: a path, a URL. Without any secret.
    fn place(&self) -> String;

    /// Starts to watch the source, for those that can tell by themselves when to look again. Polling goes on beside it.
    /// Must be called inside of a tokio runtime.
    fn changes(&self) -> Option<Changes> {
        None
    }
}
