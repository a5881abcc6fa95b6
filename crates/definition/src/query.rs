//! The query language of targeting rules: lexer, parser and syntax tree.
//!
//! A query is a condition on the attributes of an evaluation context, written in a rule of a flag:
//!
//! ```
//! use flagstaff_definition::query::parse;
//!
//! let parse = parse(r#"country in ["FR", "DE"] and not (beta eq true)"#);
//! assert!(parse.expression.is_some());
//!
//! let broken = flagstaff_definition::query::parse("country = \"FR\"");
//! assert_eq!(broken.problems[0].hint.as_deref(), Some("write `eq` or `==`"));
//! ```
//!
//! The language is GO Feature Flag's. Where that one drops what it does not understand, this parser reads what is written or
//! says what is wrong: keywords stand in any case, words are set apart by any white space, and what is left over at the end is
//! an error. `and` and `or` bind equally; `not` without parentheses negates all that follows on its level.

use std::borrow::Cow;

use crate::diagnostic::{Code, Severity};

mod ast;
mod hint;
mod lexer;
mod literal;
mod number;
mod parser;
mod source;
mod version;

pub use ast::{Chain, Comparison, Expression, Literal, Logic, Negation, Operator, Path, Place, Predicate};
pub use version::{Version, VersionError};

use lexer::LineBreaks;
use source::Source;

/// How deep parentheses and `not` may be nested.
pub const MAX_NESTING: usize = 1000;

/// A parsed query and what was found on the way.
#[derive(Debug, Clone)]
pub struct Parse {
    /// The tree; `None` when the text is rejected (then an error is among the problems).
    pub expression: Option<Expression>,
    /// Findings, with byte offsets into the query's text.
    pub problems: Vec<Problem>,
}

/// A finding about a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Its stable name.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// First byte in the query's text.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Problem {
    /// A finding with the severity that its code usually has.
    pub fn new(code: Code, place: Place, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            severity: code.severity(),
            code,
            message: message.into(),
            hint: Some(hint.into()),
            start: place.start as usize,
            end: place.end as usize,
        }
    }
}

/// Parses a query as it is written in a flag file (line breaks and all).
///
/// GO Feature Flag joins the lines of a query with nothing between them. Here a line break sets words apart; only where that
/// makes no sense, and joining does, a word goes on in the next line.
pub fn parse(text: &str) -> Parse {
    let source = Source::new(text);
    let parse = parser::parse(&source, LineBreaks::Separate);
    if parse.expression.is_none() && source.has_line_breaks() {
        let joined = parser::parse(&source, LineBreaks::Join);
        if joined.expression.is_some() {
            return joined;
        }
    }
    parse
}

/// The text as GO Feature Flag sees it: the leading spaces of every line and the line breaks removed. That text decides
/// whether a rule's query is empty (and always true), or JsonLogic.
pub fn join_lines(text: &str) -> Cow<'_, str> {
    Source::new(text).joined
}
