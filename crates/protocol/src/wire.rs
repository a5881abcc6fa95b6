//! Everything that can be said about one flag, encoded once.
//!
//! An evaluation picks one of a flag's [outcomes](flagstaff_engine::outcome::Outcome). Here each of them is encoded for
//! every endpoint by the writer of a snapshot, before the snapshot is served, so that an answer is a slice of bytes or a
//! few slices put together.

use std::ops::Range;

use bytes::Bytes;
use flagstaff_engine::bucketing::{OFFSET_BASIS, fnv1a};
use flagstaff_engine::flag::Flag;

use crate::configuration;
use crate::etag::fingerprint;
use crate::json::write_string;
use crate::{goff, ofrep};

/// The texts of one flag: one buffer, and where in it each text stands. Equal answers stand there once.
#[derive(Debug)]
pub struct FlagWire {
    text: Bytes,
    answers: Box<[Answer]>,
    /// By outcome: index into `answers`.
    answer_of_outcome: Box<[u32]>,
    /// `"key":{...}`
    configuration: Piece,
    configuration_fingerprint: u64,
    /// Length of the key with its quotes, with which `configuration` begins.
    key_length: u32,
    change_hash: u32,
    /// Whether its evaluations are events.
    tracked: bool,
}

/// The parts of an evaluation that an event repeats, as JSON.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evaluated<'w> {
    pub(crate) variation: &'w [u8],
    pub(crate) version: &'w [u8],
    /// `None` when that is the caller's default.
    pub(crate) value: Option<&'w [u8]>,
    pub(crate) failed: bool,
}

/// A range of the buffer.
#[derive(Debug, Clone, Copy)]
struct Piece {
    start: u32,
    end: u32,
}

/// The texts of one outcome.
#[derive(Debug)]
struct Answer {
    single: Piece,
    single_status: u16,
    bulk_entry: Piece,
    bulk_fingerprint: u64,
    evaluation: Piece,
    /// Parts of the evaluation, as JSON.
    variation: Piece,
    version: Piece,
    /// `None` when that is the caller's default.
    value: Option<Piece>,
    failed: bool,
    /// The rest of the evaluation after the caller's default value, when that is its value.
    after_default: Option<Piece>,
    state_before_timestamp: Piece,
    state_after_timestamp: Piece,
    failed_in_bulk: bool,
}

/// The text of a single evaluation for `/v1/feature/{key}/eval`.
#[derive(Debug, PartialEq, Eq)]
pub enum EvaluationText<'w> {
    /// The whole answer.
    Complete(Bytes),
    /// What stands before and after the caller's default value.
    AroundDefault(&'w [u8], &'w [u8]),
}

impl FlagWire {
    /// Encodes all that a flag can answer.
    pub fn encode(flag: &Flag) -> Self {
        let mut text = Encoder::default();
        let mut answers: Vec<Answer> = Vec::new();
        let mut encoded = Vec::new();
        let mut answer_of_outcome = Vec::with_capacity(flag.outcomes().len());
        for outcome in flag.outcomes() {
            let known = encoded.iter().position(|known| *known == outcome);
            let index = known.unwrap_or_else(|| {
                encoded.push(outcome);
                let (single, single_status) = text.piece(|out| ofrep::write_single(out, flag, outcome));
                let (bulk_entry, failed_in_bulk) = text.piece(|out| ofrep::write_bulk_entry(out, flag, outcome));
                let (evaluation, parts) = text.piece(|out| goff::write_evaluation(out, flag, outcome));
                let after_default = parts.value.is_none().then(|| {
                    text.piece(|out| goff::write_evaluation_after_value(out, flag, outcome))
                        .0
                });
                let (state_before_timestamp, ()) = text.piece(|out| goff::write_state_head(out, flag, outcome));
                let (state_after_timestamp, ()) = text.piece(|out| goff::write_state_tail(out, flag, outcome));
                answers.push(Answer {
                    single,
                    single_status,
                    bulk_entry,
                    bulk_fingerprint: fingerprint(bulk_entry.of(&text.out)),
                    evaluation,
                    variation: parts.variation.into(),
                    version: parts.version.into(),
                    value: parts.value.map(Piece::from),
                    failed: outcome.error.is_some(),
                    after_default,
                    state_before_timestamp,
                    state_after_timestamp,
                    failed_in_bulk,
                });
                answers.len() - 1
            });
            answer_of_outcome.push(index as u32);
        }
        let (configuration, key_length) = text.piece(|out| {
            let start = out.len();
            write_string(out, flag.key());
            let key_length = out.len() - start;
            out.push(b':');
            configuration::write_flag(out, flag.definition());
            key_length as u32
        });
        let change_hash = fnv1a(OFFSET_BASIS, &configuration.of(&text.out)[key_length as usize + 1..]);
        Self {
            configuration_fingerprint: fingerprint(configuration.of(&text.out)),
            text: text.out.into_boxed_slice().into(),
            answers: answers.into(),
            answer_of_outcome: answer_of_outcome.into(),
            configuration,
            key_length,
            change_hash,
            tracked: flag.track_events(),
        }
    }

