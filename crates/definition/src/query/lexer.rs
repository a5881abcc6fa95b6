//! The words, texts, numbers and signs of a query.

use super::ast::{Logic, Operator, Place};
use super::source::Source;

/// What a line break is outside of quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineBreaks {
    /// What people mean by it: the end of a word.
    Separate,
    /// What GO Feature Flag makes of it: nothing.
    Join,
}

/// A piece of a query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'s> {
    pub(super) kind: Kind<'s>,
    pub(super) gap: Gap,
    pub(super) place: Place,
    /// Whether a line break inside it was dropped.
    pub(super) broken: bool,
}

/// The white space between a token and the one before it, lines joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    None,
    /// One space, the only one that GO Feature Flag knows.
    Space,
    Wider,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind<'s> {
    /// An attribute name or a keyword.
    Word(&'s str),
    /// What stands between the quotes.
    String(&'s str),
    /// A run that begins like a number: number, version, or something that looks like one.
    Number(&'s str),
    /// `==`, `!=`, `<`, `<=`, `>`, `>=`
    Operator(Operator),
    /// `&&`, `||`
    Logic(Logic),
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
    Dot,
    Mistake(Mistake),
    End,
}

/// Characters that no token begins with, or that break one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    UnclosedString,
    /// A backslash before something that has no escape.
    Escape,
    SingleQuoted,
    /// `=`, `===`, `=>`...
    Equals,
    NotEquals,
    Exclamation,
    SingleLogic(Logic),
    Minus,
    Unknown(char),
}

/// Reads tokens one by one. Cheap to copy, which is how the parser looks ahead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lexer<'s> {
    source: &'s Source<'s>,
    line_breaks: LineBreaks,
    at: usize,
}

impl<'s> Lexer<'s> {
    pub(super) fn new(source: &'s Source<'s>, line_breaks: LineBreaks) -> Self {
        Self {
            source,
            line_breaks,
            at: 0,
        }
    }

    pub(super) fn next(&mut self) -> Token<'s> {
        let before = self.at;
        let rest = &self.source.joined[before..];
        let start = before + rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        let gap = match &self.source.joined[before..start] {
            "" => Gap::None,
            " " => Gap::Space,
            _ => Gap::Wider,
        };
        let limit = match self.line_breaks {
            LineBreaks::Separate => self.source.next_line(start),
            LineBreaks::Join => self.source.joined.len(),
        };
        let (kind, length) = self.token(start, limit);
        self.at = start + length;
        let broken = self.source.is_broken(start, self.at);
        Token {
            kind,
            gap,
            place: self.source.place(start, self.at),
            broken,
        }
    }

    /// The token at `start` and its length; only quoted ones reach over `limit`.
    fn token(&self, start: usize, limit: usize) -> (Kind<'s>, usize) {
        let text = &self.source.joined[start..limit];
        let mut characters = text.chars();
        let Some(first) = characters.next() else {
            return (Kind::End, 0);
        };
        let second = characters.next();
        match first {
            '(' => (Kind::Open, 1),
            ')' => (Kind::Close, 1),
            '[' => (Kind::OpenList, 1),
            ']' => (Kind::CloseList, 1),
            ',' => (Kind::Comma, 1),
            '.' => (Kind::Dot, 1),
            '"' => self.quoted(start),
            '\'' | '`' | '“' | '”' | '‘' | '’' | '„' | '«' => {
                (Kind::Mistake(Mistake::SingleQuoted), single_quoted(text))
            }
            'a'..='z' | 'A'..='Z' => {
                let word = run(text, |byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'-')
                });
                (Kind::Word(word), word.len())
            }
            '0'..='9' => number(text),
            '-' if second.is_some_and(|digit| digit.is_ascii_digit()) => number(text),
            '-' => (Kind::Mistake(Mistake::Minus), 1),
            '<' | '>' | '=' | '!' | '&' | '|' => sign(text),
            other => (Kind::Mistake(Mistake::Unknown(other)), other.len_utf8()),
        }
    }

    /// A text in double quotes. A wrong escape spoils it, up to its closing quote.
    fn quoted(&self, start: usize) -> (Kind<'s>, usize) {
        let text = &self.source.joined[start + 1..];
        let bytes = text.as_bytes();
        let (mut at, mut spoilt) = (0, false);
        while let Some(found) = bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'\\')) {
            at += found;
            if bytes[at] == b'"' {
                let kind = if spoilt {
                    Kind::Mistake(Mistake::Escape)
                } else {
                    Kind::String(&text[..at])
                };
                return (kind, at + 2);
            }
            let Some(escaped) = text[at + 1..].chars().next() else {
                break;
            };
            spoilt |= match escaped {
                '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => false,
                'u' => !bytes
                    .get(at + 2..at + 6)
                    .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
                _ => true,
            };
            at += 1 + escaped.len_utf8();
        }
        (Kind::Mistake(Mistake::UnclosedString), text.len() + 1)
    }
}

