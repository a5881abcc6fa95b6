//! Why rows could not be read.

use flagstaff_databases::postgresql::OneLine;
use sqlx::Error;

use crate::{ErrorKind, ErrorStatus, RetrieveError};

/// A failure on the way to the rows, or one of what they come to.
#[derive(Debug)]
pub(super) enum Failure {
    Database(Error),
    Retrieval(RetrieveError),
}

impl Failure {
    /// Whether the connection is no longer one.
    pub(super) fn is_disconnection(&self) -> bool {
        match self {
            Self::Database(Error::Io(_) | Error::Protocol(_)) => true,
            // admin_shutdown, crash_shutdown, idle_session_timeout: told by a server that closes the connection
            Self::Database(Error::Database(error)) => {
                matches!(error.code().as_deref(), Some("57P01" | "57P02" | "57P05"))
            }
            _ => false,
        }
    }

    /// The error as a retriever tells it.
    pub(super) fn explain(self, place: &str) -> RetrieveError {
        match self {
            Self::Retrieval(error) => error,
            Self::Database(error) => explain(&error),
        }
        .context("place", place)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<RetrieveError> for Failure {
    fn from(error: RetrieveError) -> Self {
        Self::Retrieval(error)
    }
}

fn explain(error: &Error) -> RetrieveError {
    let (kind, message) = match error {
        Error::Database(answer) => return answered(&answer.code().unwrap_or_default(), answer.message()),
        Error::Io(_) => (ErrorKind::Unreachable, "cannot connect"),
        Error::PoolTimedOut => (ErrorKind::TimedOut, "cannot connect in time"),
        Error::Tls(_) => (ErrorKind::Unreachable, "cannot connect over TLS"),
        Error::Configuration(_) => (ErrorKind::Settings, "cannot connect with these settings"),
        Error::ColumnDecode { .. } | Error::Decode(_) => (ErrorKind::Refused, "a row cannot be read"),
        _ => (ErrorKind::Unreachable, "the query failed"),
    };
    RetrieveError::new(kind, message).caused_by(OneLine::of(&error))
}

/// What the server says, by the class of its code (PostgreSQL, appendix A). What it refuses today it may grant tomorrow.
fn answered(code: &str, message: &str) -> RetrieveError {
    let kind = match code {
        "57014" => ErrorKind::TimedOut,
        // no such database, schema, table
        "3D000" | "3F000" | "42P01" => ErrorKind::NotFound,
        "42501" => ErrorKind::Denied,
        _ => match code.get(..2) {
            Some("28") => ErrorKind::Denied,
            // connection, resources, operator, system
            Some("08" | "53" | "57" | "58") => ErrorKind::Unreachable,
            _ => ErrorKind::Refused,
        },
    };
    let message = OneLine::of(&message);
    RetrieveError::new(kind, format!("the server says: {message}"))
        .context("code", code)
        .status(ErrorStatus::Temporary)
}
