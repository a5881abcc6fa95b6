//! The tree of values with positions that all three formats are parsed into.

use crate::span::{Segment, Span};
use crate::timestamp::Timestamp;

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
