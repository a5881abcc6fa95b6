//! The kinds of retrievers, each on its server.

use crate::case::Case;

mod azure_blob_storage;
mod configmap;
mod directory;
mod file;
mod git;
mod git_hosts;
mod google_storage;
mod http;
mod mongodb;
mod postgresql;
mod redis;
mod relay;
mod s3;

/// Every kind in the order of the configuration's.
pub(crate) const CASES: &[&[Case]] = &[
    file::CASES,
    directory::CASES,
    http::CASES,
    git_hosts::CASES,
    git::CASES,
    s3::CASES,
    google_storage::CASES,
    azure_blob_storage::CASES,
    configmap::CASES,
    redis::CASES,
    postgresql::CASES,
    mongodb::CASES,
    relay::CASES,
];
