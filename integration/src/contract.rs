//! What every source and every sink has to keep, whatever its kind.

use serde_json::Value;

pub(crate) mod edition;
pub(crate) mod exporter;
pub(crate) mod retriever;

/// What a configuration says about a backend, and the variables of the environment in which it runs.
#[derive(Debug)]
pub(crate) struct Setup {
    /// The block of the configuration.
    pub(crate) options: Value,
    /// Variables.
    pub(crate) variables: Vec<(String, String)>,
}

impl From<Value> for Setup {
    fn from(options: Value) -> Self {
        Self {
            options,
            variables: Vec::new(),
        }
    }
}
