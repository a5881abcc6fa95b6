//! OFREP exactly as it is published, for clients that take its schema at its word.
//!
//! Other than in GO Feature Flag's dialect, an answer has one of the protocol's reasons, a failure its error code and
//! nothing of a success, metadata holds texts, numbers and booleans only, and a value that the caller is to supply is left
//! out instead of being `null`.

use bytes::Bytes;
use flagstaff_definition::value::{Map, Value};
use flagstaff_engine::flag::Flag;
use flagstaff_engine::outcome::{DEFAULT_VARIANT, ErrorCode, Outcome, Reason};

use crate::answer::write_metadata;
use crate::etag::fingerprint;
use crate::json::{Object, write_value};

/// The texts of one flag: one buffer, and where in it the answer of each outcome stands.
#[derive(Debug)]
pub struct StandardWire {
    text: Bytes,
    answers: Box<[Answer]>,
}

/// The answers of one outcome. A single one ends with a line break, which an entry of a bulk answer goes without.
#[derive(Debug)]
struct Answer {
    status: u16,
    single: (u32, u32),
    entry: (u32, u32),
    fingerprint: u64,
}

impl StandardWire {
    /// Encodes all that a flag can answer.
    pub fn encode(flag: &Flag) -> Self {
        let mut out = Vec::new();
        let mut answers = Vec::with_capacity(flag.outcomes().len());
        for outcome in flag.outcomes() {
            let start = out.len() as u32;
            let status = write_answer(&mut out, flag, outcome, outcome.cacheable);
            out.push(b'\n');
            let middle = out.len() as u32;
            write_answer(&mut out, flag, outcome, false);
            let end = out.len() as u32;
            answers.push(Answer {
                status,
                single: (start, middle),
                entry: (middle, end),
                fingerprint: fingerprint(&out[middle as usize..end as usize]),
            });
        }
        Self {
            text: out.into_boxed_slice().into(),
            answers: answers.into(),
        }
    }

    /// HTTP status and body of the single evaluation that came to the outcome of this index.
    pub fn single(&self, outcome: usize) -> (u16, Bytes) {
        let Answer {
            status,
            single: (start, end),
            ..
        } = self.answers[outcome];
        (status, self.text.slice(start as usize..end as usize))
    }

    /// Entry of the bulk evaluation, and its fingerprint.
    pub fn bulk_entry(&self, outcome: usize) -> (&[u8], u64) {
        let answer = &self.answers[outcome];
        let (start, end) = answer.entry;
        (&self.text[start as usize..end as usize], answer.fingerprint)
    }
}

/// Writes an answer and returns its HTTP status.
fn write_answer(out: &mut Vec<u8>, flag: &Flag, outcome: &Outcome, cacheable: bool) -> u16 {
    let mut body = Object::open(out);
    body.string("key", flag.key());
    if let Some(error) = &outcome.error {
        body.string("errorCode", code(error.code));
        if !error.details.is_empty() {
            body.string("errorDetails", &error.details);
        }
        body.close();
        return 400;
    }
    // a value of no type is none that somebody could have asked for: the caller's counts
    if let Some(value) = outcome.value.as_ref().filter(|value| **value != Value::Null) {
        write_value(body.member("value"), value);
    }
    body.string("reason", reason(outcome.reason));
    if &*outcome.variant != DEFAULT_VARIANT {
        body.string("variant", &outcome.variant);
    }
    let scalars = flag.metadata().map(|metadata| {
        let is_scalar = |(_, value): &(&_, &Value)| !matches!(value, Value::Null | Value::List(_) | Value::Map(_));
        let members = metadata.iter().filter(is_scalar);
        Map::from_members(members.map(|(name, value)| (name.clone(), value.clone())).collect())
    });
    write_metadata(&mut body, scalars.as_ref(), outcome.rule_name.as_deref(), cacheable);
    body.close();
    200
}

/// The protocol's reason. It has none for the default rule of a flag whose targeting rules do not apply.
fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Static => "STATIC",
        Reason::Split | Reason::TargetingMatchSplit => "SPLIT",
        Reason::TargetingMatch => "TARGETING_MATCH",
        Reason::Disabled => "DISABLED",
        Reason::Default | Reason::Error => "UNKNOWN",
    }
}

/// The protocol's error code.
fn code(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::TargetingKeyMissing => "TARGETING_KEY_MISSING",
        ErrorCode::FlagNotFound => "FLAG_NOT_FOUND",
        ErrorCode::FlagConfig | ErrorCode::TypeMismatch | ErrorCode::General => "GENERAL",
    }
}
