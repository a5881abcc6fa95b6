//! A JSON reader that accepts what Go's accepts and words its refusals alike.

use super::super::RequestError;

/// A value and its place.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) content: Content,
    /// Bytes up to the end of a scalar, or up to and with the bracket that opens a list or an object.
    pub(super) offset: usize,
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Content {
    Null,
    Bool(bool),
    Number(f64),
    /// A number beyond the range of a 64-bit float, as it was written.
    Huge(String),
    String(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// Reads the first value of a text, up to a depth of lists and objects.
pub(super) fn read(text: &[u8], depth_limit: usize) -> Result<Node, RequestError> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
        depth_limit,
    };
    reader.skip_blanks();
    if reader.at == text.len() {
        return Err(RequestError::Blank);
    }
    reader.value()
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    depth: usize,
    depth_limit: usize,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Node, RequestError> {
        let content = match self.peek()? {
            b'{' | b'[' => return self.container(),
            b'"' => Content::String(self.string()?),
            b't' => self.literal("true", Content::Bool(true))?,
            b'f' => self.literal("false", Content::Bool(false))?,
            b'n' => self.literal("null", Content::Null)?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => return Err(self.unexpected("looking for beginning of value")),
        };
        Ok(Node {
            content,
            offset: self.at,
        })
    }

    fn container(&mut self) -> Result<Node, RequestError> {
        self.depth += 1;
        if self.depth > self.depth_limit {
            let error = format!("nesting of more than {} levels", self.depth_limit);
            return Err(RequestError::Syntax {
                offset: self.at + 1,
                error,
            });
        }
        let opening = self.text[self.at];
        self.at += 1;
        let offset = self.at;
        let content = if opening == b'{' { self.object()? } else { self.list()? };
        self.depth -= 1;
        Ok(Node { content, offset })
    }

    fn object(&mut self) -> Result<Content, RequestError> {
        let mut members = Vec::new();
        if self.peek()? == b'}' {
            self.at += 1;
            return Ok(Content::Object(members));
        }
        loop {
            if self.peek()? != b'"' {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let name = self.string()?;
            if self.peek()? != b':' {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            members.push((name, self.value()?));
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
        self.at += 1;
        Ok(Content::Object(members))
    }

    fn list(&mut self) -> Result<Content, RequestError> {
        let mut elements = Vec::new();
        if self.peek()? == b']' {
            self.at += 1;
            return Ok(Content::List(elements));
        }
        loop {
            elements.push(self.value()?);
            match self.peek()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return Err(self.unexpected("after array element")),
            }
        }
        self.at += 1;
        Ok(Content::List(elements))
    }

    fn literal(&mut self, word: &str, content: Content) -> Result<Content, RequestError> {
        for expected in word.bytes() {
            if self.next()? != expected {
                self.at -= 1;
                return Err(self.unexpected(&format!("in literal {word} (expecting '{}')", char::from(expected))));
            }
        }
        Ok(content)
    }

    fn number(&mut self) -> Result<Content, RequestError> {
        let start = self.at;
        if self.text[self.at] == b'-' {
            self.at += 1;
        }
        match self.current()? {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.skip_digits(),
            _ => return Err(self.unexpected("in numeric literal")),
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.current()?, b'+' | b'-') {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = String::from_utf8_lossy(&self.text[start..self.at]);
        let number: f64 = text.parse().expect("a JSON number is a Rust number");
        Ok(if number.is_finite() {
            Content::Number(number)
        } else {
            Content::Huge(text.into_owned())
        })
    }

    fn digits(&mut self, place: &str) -> Result<(), RequestError> {
        if !self.current()?.is_ascii_digit() {
            return Err(self.unexpected(place));
        }
        self.skip_digits();
        Ok(())
    }

    fn skip_digits(&mut self) {
        self.at += self.text[self.at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
    }

    fn string(&mut self) -> Result<String, RequestError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest
                .iter()
                .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f))
                .count();
            for chunk in rest[..plain].utf8_chunks() {
                out.push_str(chunk.valid());
                // one for each byte, as Go does
                out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
            }
            self.at += plain;
            match self.current()? {
                b'"' => break,
                b'\\' => self.escape(&mut out)?,
                _ => return Err(self.unexpected("in string literal")),
            }
        }
        self.at += 1;
        Ok(out)
    }

    fn escape(&mut self, out: &mut String) -> Result<(), RequestError> {
        self.at += 1;
        let letter = match self.current()? {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            b'u' => {
                self.at += 1;
                let unit = self.code_unit()?;
                out.push(self.character(unit));
                return Ok(());
            }
            _ => return Err(self.unexpected("in string escape code")),
        };
        out.push(letter);
        self.at += 1;
        Ok(())
    }

    fn code_unit(&mut self) -> Result<u16, RequestError> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = char::from(self.current()?).to_digit(16);
            let digit = digit.ok_or_else(|| self.unexpected("in \\u hexadecimal character escape"))?;
            unit = unit << 4 | digit as u16;
            self.at += 1;
        }
        Ok(unit)
    }

    /// The character of a code unit, with its second half when that follows.
    fn character(&mut self, unit: u16) -> char {
        let start = self.at;
        if (0xd800..0xdc00).contains(&unit) && self.text[self.at..].starts_with(b"\\u") {
            self.at += 2;
            if let Ok(second) = self.code_unit()
                && let Some(Ok(character)) = char::decode_utf16([unit, second]).next()
            {
                return character;
            }
            self.at = start;
        }
        char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn skip_blanks(&mut self) {
        self.at += self.text[self.at..]
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
            .count();
    }

    /// The next byte that is no white space, which stays the next one.
    fn peek(&mut self) -> Result<u8, RequestError> {
        self.skip_blanks();
        self.current()
    }

    fn current(&self) -> Result<u8, RequestError> {
        self.text.get(self.at).copied().ok_or(RequestError::Truncated)
    }

    fn next(&mut self) -> Result<u8, RequestError> {
        let byte = self.current()?;
        self.at += 1;
        Ok(byte)
    }

    fn unexpected(&self, place: &str) -> RequestError {
        let character = char::from(self.text[self.at]);
        let error = format!("invalid character '{}' {place}", character.escape_debug());
        RequestError::Syntax {
            offset: self.at + 1,
            error,
        }
    }
}
