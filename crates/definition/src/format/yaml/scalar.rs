//! What YAML scalars stand for, as Go's yaml.v3 resolves them.

use crate::timestamp::Timestamp;
use crate::tree::Resolved;

/// What a plain scalar without a tag is.
pub(crate) fn resolve(text: &str) -> Resolved {
    let Some(first) = text.bytes().next() else {
        return Resolved::Null;
    };
    match first {
        b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' => word(text),
        b'.' => match text {
            ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" => Resolved::Float(f64::INFINITY),
            _ if is_decimal(text) => float(text),
            _ => Resolved::String,
        },
        b'0'..=b'9' | b'+' | b'-' => match date(text) {
            Some(date) => Resolved::Date(date),
            None => number(text),
        },
        _ => Resolved::String,
    }
}

/// A date in one of the forms that yaml.v3 takes for one: RFC 3339 with short fields and `T` in any case, a space and no
/// zone (which is UTC), or a day alone.
pub(crate) fn date(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes[4] != b'-' || !bytes[..4].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut fields = Fields { bytes, at: 5 };
    let year = text[..4].parse().ok()?;
    let month = fields.short_number()?;
    fields.expect(b'-')?;
    let day = fields.short_number()?;
    let Some(separator) = fields.next() else {
        return Timestamp::from_civil([year, month, day, 0, 0, 0], 0, 0);
    };
    let hour = fields.short_number()?;
    fields.expect(b':')?;
    let minute = fields.short_number()?;
    fields.expect(b':')?;
    let second = fields.short_number()?;
    let nanos = fields.fraction();
    let offset = match separator {
        b'T' | b't' => fields.zone()?,
        b' ' => 0,
        _ => return None,
    };
    (fields.at == bytes.len()).then_some(())?;
    Timestamp::from_civil([year, month, day, hour, minute, second], nanos, offset)
}

fn word(text: &str) -> Resolved {
    match text {
        "~" | "null" | "Null" | "NULL" => Resolved::Null,
        "true" | "True" | "TRUE" => Resolved::Bool(true),
        "false" | "False" | "FALSE" => Resolved::Bool(false),
        _ => Resolved::String,
    }
}

fn number(text: &str) -> Resolved {
    match text {
        "+.inf" | "+.Inf" | "+.INF" => return Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let without;
    let plain = if text.contains('_') {
        without = text.replace('_', "");
        &without
    } else {
        text
    };
    if let Some(resolved) = integer(plain) {
        return resolved;
    }
    if is_decimal(plain) {
        let resolved = float(plain);
        if resolved != Resolved::String {
            return resolved;
        }
    }
    // The prefixes once more, for the signs after them that yaml.v3 lets pass.
    for (prefix, negative, radix) in [("0b", "-0b", 2), ("0o", "-0o", 8)] {
        let signed = match (plain.strip_prefix(prefix), plain.strip_prefix(negative)) {
            (Some(digits), _) => i64::from_str_radix(digits, radix),
            (None, Some(digits)) => i64::from_str_radix(&format!("-{digits}"), radix),
            (None, None) => continue,
        };
        if let Ok(number) = signed {
            return Resolved::Int(number);
        }
    }
    Resolved::String
}

/// A whole number with an optional sign and one of Go's prefixes; a leading zero means octal.
fn integer(plain: &str) -> Option<Resolved> {
    let digits = plain.strip_prefix(['+', '-']).unwrap_or(plain);
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match (plain.as_bytes()[0], i64::try_from(magnitude)) {
        (b'-', Ok(number)) => Some(Resolved::Int(-number)),
        (b'-', Err(_)) => (magnitude == 1 << 63).then_some(Resolved::Int(i64::MIN)),
        (_, Ok(number)) => Some(Resolved::Int(number)),
        (b'+', Err(_)) => None,
        (_, Err(_)) => Some(Resolved::UInt(magnitude)),
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = digits(rest);
    let mut rest = &rest[whole..];
    if let Some(after) = rest.strip_prefix('.') {
        let fraction = digits(after);
        if whole == 0 && fraction == 0 {
            return false;
        }
        rest = &after[fraction..];
    } else if whole == 0 {
        return false;
    }
    match rest.strip_prefix(['e', 'E']) {
        None => rest.is_empty(),
        Some(exponent) => {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
    }
}

/// A decimal number; one that is out of range is a text, as in yaml.v3.
fn float(plain: &str) -> Resolved {
    match plain.parse::<f64>() {
        Ok(number) if number.is_finite() => Resolved::Float(number),
        _ => Resolved::String,
    }
}

struct Fields<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Fields<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn digit(&mut self) -> Option<i64> {
        let digit = self.peek().filter(u8::is_ascii_digit)?;
        self.at += 1;
        Some(i64::from(digit - b'0'))
    }

    /// One or two digits.
    fn short_number(&mut self) -> Option<i64> {
        let first = self.digit()?;
        Some(self.digit().map_or(first, |second| first * 10 + second))
    }

    fn fraction(&mut self) -> u32 {
        if !matches!(self.peek(), Some(b'.' | b',')) || !self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit) {
            return 0;
        }
        self.at += 1;
        let (mut nanos, mut scale) = (0, 100_000_000);
        while let Some(digit) = self.digit() {
            nanos += digit as u32 * scale;
            scale /= 10;
        }
        nanos
    }

    /// `Z` or `±HH:MM`, in seconds.
    fn zone(&mut self) -> Option<i32> {
        let sign = match self.next()? {
            b'Z' => return Some(0),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let hours = self.digit()? * 10 + self.digit()?;
        self.expect(b':')?;
        let minutes = self.digit()? * 10 + self.digit()?;
        (hours <= 24 && minutes <= 60).then_some(sign * (hours * 3600 + minutes * 60) as i32)
    }
}
