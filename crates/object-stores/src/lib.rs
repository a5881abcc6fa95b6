//! Clients of object stores: S3 and what speaks its protocol, Google Cloud Storage, Azure Blob Storage. Sources of flags and sinks
//! of events share them.
//!
//! Each module has what names a container (a bucket, a container of an account) and opens it as an [`ObjectStore`], with the
//! credentials that the cloud's own programs would find. What a store answered instead of success is a [`Failure`], which holds no
//! secret.
//!
//! ```no_run
//! # #[cfg(feature = "s3")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use flagstaff_object_stores::object_store::ObjectStoreExt as _;
//! use flagstaff_object_stores::s3::S3Bucket;
//!
//! let store = S3Bucket::new("flags").open(&|_| None).await?;
//! let answer = store.get(&"flags.yaml".into()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Requests are not repeated: whoever asks knows when to ask again.

use thiserror::Error;

#[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
pub use failure::{Failure, FailureKind};
pub use flagstaff_cloud::Variables;
pub use object_store;
pub use object_store::ObjectStore;

#[cfg(feature = "azure")]
pub mod azure;
#[cfg(feature = "gcs")]
pub mod gcs;
#[cfg(feature = "s3")]
pub mod s3;

#[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
mod client;
#[cfg(any(feature = "azure", feature = "gcs", feature = "s3"))]
mod failure;

/// A store that cannot be opened. Holds no secret.
#[derive(Debug, Error)]
pub enum OpenError {
    /// A setting or a variable does not hold what it should.
    #[error("{name} {problem}")]
    Invalid {
        /// The setting, or the variable of the environment.
        name: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// Something is missing that nobody but an administrator knows.
    #[error("{0}")]
    Missing(&'static str),
    /// The client cannot be set up.
    #[error("the client of the object store cannot be set up: {0}")]
    Client(String),
}

impl From<flagstaff_cloud::AccountError> for OpenError {
    fn from(error: flagstaff_cloud::AccountError) -> Self {
        Self::Invalid {
            name: error.name,
            problem: error.problem,
        }
    }
}

#[cfg(test)]
#[cfg(feature = "s3")]
mod tests;
