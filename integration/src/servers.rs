//! The servers: how each is installed and started.

pub(crate) mod nginx;
pub(crate) mod postgresql;
pub(crate) mod redis;
