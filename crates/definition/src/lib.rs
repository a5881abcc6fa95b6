//! What people write: flag files, their queries, and the diagnostics about both.
//!
//! YAML, JSON and TOML are parsed into one [tree of values with positions](tree::Node), which one decoder turns into
//! [flag definitions](flag::FlagDefinition). Text that cannot be understood becomes a [diagnostic](diagnostic::Diagnostic),
//! never a panic and never another flag's failure. What a flag *means* (compilation, validation, evaluation) lives in
//! `flagstaff-engine`.

pub mod decimal;
mod decode;
pub mod diagnostic;
pub mod document;
pub mod flag;
pub mod format;
pub mod query;
pub mod span;
pub mod spelling;
pub mod timestamp;
pub mod tree;
pub mod value;
