//! YAML into the tree, with the meaning that Go's yaml.v3 gives it.
//!
//! The events come from `granit-parser`: of the parsers with scalar styles and tags it is the one whose positions are bytes
//! as well as lines and columns, and it bounds nesting itself.

mod builder;
pub(crate) mod scalar;

use granit_parser::{Event, Parser, ScanError};

use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::tree::Node;

use builder::Builder;

/// The first document of a text; `None` when there is no document at all.
pub(crate) fn parse(text: &str) -> Result<Option<Node>, Box<Diagnostic>> {
    let mut options = granit_parser::options! { block_scalar_eof_without_line_feed: true };
    options.set_emit_comments(false);
    let mut builder = Builder::new(text);
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| Box::new(syntax_error(&error, text)))?;
        match event {
            Event::DocumentEnd | Event::StreamEnd => break,
            event => builder.event(event, &span),
        }
    }
    Ok(builder.finish())
}

fn syntax_error(error: &ScanError, text: &str) -> Diagnostic {
    use granit_parser::ErrorKind;

    let mark = error.marker();
    let start = mark.byte_offset().unwrap_or(0).min(text.len());
    let end = text
        .get(start..)
        .and_then(|rest| rest.chars().next())
        .map_or(start, |found| start + found.len_utf8());
    let place = Span {
        start: start as u32,
        end: end as u32,
        line: mark.line() as u32,
        column: mark.col() as u32 + 1,
    };
    let hint = match error.kind() {
        ErrorKind::RecursionLimitExceeded => return super::too_deep(place),
        ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation => {
            "indent with spaces"
        }
        ErrorKind::UnexpectedCharacter { .. } => "put quotes around a text that begins with a special character",
        ErrorKind::UnknownAnchor => {
            "an alias `*name` needs an anchor `&name` before it; quote a text that begins with `*`"
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidSimpleKey | ErrorKind::SimpleKeyExpected => {
            "put quotes around a text that holds `: `, and look for a missing colon or quote above"
        }
        ErrorKind::UnclosedQuotedScalar => "look for the missing closing quote",
        ErrorKind::UnknownQuotedScalarEscape => "write `\\\\` for a backslash, or use single quotes",
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::MismatchedFlowCollectionEnd { .. }
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator => "look for a missing comma or closing bracket",
        _ => "look at the indentation and the quotes around here",
    };
    Diagnostic::new(Code::Syntax, error.kind().to_string())
        .hint(hint)
        .at(place)
}
