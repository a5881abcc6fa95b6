//! The kinds of exporters, each on its server.

use crate::case::Case;

mod bigquery;
mod file;
mod kafka;
mod objects;
mod opentelemetry;
mod pubsub;
mod queues;
mod webhook;

/// Every kind in the order of the configuration's.
pub(crate) const CASES: &[&[Case]] = &[
    file::CASES,
    webhook::CASES,
    objects::CASES,
    queues::CASES,
    kafka::CASES,
    pubsub::CASES,
    bigquery::CASES,
    opentelemetry::CASES,
];
