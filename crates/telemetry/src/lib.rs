//! What the relay tells about itself: every metric with its name, type and labels, logs, traces.
//!
//! Nothing here is global but the logger: a [`metrics::Metrics`] belongs to the registry it was made for.

pub mod logging;
pub mod metrics;
pub mod profile;
pub mod traces;