    /// HTTP status and body of the single OFREP evaluation that came to the outcome of this index.
    #[inline]
    pub fn single(&self, outcome: usize) -> (u16, Bytes) {
        let answer = self.answer(outcome);
        (answer.single_status, self.shared(answer.single))
    }

    /// Entry of the OFREP bulk evaluation, and its fingerprint.
    #[inline]
    pub fn bulk_entry(&self, outcome: usize) -> (&[u8], u64) {
        let answer = self.answer(outcome);
        (answer.bulk_entry.of(&self.text), answer.bulk_fingerprint)
    }

    /// Body of the single evaluation in GO Feature Flag's own form.
    pub fn evaluation(&self, outcome: usize) -> EvaluationText<'_> {
        let answer = self.answer(outcome);
        match answer.after_default {
            None => EvaluationText::Complete(self.shared(answer.evaluation)),
            Some(after) => EvaluationText::AroundDefault(answer.evaluation.of(&self.text), after.of(&self.text)),
        }
    }

    /// Whether evaluations of this flag are events.
    #[inline]
    pub fn is_tracked(&self) -> bool {
        self.tracked
    }

    /// What an event repeats of the evaluation that came to the outcome of this index.
    pub(crate) fn evaluated(&self, outcome: usize) -> Evaluated<'_> {
        let answer = self.answer(outcome);
        Evaluated {
            variation: answer.variation.of(&self.text),
            version: answer.version.of(&self.text),
            value: answer.value.map(|value| value.of(&self.text)),
            failed: answer.failed,
        }
    }

    /// Member of `flags` in `/v1/allflags`: what stands before and after the time stamp.
    pub fn state(&self, outcome: usize) -> (&[u8], &[u8]) {
        let answer = self.answer(outcome);
        (
            answer.state_before_timestamp.of(&self.text),
            answer.state_after_timestamp.of(&self.text),
        )
    }

    /// Whether the outcome counts as failed in bulk answers.
    pub fn failed_in_bulk(&self, outcome: usize) -> bool {
        self.answer(outcome).failed_in_bulk
    }

    /// Member of `flags` in `/v1/flag/configuration`: `"key":{...}`.
    pub fn configuration_member(&self) -> &[u8] {
        self.configuration.of(&self.text)
    }

    /// The flag as `/v1/flag/configuration` shows it: `{...}`.
    pub fn configuration(&self) -> &[u8] {
        &self.configuration_member()[self.key_length as usize + 1..]
    }

    /// Fingerprint of key and configuration: two flags that differ in any way have different ones.
    pub fn configuration_fingerprint(&self) -> u64 {
        self.configuration_fingerprint
    }

    /// The flag's number in `/v1/flag/change`.
    pub fn change_hash(&self) -> u32 {
        self.change_hash
    }

    /// The flag's key as a JSON text, quotes included.
    pub fn key(&self) -> &[u8] {
        &self.configuration_member()[..self.key_length as usize]
    }

    #[inline]
    fn answer(&self, outcome: usize) -> &Answer {
        &self.answers[self.answer_of_outcome[outcome] as usize]
    }

    fn shared(&self, piece: Piece) -> Bytes {
        self.text.slice(piece.start as usize..piece.end as usize)
    }
}

impl Piece {
    #[inline]
    fn of(self, text: &[u8]) -> &[u8] {
        &text[self.start as usize..self.end as usize]
    }
}

impl From<Range<usize>> for Piece {
    fn from(range: Range<usize>) -> Self {
        Self {
            start: range.start as u32,
            end: range.end as u32,
        }
    }
}

/// Writes texts one after the other and remembers where each stands.
#[derive(Default)]
struct Encoder {
    out: Vec<u8>,
}

impl Encoder {
    fn piece<T>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> T) -> (Piece, T) {
        let start = self.out.len() as u32;
        let result = write(&mut self.out);
        (
            Piece {
                start,
                end: self.out.len() as u32,
            },
            result,
        )
    }
}
