//! The syntax tree of a query.

use std::fmt;
use std::sync::Arc;

/// A condition. Nested at most [`super::MAX_NESTING`] deep; a run of `and` and `or` is one flat node, however long.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// One comparison.
    Comparison(Comparison),
    /// `not` over what follows it.
    Not(Negation),
    /// Conditions joined by `and` and `or`.
    Chain(Chain),
}

/// `not (...)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Negation {
    /// What is negated.
    pub operand: Box<Expression>,
    /// From `not` to the end of the operand.
    pub place: Place,
}

/// Conditions joined by `and` and `or`, which bind equally and are read from left to right: `a or b and c` is
/// `(a or b) and c`.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// The leftmost condition.
    pub first: Box<Expression>,
    /// The others, never none, each with the word before it.
    pub rest: Vec<(Logic, Expression)>,
    /// From the first condition to the last.
    pub place: Place,
}

/// How a condition is joined to everything on its left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Logic {
    /// `and`
    And,
    /// `or`
    Or,
}

/// An attribute held against a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The attribute.
    pub path: Path,
    /// The operator and its value.
    pub predicate: Predicate,
    /// The whole comparison.
    pub place: Place,
}

/// What a comparison asks of its attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// `pr`: there, and not null.
    Present,
    /// An operator and a value.
    Relation {
        /// The operator.
        operator: Operator,
        /// The value.
        literal: Literal,
        /// Where the value stands.
        literal_place: Place,
    },
}

/// The path of an attribute: `address.country`.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// Its steps, never none.
    pub steps: Vec<Box<str>>,
    /// Where it stands.
    pub place: Place,
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `eq`, `==`
    Equal,
    /// `ne`, `!=`
    NotEqual,
    /// `lt`, `<`
    Less,
    /// `le`, `<=`
    LessOrEqual,
    /// `gt`, `>`
    Greater,
    /// `ge`, `>=`
    GreaterOrEqual,
    /// `co`
    Contains,
    /// `sw`
    StartsWith,
    /// `ew`
    EndsWith,
    /// `in`
    In,
}

/// A value as it is written. Its type decides what the operators mean.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A text: what stands between the quotes, escapes not decoded.
    String(Arc<str>),
    /// A whole number.
    Integer(i64),
    /// A whole number (or a list with one) that 64 bits cannot hold, as it is written. GO Feature Flag takes it until it is
    /// evaluated.
    Oversized(Box<str>),
    /// A number with a fraction; infinite when it is written larger than a 64-bit float can be.
    Double(f64),
    /// A semantic version, as it is written.
    Version(Box<str>),
    /// A list of whole numbers, never empty.
    Integers(Vec<i64>),
    /// A list of numbers with fractions, never empty, all finite.
    Doubles(Vec<f64>),
    /// A list of texts, never empty.
    Strings(Vec<Arc<str>>),
}

/// A range of bytes of the query's text. Places always compare equal, so that trees are compared by what they say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Place {
    /// From the beginning of this one to the end of the other.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            start: self.start,
            end: other.end,
        }
    }
}

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Expression {
    /// Where it stands.
    pub fn place(&self) -> Place {
        match self {
            Self::Comparison(comparison) => comparison.place,
            Self::Not(negation) => negation.place,
            Self::Chain(chain) => chain.place,
        }
    }
}

impl Operator {
    /// The operator that this word names, in any case.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operator| operator.name().eq_ignore_ascii_case(word))
    }

    /// Every operator.
    pub const ALL: [Self; 10] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::In,
    ];

    /// Its name in queries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
            Self::Contains => "co",
            Self::StartsWith => "sw",
            Self::EndsWith => "ew",
            Self::In => "in",
        }
    }
}

impl Logic {
    /// Its word in queries.
    pub fn name(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
        }
    }
}

/// The query in its plainest spelling, which GO Feature Flag reads as Flagstaff does (but for numbers that it cannot write).
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Comparison(comparison) => comparison.fmt(f),
            Self::Not(negation) => write!(f, "not ({})", negation.operand),
            Self::Chain(chain) => {
                chain.first.fmt_joined(f)?;
                for (logic, condition) in &chain.rest {
                    write!(f, " {} ", logic.name())?;
                    condition.fmt_joined(f)?;
                }
                Ok(())
            }
        }
    }
}

impl Expression {
    /// A member of a chain, in parentheses where it is a chain itself.
    fn fmt_joined(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(_) => write!(f, "({self})"),
            _ => write!(f, "{self}"),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.predicate {
            Predicate::Present => write!(f, "{} pr", self.path),
            Predicate::Relation { operator, literal, .. } => write!(f, "{} {} {literal}", self.path, operator.name()),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.steps.join("."))
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::String(text) => write!(f, "\"{text}\""),
            Self::Integer(number) => number.fmt(f),
            Self::Oversized(text) | Self::Version(text) => f.write_str(text),
            Self::Double(number) => f.write_str(&double(*number)),
            Self::Integers(entries) => fmt_list(f, entries, ToString::to_string),
            Self::Doubles(entries) => fmt_list(f, entries, |number| double(*number)),
            Self::Strings(entries) => fmt_list(f, entries, |text| format!("\"{text}\"")),
        }
    }
}

/// A number with a fraction, as queries need it to tell it from a whole one.
fn double(number: f64) -> String {
    if number.is_infinite() {
        return format!("{}1.0e999", if number < 0.0 { "-" } else { "" });
    }
    let mut text = number.to_string();
    if !text.contains('.') {
        text.push_str(".0");
    }
    text
}

fn fmt_list<T>(f: &mut fmt::Formatter<'_>, entries: &[T], write: impl Fn(&T) -> String) -> fmt::Result {
    f.write_str("[")?;
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        f.write_str(&write(entry))?;
    }
    f.write_str("]")
}
