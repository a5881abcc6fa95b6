//! The kinds of exporters, each on its server.

use crate::case::Case;

mod kafka;
mod objects;

/// Every kind in the order of the configuration's.
pub(crate) const CASES: &[&[Case]] = &[objects::CASES, kafka::CASES];
