//! What a flag means: [`compile`](flag::Flag::compile) a definition, [`validate`](validate::validate) it,
//! [`evaluate`](flag::Flag::evaluate) it.
//!
//! Evaluation is a pure function of flag, evaluation context and `now`. Everything that an answer can consist of is
//! prepared by the compiler as an [`Outcome`](outcome::Outcome); evaluating a flag picks one of them. Nothing is parsed,
//! locked or allocated on the way.
//!
//! This crate knows no files, no network, no clock, no randomness, no logging and no JSON field names of the wire.

pub mod attribute;
pub mod bucketing;
pub mod calendar;
mod compile;
pub mod context;
pub mod flag;
pub mod jsonlogic;
pub mod observe;
pub mod outcome;
pub mod query;
mod schedule;
pub mod validate;
