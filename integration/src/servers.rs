//! The servers: how each is installed and started.

pub(crate) mod azurite;
pub(crate) mod bqemulator;
pub(crate) mod collector;
pub(crate) mod elasticmq;
pub(crate) mod ferretdb;
pub(crate) mod gcs;
pub(crate) mod git;
pub(crate) mod kafka;
pub(crate) mod kubernetes;
pub(crate) mod minio;
pub(crate) mod moto;
pub(crate) mod nginx;
pub(crate) mod postgresql;
pub(crate) mod pubsub;
pub(crate) mod receiver;
pub(crate) mod redis;
pub(crate) mod relay;
pub(crate) mod rotel;
pub(crate) mod sshd;
pub(crate) mod versitygw;
