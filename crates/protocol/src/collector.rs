//! `/v1/data/collector`: events of clients. Requests are read by [`crate::request::collector`].

use crate::json::{Object, write_integer};

/// The body that confirms so many events.
pub fn ingested(events: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut body = Object::open(&mut out);
    write_integer(body.member("ingestedContentCount"), events);
    body.close();
    out.push(b'\n');
    out
}
