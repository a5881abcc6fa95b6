//! The kinds of retrievers, each on its server.

use crate::case::Case;

mod file;
mod http;
mod postgresql;
mod redis;

/// Every kind in the order of the configuration's.
pub(crate) const CASES: &[&[Case]] = &[file::CASES, http::CASES, redis::CASES, postgresql::CASES];
