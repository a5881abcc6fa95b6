//! Where a value came from, and what is wrong with it.

use std::fmt;
use std::sync::Arc;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A place in the configuration file.
    File {
        /// The file as it was named.
        file: Arc<str>,
        /// Line, from 1.
        line: u32,
        /// Column in characters, from 1.
        column: u32,
    },
    /// An environment variable, by its full name.
    Variable(Arc<str>),
    /// Nowhere: it is about something that was not written.
    Absent,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Absent => f.write_str("configuration"),
        }
    }
}

/// One thing that makes a configuration unusable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it was written.
    pub origin: Origin,
    /// The setting, like `flagSets[0].retrievers[1].url`; empty when it is about the file as a whole.
    pub path: String,
    /// What was expected. Never holds a value of a variable.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// Something the operator should know, though the configuration can be served. Log it as a warning.
pub type Notice = Problem;

/// Every problem of a configuration.
#[derive(Debug, thiserror::Error)]
pub struct ConfigurationError {
    /// The problems, at least one, in the order of the file.
    pub problems: Vec<Problem>,
    /// What was noticed besides.
    pub notices: Vec<Notice>,
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("configuration error")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n{problem}"))
    }
}
