//! The kinds of exporters, each on its server.

use crate::case::Case;

mod file;
mod kafka;
mod objects;
mod pubsub;
mod webhook;

/// Every kind in the order of the configuration's.
pub(crate) const CASES: &[&[Case]] = &[file::CASES, webhook::CASES, objects::CASES, kafka::CASES, pubsub::CASES];
