//! Where a value came from, and what is wrong with it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Origin {
    /// Nowhere: it is about something that was not written.
    #[default]
    Absent,
    /// A place in the configuration file.
    File {
        /// The file as it was named.
        file: Arc<str>,
        /// Line, from 1.
        line: u32,
        /// Column in characters, from 1.
        column: u32,
    },
    /// The configuration file as a whole.
    WholeFile(Arc<str>),
    /// An environment variable, by its full name.
    Variable(Arc<str>),
    /// Nowhere: it is what counts when nothing is written.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::WholeFile(file) => f.write_str(file),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Absent => f.write_str("configuration"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One thing that is wrong with a configuration, or worth knowing about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it was written.
    pub origin: Origin,
    /// The setting, like `flagSets[0].retrievers[1].url`; empty when it is about the file as a whole.
    pub path: String,
    /// What is wrong and what was expected. Never holds the value of a variable.
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

/// Something the operator should know although the configuration can be served; to be logged as a warning.
pub type Notice = Problem;

/// Every problem of a configuration that cannot be served.
#[derive(Debug, thiserror::Error)]
pub struct ConfigurationError {
    /// The problems, at least one.
    pub problems: Vec<Problem>,
    /// What was noticed besides.
    pub notices: Vec<Notice>,
    /// Files and folders that were read, or were to be read, beside the configuration file: a change of one of them may mend it.
    pub files: Vec<PathBuf>,
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("configuration error")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

/// Collects what is found while a configuration is read.
#[derive(Debug, Default)]
pub(super) struct Report {
    problems: Vec<Problem>,
    notices: Vec<Notice>,
    files: Vec<PathBuf>,
}

impl Report {
    /// A file or folder that the configuration is read from, be it there or not.
    pub(super) fn depends_on(&mut self, file: PathBuf) {
        self.files.push(file);
    }

    /// Every file and folder so far.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Something that makes the configuration unusable.
    pub(super) fn problem(&mut self, origin: &Origin, path: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem {
            origin: origin.clone(),
            path: path.into(),
            message: message.into(),
        });
    }

    /// Whether something is wrong with a setting whose path begins like this.
    pub(super) fn has_problem(&self, path: &str) -> bool {
        self.problems.iter().any(|problem| problem.path.starts_with(path))
    }

    /// Something that the operator should know.
    pub(super) fn notice(&mut self, origin: &Origin, path: impl Into<String>, message: impl Into<String>) {
        self.notices.push(Notice {
            origin: origin.clone(),
            path: path.into(),
            message: message.into(),
        });
    }

    /// Fails with every problem, if there is one.
    pub(super) fn finish<T>(self, value: T) -> Result<(T, Vec<Notice>), ConfigurationError> {
        if self.problems.is_empty() {
            Ok((value, self.notices))
        } else {
            Err(self.into_error())
        }
    }

    /// Fails with one problem more.
    pub(super) fn fail<T>(mut self, problem: Problem) -> Result<T, ConfigurationError> {
        self.problems.push(problem);
        Err(self.into_error())
    }

    fn into_error(self) -> ConfigurationError {
        ConfigurationError {
            problems: self.problems,
            notices: self.notices,
            files: self.files,
        }
    }
}
