//! Every metric name and the logging set-up.

pub mod logging;
