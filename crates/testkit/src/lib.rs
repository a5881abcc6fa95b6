//! What tests of several crates need. A dev-dependency only.

pub mod json;
