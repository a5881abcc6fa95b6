//! What every source, every sink and every lock has to keep, whatever its kind.

use flagstaff_telemetry::traces::TraceSettings;
use serde_json::Value;

pub(crate) mod edition;
pub(crate) mod exporter;
pub(crate) mod lock;
pub(crate) mod retriever;
mod samples;

/// What a configuration says about a backend, and the variables of the environment in which it runs.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    /// The block of the configuration.
    pub(crate) options: Value,
    /// Variables.
    pub(crate) variables: Vec<(String, String)>,
    /// Where traces go; nowhere by default.
    pub(crate) traces: Option<TraceSettings>,
}

impl From<Value> for Setup {
    fn from(options: Value) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }
}
