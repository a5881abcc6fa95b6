//! What goes over the wire: OFREP, GO Feature Flag's own endpoints, configuration, change, collector, manifest.
//!
//! The crate knows the JSON names of requests and answers and nothing else: no HTTP server, no files, no clock.
//! [`wire::FlagWire`] holds everything a flag can answer, encoded once; [`request`] reads bodies.

mod answer;
pub mod change;
pub mod collector;
pub mod configuration;
pub mod etag;
pub mod event;
pub mod goff;
pub mod json;
pub mod manifest;
pub mod monitoring;
pub mod ofrep;
pub mod problem;
pub mod request;
pub mod stream;
pub mod wire;
