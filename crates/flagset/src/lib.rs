//! One living flag set: fetch, parse, compile, **swap, then tell**.
//!
//! A [`FlagSet`] keeps an immutable [`Snapshot`] of its flags up to date. Readers load it and never wait; one writer task
//! polls the sources, follows their watches and serves forced refreshes, one round after the other. A source that fails is tried again
//! by itself, sooner than it is polled and then ever later; one that names a time is not asked before.
//!
//! What can go wrong in a round harms as little as possible:
//! - a source that hangs delays nobody but whoever waits for all of them;
//! - a source that cannot be fetched, or whose document cannot be read, keeps the last document that could;
//! - a flag that does not decode or validate keeps its last good version, and its neighbours load;
//! - equal content changes nothing: no revision, no time of change, no message.
//!
//! Tools that only look at flags take a [`Survey`].
//!
//! What is wrong stands in the [`Status`] and in the log, with file, line and column.

pub use follower::Follower;
pub use options::{Clock, Duplicates, Options, Random, Source};
pub use reconfiguration::Prepared;
pub use set::{FlagSet, Refreshed, StartError};
pub use snapshot::{Change, ServedFlag, Snapshot};
pub use status::{FetchCounts, FlagFindings, Served, SourceStatus, Status};
pub use survey::{Survey, SurveyedFile, SurveyedSource};

mod assembly;
mod fetches;
mod follower;
mod options;
mod persistence;
mod reconfiguration;
mod schedule;
mod set;
mod snapshot;
mod source;
mod status;
mod survey;
mod winner;
mod writer;

#[cfg(test)]
mod tests;
