//! What tests of several crates need. A dev-dependency only.

#[cfg(feature = "collector")]
pub mod collector;
pub mod flag_file;
#[cfg(feature = "flag-server")]
pub mod flag_server;
pub mod http;
pub mod json;
#[cfg(feature = "process")]
pub mod process;
pub mod relay;
#[cfg(feature = "tls")]
pub mod tls;
