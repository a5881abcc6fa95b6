//! Clients that others wrote, to put into a server what is to be read there and to read what was written.

pub(crate) mod azure;
pub(crate) mod boto3;
pub(crate) mod parquet;
pub(crate) mod pymongo;
pub(crate) mod queues;
