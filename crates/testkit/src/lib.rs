//! What tests of several crates need. A dev-dependency only.

pub mod flag_file;
pub mod flag_server;
pub mod json;
