//! The tree of values with positions that all three formats are parsed into.

use std::hash::Hasher;

use xxhash_rust::xxh3::Xxh3;

use crate::diagnostic::Diagnostic;
use crate::span::{Base, Segment, Span};
use crate::timestamp::Timestamp;

/// How many lists and objects may stand inside each other. The tree is walked recursively, so this also bounds the stack.
pub const MAX_DEPTH: usize = 128;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub struct Node {
    /// What was written.
    pub kind: Kind,
    /// Where.
    pub span: Span,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A scalar.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// An object in the order of the text, names possibly repeated.
    Map(Vec<Member>),
    /// Something that its format cannot make sense of, without harm to what stands around it.
    Invalid(Box<Diagnostic>),
}

/// A member of an object. In YAML a name may be any node.
#[derive(Debug, Clone)]
pub struct Member {
    /// The name.
    pub name: Node,
    /// The value.
    pub value: Node,
}

/// A scalar: its text and what its format takes it for.
#[derive(Debug, Clone)]
pub struct Scalar {
    /// The text after unescaping; for plain scalars as written.
    pub text: Box<str>,
    /// What it is.
    pub resolved: Resolved,
    /// Where pieces of the text come from, see [`crate::span::Text`].
    pub segments: Box<[Segment]>,
}

/// What a scalar is in its format.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolved {
    /// Null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number above `i64::MAX`.
    UInt(u64),
    /// Any other number, possibly not finite.
    Float(f64),
    /// Text.
    String,
    /// A native date.
    Date(Timestamp),
}

impl Node {
    /// What an empty document holds.
    pub(crate) fn nothing() -> Self {
        let span = Span {
            start: 0,
            end: 0,
            line: 1,
            column: 1,
        };
        Self {
            kind: Kind::Scalar(Scalar::new("", Resolved::Null)),
            span,
        }
    }

    /// Whether this is a null.
    pub fn is_null(&self) -> bool {
        matches!(
            &self.kind,
            Kind::Scalar(Scalar {
                resolved: Resolved::Null,
                ..
            })
        )
    }

    /// The earliest span of this node and all below. Aliases and tables written in pieces make it another one than the node's own.
    pub fn first_span(&self) -> Span {
        match &self.kind {
            Kind::Scalar(_) | Kind::Invalid(_) => self.span,
            Kind::List(items) => items.iter().map(Self::first_span).fold(self.span, Span::min),
            Kind::Map(members) => members.iter().map(Member::first_span).fold(self.span, Span::min),
        }
    }

    /// Makes all positions relative to `base`, which lies at or before every one of them.
    pub fn rebase(&mut self, base: Base) {
        self.span = self.span.relative(base);
        match &mut self.kind {
            Kind::Scalar(scalar) => {
                for segment in &mut scalar.segments {
                    let Segment {
                        start, line, column, ..
                    } = *segment;
                    let place = Span {
                        start,
                        end: start,
                        line,
                        column,
                    }
                    .relative(base);
                    *segment = Segment {
                        start: place.start,
                        line: place.line,
                        column: place.column,
                        ..*segment
                    };
                }
            }
            Kind::List(items) => items.iter_mut().for_each(|item| item.rebase(base)),
            Kind::Map(members) => {
                for member in members {
                    member.name.rebase(base);
                    member.value.rebase(base);
                }
            }
            Kind::Invalid(diagnostic) => diagnostic.span = diagnostic.span.map(|span| span.relative(base)),
        }
    }

    /// Feeds everything that the decoder can see, positions included, into a hash.
    pub fn fingerprint(&self, hash: &mut Xxh3) {
        for number in [self.span.start, self.span.end, self.span.line, self.span.column] {
            hash.write_u32(number);
        }
        match &self.kind {
            Kind::Scalar(scalar) => {
                hash.write_u8(match scalar.resolved {
                    Resolved::Null => 0,
                    Resolved::Bool(_) => 1,
                    Resolved::Int(_) | Resolved::UInt(_) => 2,
                    Resolved::Float(_) => 3,
                    Resolved::String => 4,
                    Resolved::Date(_) => 5,
                });
                hash.write_usize(scalar.text.len());
                hash.write(scalar.text.as_bytes());
                for segment in &scalar.segments {
                    hash.write_u32(segment.offset);
                    hash.write_u32(segment.start);
                }
            }
            Kind::List(items) => {
                hash.write_u8(6);
                hash.write_usize(items.len());
                items.iter().for_each(|item| item.fingerprint(hash));
            }
            Kind::Map(members) => {
                hash.write_u8(7);
                hash.write_usize(members.len());
                for member in members {
                    member.name.fingerprint(hash);
                    member.value.fingerprint(hash);
                }
            }
            Kind::Invalid(diagnostic) => {
                hash.write_u8(8);
                hash.write(diagnostic.message.as_bytes());
            }
        }
    }
}

impl Member {
    /// The name's text, unless the name is a list or an object.
    pub fn name_text(&self) -> Option<&str> {
        match &self.name.kind {
            Kind::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// The earliest span of name and value.
    pub fn first_span(&self) -> Span {
        self.name.first_span().min(self.value.first_span())
    }
}

impl Scalar {
    /// A scalar whose text stands in its format as it is, or between two quotes.
    pub fn new(text: impl Into<Box<str>>, resolved: Resolved) -> Self {
        Self {
            text: text.into(),
            resolved,
            segments: Box::default(),
        }
    }

    /// Where the pieces of the text come from when it fills `span`: the segments that the format noted, or the one that
    /// follows from the text's being in the file as it is.
    pub fn segments(&self, span: Span) -> Box<[Segment]> {
        let quotes = match ((span.end - span.start) as usize).checked_sub(self.text.len()) {
            _ if !self.segments.is_empty() => return self.segments.clone(),
            Some(0) => 0,
            Some(2) => 1,
            _ => return Box::default(),
        };
        Box::new([Segment {
            offset: 0,
            start: span.start + quotes,
            line: span.line,
            column: span.column + quotes,
        }])
    }
}
