//! What a case has proven so far.

/// Promises that hold, in the order in which they were tried.
#[derive(Debug, Default)]
pub(crate) struct Proof(Vec<String>);

impl Proof {
    /// Notes a promise that holds.
    pub(crate) fn add(&mut self, promise: impl Into<String>) {
        self.0.push(promise.into());
    }

    /// All of them in one line.
    pub(crate) fn text(&self) -> String {
        self.0.join(", ")
    }
}
