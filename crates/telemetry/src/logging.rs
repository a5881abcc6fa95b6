//! Structured logs with the member names that GO Feature Flag's users filter on.

mod level;

pub use level::{LogFormat, LogLevel};
