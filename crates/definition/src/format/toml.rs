//! TOML into the tree.

use toml::de::{DeTable, DeValue};
use toml_parser::lexer::TokenKind;

use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::timestamp::Timestamp;
use crate::tree::{Kind, MAX_DEPTH, Member, Node, Resolved, Scalar};

use super::lines::Lines;
use super::segments::{self, Notation};

/// How many parts a dotted key may have. The parser bounds inline nesting itself, but builds tables of dotted keys without
/// a bound and then frees them recursively.
const MAX_DOTS: usize = 24;

/// Reads a TOML document; all of its syntax errors at once.
pub(crate) fn parse(text: &str) -> Result<Node, Vec<Diagnostic>> {
    let lines = Lines::new(text);
    if let Some((start, end)) = long_dotted_key(text) {
        return Err(vec![super::too_deep(lines.span(start, end))]);
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors.iter().map(|error| syntax_error(error, text, &lines)).collect());
    }
    let builder = Builder { text, lines };
    let span = builder.lines.span(0, text.len());
    Ok(builder.table(root.get_ref(), span, 0))
}

struct Builder<'t> {
    text: &'t str,
    lines: Lines<'t>,
}

impl Builder<'_> {
    fn table(&self, table: &DeTable<'_>, span: Span, depth: usize) -> Node {
        let mut members: Vec<Member> = table
            .iter()
            .map(|(name, value)| {
                let place = self.span(&name.span());
                let scalar = Scalar::new(name.get_ref().as_ref(), Resolved::String);
                Member {
                    name: Node {
                        kind: Kind::Scalar(scalar),
                        span: place,
                    },
                    value: self.value(value, depth + 1),
                }
            })
            .collect();
        members.sort_by_key(|member| member.name.span.start);
        Node {
            kind: Kind::Map(members),
            span,
        }
    }

    fn value(&self, value: &toml::Spanned<DeValue<'_>>, depth: usize) -> Node {
        let range = value.span();
        let span = self.span(&range);
        let written = &self.text[range];
        let scalar = |resolved| Kind::Scalar(Scalar::new(written, resolved));
        let invalid = |message: String| {
            let hint = "write a number that fits 64 bits, or a text in quotes";
            Kind::Invalid(Box::new(
                Diagnostic::new(Code::InvalidNumber, message).hint(hint).at(span),
            ))
        };
        let kind = match value.get_ref() {
            DeValue::Table(_) | DeValue::Array(_) if depth >= MAX_DEPTH => {
                Kind::Invalid(Box::new(super::too_deep(span)))
            }
            DeValue::Table(table) => return self.table(table, span, depth),
            DeValue::Array(items) => Kind::List(items.iter().map(|item| self.value(item, depth + 1)).collect()),
            DeValue::Boolean(on) => scalar(Resolved::Bool(*on)),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => scalar(Resolved::Int(number)),
                Err(_) => invalid(format!("the number {written} is out of range")),
            },
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) => scalar(Resolved::Float(number)),
                Err(_) => invalid(format!("the number {written} is out of range")),
            },
            DeValue::Datetime(date) => match timestamp(date) {
                Some(date) => scalar(Resolved::Date(date)),
                None => Kind::Invalid(Box::new(
                    Diagnostic::new(Code::InvalidDate, format!("the date {written} does not exist")).at(span),
                )),
            },
            DeValue::String(text) => Kind::Scalar(self.string(text, written, span)),
        };
        Node { kind, span }
    }

    fn string(&self, text: &str, written: &str, span: Span) -> Scalar {
        let long = written.starts_with("\"\"\"") || written.starts_with("'''");
        let mut scalar = Scalar::new(text, Resolved::String);
        if long || written.len() != text.len() + 2 || written.contains('\\') {
            let quotes = if long { 3 } else { 1 };
            let body = &written[quotes.min(written.len())..written.len().saturating_sub(quotes)];
            let notation = if written.starts_with('"') {
                Notation::TomlBasic
            } else {
                Notation::TomlLiteral
            };
            let start = span.start as usize + quotes;
            scalar.segments = segments::align(text, body, notation, self.lines.span(start, start));
        }
        scalar
    }

    fn span(&self, range: &std::ops::Range<usize>) -> Span {
        self.lines.span(range.start, range.end)
    }
}

/// The date of a TOML value; one without an offset is read as UTC, a time alone stands in the year 0.
fn timestamp(written: &toml::value::Datetime) -> Option<Timestamp> {
    let date = written.date.map_or([0, 1, 1], |date| {
        [i64::from(date.year), i64::from(date.month), i64::from(date.day)]
    });
    let (time, nanos) = written.time.map_or(([0, 0, 0], 0), |time| {
        (
            [
                i64::from(time.hour),
                i64::from(time.minute),
                i64::from(time.second.unwrap_or(0)),
            ],
            time.nanosecond.unwrap_or(0),
        )
    });
    let minutes = match written.offset {
        Some(toml::value::Offset::Custom { minutes }) => i32::from(minutes),
        Some(toml::value::Offset::Z) | None => 0,
    };
    Timestamp::from_civil(
        [date[0], date[1], date[2], time[0], time[1], time[2]],
        nanos,
        minutes * 60,
    )
}

fn syntax_error(error: &toml::de::Error, text: &str, lines: &Lines<'_>) -> Diagnostic {
    let range = error.span().unwrap_or(text.len()..text.len());
    let mut message = error.message().replace('\n', ", ");
    if let Some(first) = message.get(..1) {
        message.replace_range(..1, &first.to_ascii_lowercase());
    }
    let duplicate = message.contains("duplicate key");
    let diagnostic = Diagnostic::new(Code::Syntax, message).at(lines.span(range.start, range.end));
    if duplicate {
        diagnostic.hint("TOML allows each key once: rename or remove one of the two")
    } else {
        diagnostic
    }
}

/// The place of a key with more dots than [`MAX_DOTS`].
fn long_dotted_key(text: &str) -> Option<(usize, usize)> {
    let (mut start, mut dots) = (0, 0);
    for token in toml_parser::Source::new(text).lex() {
        let span = token.span();
        match token.kind() {
            TokenKind::Dot => {
                dots += 1;
                if dots > MAX_DOTS {
                    return Some((start, span.end()));
                }
            }
            TokenKind::Whitespace => {}
            TokenKind::Atom | TokenKind::BasicString | TokenKind::LiteralString if dots > 0 => {}
            _ => (start, dots) = (span.start(), 0),
        }
    }
    None
}
