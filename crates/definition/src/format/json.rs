//! JSON as Go's `encoding/json` reads it, with positions.

use crate::diagnostic::{Code, Diagnostic};
use crate::span::{Base, Segment, Span};
use crate::tree::{Kind, MAX_DEPTH, Member, Node, Resolved, Scalar};

use super::lines::Lines;

/// Reads a whole text; one without anything is a null.
pub(crate) fn parse(text: &str) -> Result<Node, Box<Diagnostic>> {
    let lines = Lines::new(text);
    let mut reader = Reader::new(text, &lines);
    if reader.offset() == text.len() {
        return Ok(Node::nothing());
    }
    let node = reader.value(0)?;
    if reader.offset() == text.len() {
        Ok(node)
    } else {
        Err(Box::new(reader.unexpected("the end of the text")))
    }
}

/// Reads JSON from a place in a text on. Every number is a 64-bit float, lone surrogates become U+FFFD.
pub(crate) struct Reader<'t> {
    text: &'t str,
    lines: &'t Lines<'t>,
    at: usize,
    /// Positions are counted from here.
    base: Base,
}

impl<'t> Reader<'t> {
    /// A reader at the beginning of the text.
    pub(crate) fn new(text: &'t str, lines: &'t Lines<'t>) -> Self {
        Self {
            text,
            lines,
            at: 0,
            base: Base::default(),
        }
    }

    /// Where the next token begins.
    pub(crate) fn offset(&mut self) -> usize {
        self.skip_whitespace();
        self.at
    }

    /// Goes on somewhere else, counting positions from `base`.
    pub(crate) fn seek(&mut self, at: usize, base: Base) {
        self.at = at;
        self.base = base;
    }

    /// Takes one byte of punctuation if it comes next.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        self.skip_whitespace();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// The end of a value that begins here, if its quotes and brackets are balanced. Looks at nothing else.
    pub(crate) fn end_of_value(&mut self) -> Option<usize> {
        self.skip_whitespace();
        let bytes = self.text.as_bytes();
        let (mut at, mut depth) = (self.at, 0usize);
        loop {
            match *bytes.get(at)? {
                b'"' => at = end_of_string(bytes, at)?,
                b'{' | b'[' => {
                    depth += 1;
                    at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    at += 1;
                }
                b' ' | b'\t' | b'\r' | b'\n' | b',' | b':' if depth > 0 => at += 1,
                _ => {
                    let rest = &bytes[at..];
                    let length = rest
                        .iter()
                        .take_while(|byte| !b" \t\r\n,:\"{}[]".contains(byte))
                        .count();
                    if length == 0 {
                        return None;
                    }
                    at += length;
                }
            }
            if depth == 0 {
                return Some(at);
            }
        }
    }

    /// Reads a value that stands inside `depth` lists and objects.
    pub(crate) fn value(&mut self, depth: usize) -> Result<Node, Box<Diagnostic>> {
        self.skip_whitespace();
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{' | b'[') if depth >= MAX_DEPTH => {
                let Some(end) = self.end_of_value() else {
                    return Err(self
                        .error_at(self.text.len(), "the text ends inside a list or an object")
                        .into());
                };
                self.at = end;
                let span = self.span(start, start + 1);
                return Ok(Node {
                    kind: Kind::Invalid(Box::new(super::too_deep(span))),
                    span,
                });
            }
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Kind::Scalar(self.string()?),
            Some(b'-' | b'0'..=b'9') => Kind::Scalar(self.number()?),
            Some(b'a'..=b'z' | b'A'..=b'Z') => Kind::Scalar(self.word()?),
            Some(_) => return Err(self.unexpected("a value").into()),
            None => return Err(self.error_at(start, "the text ends where a value is expected").into()),
        };
        Ok(Node {
            kind,
            span: self.span(start, self.at),
        })
    }

