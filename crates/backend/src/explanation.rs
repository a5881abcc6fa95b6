//! What a failure is told with.

use std::error::Error;
use std::fmt;

/// A message, pairs that say what it was about, and the cause. `Display` is one line that holds the whole chain of causes;
/// none of it may be a secret.
#[derive(Debug)]
pub struct Explanation {
    message: String,
    context: Vec<(&'static str, String)>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Explanation {
    /// A message alone.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            context: Vec::new(),
            source: None,
        }
    }

    /// Adds what it was about.
    pub fn add(&mut self, name: &'static str, value: impl fmt::Display) {
        self.context.push((name, value.to_string()));
    }

    /// Adds the cause. Its texts are printed.
    pub fn because_of(&mut self, source: impl Into<Box<dyn Error + Send + Sync>>) {
        self.source = Some(source.into());
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for (at, (name, value)) in self.context.iter().enumerate() {
            write!(f, "{}{name}: {value}", if at == 0 { " (" } else { ", " })?;
        }
        if !self.context.is_empty() {
            f.write_str(")")?;
        }
        let mut cause = self.source.as_deref().map(|source| source as &dyn Error);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
