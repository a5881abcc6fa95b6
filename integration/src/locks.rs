//! The kinds of locks of notifiers, each on its server.

use crate::case::Case;

mod postgresql;
mod redis;

/// Every kind.
pub(crate) const CASES: &[&[Case]] = &[redis::CASES, postgresql::CASES];