    /// Reads the name of a member and the colon after it.
    pub(crate) fn name(&mut self) -> Result<Node, Box<Diagnostic>> {
        self.skip_whitespace();
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a name in quotes").into());
        }
        let kind = Kind::Scalar(self.string()?);
        let span = self.span(start, self.at);
        if !self.take(b':') {
            return Err(self.unexpected("`:`").into());
        }
        Ok(Node { kind, span })
    }

    /// What to say when something else than `wanted` comes next.
    pub(crate) fn unexpected(&mut self, wanted: &str) -> Diagnostic {
        self.skip_whitespace();
        let Some(found) = self.text[self.at..].chars().next() else {
            return self.error_at(self.at, &format!("the text ends where {wanted} is expected"));
        };
        let diagnostic = self.error_at(self.at, &format!("expected {wanted}, found `{}`", found.escape_debug()));
        match found {
            '}' | ']' => diagnostic.hint("remove the comma before it"),
            '\'' => diagnostic.hint("JSON has double quotes only"),
            '/' | '#' => diagnostic.hint("JSON has no comments"),
            _ if wanted.contains('`') => diagnostic.hint("look for a missing comma, colon or bracket"),
            _ => diagnostic,
        }
    }

    fn object(&mut self, depth: usize) -> Result<Kind, Box<Diagnostic>> {
        self.at += 1;
        let mut members = Vec::new();
        if self.take(b'}') {
            return Ok(Kind::Map(members));
        }
        loop {
            let name = self.name()?;
            let value = self.value(depth + 1)?;
            members.push(Member { name, value });
            if self.take(b'}') {
                return Ok(Kind::Map(members));
            }
            if !self.take(b',') {
                return Err(self.unexpected("`,` or `}`").into());
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Kind, Box<Diagnostic>> {
        self.at += 1;
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Kind::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.take(b']') {
                return Ok(Kind::List(items));
            }
            if !self.take(b',') {
                return Err(self.unexpected("`,` or `]`").into());
            }
        }
    }

    fn word(&mut self) -> Result<Scalar, Box<Diagnostic>> {
        let length = self.text[self.at..]
            .bytes()
            .take_while(u8::is_ascii_alphanumeric)
            .count();
        let word = &self.text[self.at..self.at + length];
        let resolved = match word {
            "null" => Resolved::Null,
            "true" => Resolved::Bool(true),
            "false" => Resolved::Bool(false),
            _ => {
                let word: String = word.chars().take(40).collect();
                return Err(self
                    .error_at(self.at, &format!("unknown word `{word}`"))
                    .hint("put quotes around a text")
                    .into());
            }
        };
        self.at += length;
        Ok(Scalar::new(word, resolved))
    }

    fn number(&mut self) -> Result<Scalar, Box<Diagnostic>> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut at = start + usize::from(bytes[start] == b'-');
        let digits = |at: &mut usize| {
            let count = bytes[*at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            *at += count;
            count
        };
        let first = bytes.get(at).copied();
        let whole = digits(&mut at);
        let mut valid = whole == 1 || whole > 1 && first != Some(b'0');
        if valid && bytes.get(at) == Some(&b'.') {
            at += 1;
            valid = digits(&mut at) > 0;
        }
        if valid && matches!(bytes.get(at), Some(b'e' | b'E')) {
            at += 1;
            at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
            valid = digits(&mut at) > 0;
        }
        if !valid {
            return Err(self
                .error_at(start, "a number is not written as JSON has it")
                .hint("no leading zeros, digits on both sides of the point")
                .into());
        }
        self.at = at;
        let text = &self.text[start..at];
        Ok(Scalar::new(
            text,
            Resolved::Float(text.parse().expect("JSON's numbers are a part of Rust's")),
        ))
    }

    fn string(&mut self) -> Result<Scalar, Box<Diagnostic>> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let stop = |from: usize| {
            bytes[from..]
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F))
                .map(|at| from + at)
        };
        let Some(mut at) = stop(start + 1) else {
            return Err(self.error_at(start, "a text has no closing quote").into());
        };
        if bytes[at] == b'"' {
            self.at = at + 1;
            return Ok(Scalar::new(&self.text[start + 1..at], Resolved::String));
        }
        let mut text = String::new();
        let mut segments = Vec::new();
        let mut from = start + 1;
        loop {
            segments.push(self.segment(text.len(), from));
            text.push_str(&self.text[from..at]);
            match bytes[at] {
                b'"' => break,
                b'\\' => {
                    segments.push(self.segment(text.len(), at));
                    from = self.escape(at, &mut text)?;
                }
                _ => {
                    let hint = "write `\\n` for a line break, `\\t` for a tab";
                    return Err(self
                        .error_at(at, "a text holds a raw line break or control character")
                        .hint(hint)
                        .into());
                }
            }
            at = match stop(from) {
                Some(at) => at,
                None => return Err(self.error_at(start, "a text has no closing quote").into()),
            };
        }
        self.at = at + 1;
        Ok(Scalar {
            text: text.into(),
            resolved: Resolved::String,
            segments: segments.into(),
        })
    }

    /// Decodes the escape at `at` and returns where it ends.
    fn escape(&self, at: usize, text: &mut String) -> Result<usize, Box<Diagnostic>> {
        let bytes = self.text.as_bytes();
        let decoded = match bytes.get(at + 1) {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let unit = |at: usize| {
                    let digits = self
                        .text
                        .get(at + 2..at + 6)
                        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
                    (bytes[at..].starts_with(b"\\u")).then(|| u32::from_str_radix(digits, 16).ok())?
                };
                let Some(first) = unit(at) else {
                    return Err(self
                        .error_at(at, "`\\u` is not followed by four hexadecimal digits")
                        .into());
                };
                if let (0xD800..=0xDBFF, Some(second @ 0xDC00..=0xDFFF)) = (first, unit(at + 6)) {
                    let scalar = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                    text.push(char::from_u32(scalar).expect("a pair of surrogates is a character"));
                    return Ok(at + 12);
                }
                text.push(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
                return Ok(at + 6);
            }
            _ => {
                return Err(self
                    .error_at(at, "unknown escape in a text")
                    .hint("write `\\\\` for a backslash")
                    .into());
            }
        };
        text.push(decoded);
        Ok(at + 2)
    }

    fn segment(&self, offset: usize, start: usize) -> Segment {
        let place = self.span(start, start);
        Segment {
            offset: offset as u32,
            start: place.start,
            line: place.line,
            column: place.column,
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        self.lines.span(start, end).relative(self.base)
    }

    /// Errors end the whole document: their places count from its beginning.
    fn error_at(&self, at: usize, message: &str) -> Diagnostic {
        let end = self.text[at..].chars().next().map_or(at, |found| at + found.len_utf8());
        Diagnostic::new(Code::Syntax, message).at(self.lines.span(at, end))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }
}

/// One past the closing quote of the string at `at`.
fn end_of_string(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', &bytes[at..])?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
        if at > bytes.len() {
            return None;
        }
    }
}