/// A number and whatever is glued to it.
fn number(text: &str) -> (Kind<'_>, usize) {
    let number = run(text, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-' | b'_' | b':')
    });
    (Kind::Number(number), number.len())
}

fn sign(text: &str) -> (Kind<'_>, usize) {
    // decided by the next character, since scanning a long run of them once for each would take quadratic time
    if text.starts_with('!') && !text.starts_with("!=") {
        return (Kind::Mistake(Mistake::Exclamation), 1);
    }
    let sign = run(text, |byte| matches!(byte, b'<' | b'>' | b'=' | b'!' | b'&' | b'|'));
    let kind = match sign {
        "==" => Kind::Operator(Operator::Equal),
        "!=" => Kind::Operator(Operator::NotEqual),
        "<" => Kind::Operator(Operator::Less),
        "<=" => Kind::Operator(Operator::LessOrEqual),
        ">" => Kind::Operator(Operator::Greater),
        ">=" => Kind::Operator(Operator::GreaterOrEqual),
        "&&" => Kind::Logic(Logic::And),
        "||" => Kind::Logic(Logic::Or),
        "&" => Kind::Mistake(Mistake::SingleLogic(Logic::And)),
        "|" => Kind::Mistake(Mistake::SingleLogic(Logic::Or)),
        "<>" | "!==" => Kind::Mistake(Mistake::NotEquals),
        // `!` stands before a condition, so what follows it is no part of the sign
        _ if sign.starts_with('!') => return (Kind::Mistake(Mistake::Exclamation), 1),
        _ if sign.starts_with(['&', '|']) => return sign_before_exclamation(sign),
        _ => Kind::Mistake(Mistake::Equals),
    };
    (kind, sign.len())
}

/// `&&!` and the like: the exclamation mark belongs to what follows.
fn sign_before_exclamation(text: &str) -> (Kind<'_>, usize) {
    let sign = run(text, |byte| matches!(byte, b'&' | b'|'));
    let logic = if sign.starts_with('&') { Logic::And } else { Logic::Or };
    let kind = if matches!(sign, "&&" | "||") {
        Kind::Logic(logic)
    } else {
        Kind::Mistake(Mistake::SingleLogic(logic))
    };
    (kind, sign.len())
}

/// The length of a text in other than double quotes, up to the next such quote, or of the quote alone.
fn single_quoted(text: &str) -> usize {
    let first = text.chars().next().map_or(0, char::len_utf8);
    let closing = text[first..]
        .char_indices()
        .find(|(_, c)| matches!(c, '\'' | '`' | '”' | '’' | '“' | '»'));
    closing.map_or(first, |(at, quote)| first + at + quote.len_utf8())
}

/// The longest beginning of ASCII characters that belong.
fn run(text: &str, belongs: impl Fn(u8) -> bool) -> &str {
    let length = text
        .bytes()
        .position(|byte| !byte.is_ascii() || !belongs(byte))
        .unwrap_or(text.len());
    &text[..length]
}
