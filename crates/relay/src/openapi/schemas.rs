//! The JSON of requests and answers, described. The protocol reads and writes it by hand; a test holds real answers against
//! these types.

#![expect(dead_code, reason = "the types describe, nobody makes values of them")]

pub(super) mod changes;
pub(super) mod flag;
pub(super) mod goff;
pub(super) mod monitoring;
pub(super) mod ofrep;
