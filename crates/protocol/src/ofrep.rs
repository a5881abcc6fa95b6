//! OFREP, the OpenFeature Remote Evaluation Protocol, in GO Feature Flag's dialect.

use flagstaff_engine::flag::Flag;
use flagstaff_engine::outcome::{ErrorCode, Outcome};

use crate::answer::{BulkAnswer, write_metadata, write_outcome_value};
use crate::json::Object;

/// Body of a bulk answer before its first entry; the entries are separated by commas.
pub const BULK_HEAD: &[u8] = b"{\"flags\":[";
/// Body of a bulk answer after its last entry.
pub const BULK_TAIL: &[u8] = b"]}\n";

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
        &format!("flag {key} was not found"),
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
