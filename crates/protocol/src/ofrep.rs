//! OFREP, the OpenFeature Remote Evaluation Protocol, in GO Feature Flag's dialect; [`standard`] is the other one.

pub mod standard;

use flagstaff_engine::flag::Flag;
use flagstaff_engine::outcome::{ErrorCode, Outcome};

use crate::answer::{BulkAnswer, write_metadata, write_outcome_value};
use crate::etag::{EntityTag, fingerprint};
use crate::json::{Object, write_integer};

/// The body of a bulk answer, put together from the entries of its flags.
#[derive(Debug)]
pub struct BulkBody {
    out: Vec<u8>,
    empty: bool,
    tag: EntityTag,
}

impl BulkBody {
    /// A body with room for so many flags.
    pub fn with_room_for(flags: usize) -> Self {
        Self::new(flags, EntityTag::new("ofrep bulk"))
    }

    /// A body in the standard dialect with room for so many flags.
    pub fn standard(flags: usize) -> Self {
        Self::new(flags, EntityTag::new("ofrep bulk, standard"))
    }

    fn new(flags: usize, tag: EntityTag) -> Self {
        let mut out = Vec::with_capacity(flags * ENTRY_LENGTH + 16);
        out.extend_from_slice(b"{\"flags\":[");
        Self { out, empty: true, tag }
    }

    /// Adds an entry, which comes with its fingerprint from [`FlagWire::bulk_entry`](crate::wire::FlagWire::bulk_entry).
    #[inline]
    pub fn push(&mut self, (entry, fingerprint): (&[u8], u64)) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        self.out.extend_from_slice(entry);
        self.tag.add(fingerprint);
    }

    /// The whole body and its tag.
    pub fn finish(mut self) -> (Vec<u8>, EntityTag) {
        self.out.extend_from_slice(b"]}\n");
        (self.out, self.tag)
    }

    /// The whole body with a stream of change events, and its tag.
    pub fn finish_with(mut self, stream: &EventStream<'_>) -> (Vec<u8>, EntityTag) {
        self.out.push(b']');
        let mut body = Object::resume(&mut self.out);
        let out = body.member("eventStreams");
        out.push(b'[');
        stream.write(out);
        out.push(b']');
        body.close();
        self.out.push(b'\n');
        self.tag.add(stream.fingerprint());
        (self.out, self.tag)
    }
}

/// Where a client learns that it is to fetch again.
#[derive(Debug, Clone, Copy)]
pub struct EventStream<'s> {
    /// Where clients reach the server, without a slash at its end; `None` is where they asked.
    pub origin: Option<&'s str>,
    /// Path and query that stay the same while the token does.
    pub path: &'s str,
    /// The digest of the flags that the answer is made of, so that no change between the answer and the stream goes unnoticed.
    pub since: EntityTag,
    /// Seconds after which a client that nobody looks at closes the stream.
    pub inactivity_delay: u64,
}

impl EventStream<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let separator = if self.path.contains('?') { '&' } else { '?' };
        let target = format!("{}{separator}since={:016x}", self.path, self.since.bits());
        let mut stream = Object::open(out);
        stream.string("type", "sse");
        match self.origin {
            Some(origin) => stream.string("url", &format!("{origin}{target}")),
            None => {
                let mut endpoint = Object::open(stream.member("endpoint"));
                endpoint.string("requestUri", &target);
                endpoint.close();
            }
        }
        write_integer(stream.member("inactivityDelaySec"), self.inactivity_delay);
        stream.close();
    }

    /// Of everything but the digest: flags that are the same for a caller have the same tag, whatever changes for others.
    fn fingerprint(&self) -> u64 {
        let Self {
            origin,
            path,
            inactivity_delay,
            ..
        } = self;
        fingerprint(format!("{origin:?} {path} {inactivity_delay}").as_bytes())
    }
}

/// More than most entries take.
const ENTRY_LENGTH: usize = 160;

/// Writes the body of a single evaluation and returns its HTTP status.
pub(crate) fn write_single(out: &mut Vec<u8>, flag: &Flag, outcome: &Outcome) -> u16 {
    if let Some(error) = &outcome.error {
        return write_error(
            out,
            error.code.name(),
            &error.details,
            Some(flag.key()),
            status(error.code),
        );
    }
    let mut body = Object::open(out);
    body.string("key", flag.key());
    write_outcome_value(body.member("value"), outcome.value.as_ref());
    body.string("reason", outcome.reason.name());
    body.string("variant", &outcome.variant);
    write_metadata(
        &mut body,
        flag.metadata(),
        outcome.rule_name.as_deref(),
        outcome.cacheable,
    );
    body.close();
    out.push(b'\n');
    200
}

/// Writes an entry of a bulk answer and returns whether it failed.
pub(crate) fn write_bulk_entry(out: &mut Vec<u8>, flag: &Flag, outcome: &Outcome) -> bool {
    let answer = BulkAnswer::of(outcome);
    let mut entry = Object::open(out);
    entry.string("key", flag.key());
    write_outcome_value(entry.member("value"), answer.value);
    entry.string("reason", answer.reason.name());
    entry.string("variant", answer.variant);
    write_metadata(&mut entry, flag.metadata(), outcome.rule_name.as_deref(), false);
    if let Some(code) = answer.error {
        entry.string("errorCode", code.name());
        if !answer.details.is_empty() {
            entry.string("errorDetails", answer.details);
        }
    }
    entry.close();
    answer.error.is_some()
}

/// The body for a flag that does not exist.
pub fn flag_not_found(key: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write_error(
        &mut out,
        ErrorCode::FlagNotFound.name(),
        &format!("Error while evaluating the flag: {key}"),
        Some(key),
        404,
    );
    out
}

/// The body for a request without a readable context. `key` is the flag of a single evaluation.
pub fn invalid_context(details: &str, key: Option<&str>) -> Vec<u8> {
    let mut out = Vec::new();
    write_error(&mut out, "INVALID_CONTEXT", details, key, 400);
    out
}

/// The body for a request that cannot be answered. `key` is the flag of a single evaluation.
pub fn general(details: &str, key: Option<&str>) -> Vec<u8> {
    let mut out = Vec::new();
    write_error(&mut out, ErrorCode::General.name(), details, key, 400);
    out
}

/// What a request without a context is told.
pub const CONTEXT_REQUIRED: &str = "GO Feature Flag requires an evaluation context in the request.";

fn write_error(out: &mut Vec<u8>, code: &str, details: &str, key: Option<&str>, status: u16) -> u16 {
    let mut body = Object::open(out);
    body.string("errorCode", code);
    body.string("errorDetails", details);
    if let Some(key) = key {
        body.string("key", key);
    }
    body.close();
    out.push(b'\n');
    status
}

fn status(code: ErrorCode) -> u16 {
    match code {
        ErrorCode::FlagNotFound => 404,
        _ => 400,
    }
}
