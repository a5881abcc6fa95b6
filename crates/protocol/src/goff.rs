//! GO Feature Flag's own evaluation endpoints, `/v1/feature/{key}/eval` and `/v1/allflags`.

use std::ops::Range;

use bytes::Bytes;
use flagstaff_engine::context::ContextValue;
use flagstaff_engine::flag::Flag;
use flagstaff_engine::outcome::{DEFAULT_VARIANT, ErrorCode, Outcome, Reason};

use crate::answer::{BulkAnswer, write_metadata, write_outcome_value};
use crate::json::{Object, write_bool, write_context_value, write_integer, write_string, write_value};
use crate::wire::{EvaluationText, FlagWire};

/// The body of `/v1/allflags`, put together from the states of its flags.
#[derive(Debug)]
pub struct AllFlagsBody {
    out: Vec<u8>,
    timestamp: i64,
    empty: bool,
    valid: bool,
}

impl AllFlagsBody {
    /// A body with room for so many flags, evaluated at this Unix second.
    pub fn new(flags: usize, timestamp: i64) -> Self {
        let mut out = Vec::with_capacity(flags * STATE_LENGTH + 32);
        out.extend_from_slice(b"{\"flags\":{");
        Self {
            out,
            timestamp,
            empty: true,
            valid: true,
        }
    }

    /// Adds the state that a flag's outcome comes to.
    pub fn push(&mut self, flag: &FlagWire, outcome: usize) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        let (head, tail) = flag.state(outcome);
        self.out.extend_from_slice(head);
        write_integer(&mut self.out, self.timestamp);
        self.out.extend_from_slice(tail);
        self.valid &= !flag.failed_in_bulk(outcome);
    }

    /// The whole body. It is valid when no flag failed.
    pub fn finish(mut self) -> Vec<u8> {
        self.out.extend_from_slice(b"},\"valid\":");
        write_bool(&mut self.out, self.valid);
        self.out.extend_from_slice(b"}\n");
        self.out
    }
}

/// More than most states take.
const STATE_LENGTH: usize = 200;

/// The body of a single evaluation, with the caller's default where the outcome asks for it.
pub fn evaluation(flag: &FlagWire, outcome: usize, default: &ContextValue<'_>) -> Bytes {
    match flag.evaluation(outcome) {
        EvaluationText::Complete(body) => body,
        EvaluationText::AroundDefault(before, after) => {
            let mut out = before.to_vec();
            write_context_value(&mut out, default);
            out.extend_from_slice(after);
            out.into()
        }
    }
}

/// The body for a flag that does not exist: 200, and the caller's default.
pub fn flag_not_found(default: &ContextValue<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut body = Object::open(&mut out);
    body.bool("trackEvents", true);
    body.string("variationType", DEFAULT_VARIANT);
    body.bool("failed", true);
    body.string("version", "");
    body.string("reason", Reason::Error.name());
    body.string("errorCode", ErrorCode::FlagNotFound.name());
    write_context_value(body.member("value"), default);
    body.bool("cacheable", false);
    body.close();
    out.push(b'\n');
    out
}

/// Writes a single evaluation as far as it is known: all of it, or, when its value is the caller's default, what stands
/// before that. Returns where its parts stand; without a value, the default and the rest are to follow.
pub(crate) fn write_evaluation(out: &mut Vec<u8>, flag: &Flag, outcome: &Outcome) -> EvaluationParts {
    let mut body = Object::open(out);
    body.bool("trackEvents", flag.track_events());
    let variation = part(body.member("variationType"), |out| write_string(out, &outcome.variant));
    body.bool("failed", outcome.error.is_some());
    let version = part(body.member("version"), |out| write_string(out, flag.version()));
    body.string("reason", outcome.reason.name());
    body.string(
        "errorCode",
        outcome.error.as_ref().map_or("", |error| error.code.name()),
    );
    if let Some(error) = outcome.error.as_ref().filter(|error| !error.details.is_empty()) {
        body.string("errorDetails", &error.details);
    }
    let out = body.member("value");
    let value = outcome.value.as_ref().map(|value| {
        let written = part(out, |out| write_value(out, value));
        write_evaluation_after_value(out, flag, outcome);
        written
    });
    EvaluationParts {
        variation,
        version,
        value,
    }
}

/// Where the parts of a single evaluation stand that events repeat.
pub(crate) struct EvaluationParts {
    pub(crate) variation: Range<usize>,
    pub(crate) version: Range<usize>,
    pub(crate) value: Option<Range<usize>>,
}

fn part(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
    let start = out.len();
    write(out);
    start..out.len()
}

/// Writes what follows the value of a single evaluation.
pub(crate) fn write_evaluation_after_value(out: &mut Vec<u8>, flag: &Flag, outcome: &Outcome) {
    let mut body = Object::resume(out);
    body.bool("cacheable", outcome.cacheable);
    write_metadata(&mut body, flag.metadata(), outcome.rule_name.as_deref(), false);
    body.close();
    out.push(b'\n');
}

/// Writes a flag's state up to the time stamp.
pub(crate) fn write_state_head(out: &mut Vec<u8>, flag: &Flag, outcome: &Outcome) {
    write_string(out, flag.key());
    out.push(b':');
    let mut state = Object::open(out);
    write_outcome_value(state.member("value"), BulkAnswer::of(outcome).value);
    state.member("timestamp");
}

/// Writes a flag's state from the time stamp on.
pub(crate) fn write_state_tail(out: &mut Vec<u8>, flag: &Flag, outcome: &Outcome) {
    let answer = BulkAnswer::of(outcome);
    let mut state = Object::resume(out);
    state.string("variationType", answer.variant);
    state.bool("trackEvents", flag.track_events());
    state.string("errorCode", answer.error.map_or("", ErrorCode::name));
    if !answer.details.is_empty() {
        state.string("errorDetails", answer.details);
    }
    state.string("reason", answer.reason.name());
    write_metadata(&mut state, flag.metadata(), outcome.rule_name.as_deref(), false);
    state.close();
}
