//! What a server says when it fails.

use flagstaff_databases::redis::is_denied;
use redis::RedisError;

use crate::{ErrorKind, ErrorStatus, RetrieveError};

/// The error as a retriever tells it. The texts of servers hold no credentials.
pub(super) fn explain(error: &RedisError, place: &str) -> RetrieveError {
    let (kind, message) = match error.kind() {
        _ if error.is_timeout() => (ErrorKind::TimedOut, "deadline exceeded"),
        _ if is_denied(error) => (ErrorKind::Denied, "the server does not let us in"),
        redis::ErrorKind::Io => (ErrorKind::Unreachable, "cannot connect"),
        redis::ErrorKind::InvalidClientConfig => (ErrorKind::Settings, "cannot connect with these settings"),
        _ => (ErrorKind::Refused, "the server refuses"),
    };
    let status = match kind {
        ErrorKind::Settings => ErrorStatus::Permanent,
        // What a server refuses today it may grant tomorrow.
        _ => ErrorStatus::Temporary,
    };
    let cause = error.to_string().lines().collect::<Vec<_>>().join(" ");
    RetrieveError::new(kind, format!("{message}: {cause}"))
        .status(status)
        .context("place", place)
}
