//! Clients of databases, for whoever keeps something there: flags, claims.
//!
//! One module and one Cargo feature for each. It has what people write about a connection and how one is opened; what is asked over
//! it, when and how often belongs to whoever asks.

#[cfg(feature = "postgresql")]
pub mod postgresql;
#[cfg(feature = "redis")]
pub mod redis;
