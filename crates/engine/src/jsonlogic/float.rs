//! Numbers as Go reads and writes them (`strconv.ParseFloat` and `strconv.FormatFloat` of 64 bits).

use std::fmt::Write;

use flagstaff_definition::decimal::Decimal;

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum FloatError {
    /// It does not look like one.
    Syntax,
    /// It is too large; the infinity that is nearest.
    Range(f64),
}

/// Reads a number: decimal, or hexadecimal with a binary exponent; infinities and `nan` in any case; underscores between
/// digits.
pub(super) fn parse(text: &str) -> Result<f64, FloatError> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (-1.0, unsigned),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if text.eq_ignore_ascii_case("nan") {
        return Ok(f64::NAN);
    }
    if unsigned.eq_ignore_ascii_case("inf") || unsigned.eq_ignore_ascii_case("infinity") {
        return Ok(sign * f64::INFINITY);
    }
    if unsigned.contains('_') {
        if !has_proper_underscores(unsigned) {
            return Err(FloatError::Syntax);
        }
        return finite(sign, parse_unsigned(&unsigned.replace('_', ""))?);
    }
    finite(sign, parse_unsigned(unsigned)?)
}

/// Reads a number where Go ignores what went wrong: no number is 0, a number too large is infinite.
pub(super) fn lenient(text: &str) -> f64 {
    parse(text).unwrap_or_else(|error| match error {
        FloatError::Syntax => 0.0,
        FloatError::Range(infinity) => infinity,
    })
}

/// Writes a number with the fewest digits that read back as it, never with an exponent.
pub(super) fn write(output: &mut impl Write, number: f64) {
    let written = if number.is_nan() {
        output.write_str("NaN")
    } else if number.is_infinite() {
        output.write_str(if number > 0.0 { "+Inf" } else { "-Inf" })
    } else {
        write!(output, "{}", Decimal::from(number))
    };
    debug_assert!(written.is_ok(), "writing to memory does not fail");
}

fn finite(sign: f64, magnitude: f64) -> Result<f64, FloatError> {
    if magnitude.is_infinite() {
        Err(FloatError::Range(sign * magnitude))
    } else {
        Ok(sign * magnitude)
    }
}

fn parse_unsigned(text: &str) -> Result<f64, FloatError> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return parse_hexadecimal(digits).ok_or(FloatError::Syntax);
    }
    // What is left of the two grammars is the same, but for the signs and words that Rust would accept here.
    if !text.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return Err(FloatError::Syntax);
    }
    text.parse().map_err(|_| FloatError::Syntax)
}

/// Digits, at most one point among them, and an exponent of two.
fn parse_hexadecimal(text: &str) -> Option<f64> {
    let (digits, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut mantissa = 0_u64;
    let mut scale = parse_exponent(exponent)?;
    let mut inexact = false;
    for (digit, in_fraction) in whole
        .bytes()
        .map(|digit| (digit, false))
        .chain(fraction.bytes().map(|digit| (digit, true)))
    {
        let digit = char::from(digit).to_digit(16)?;
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
            scale -= if in_fraction { 4 } else { 0 };
        } else {
            inexact |= digit != 0;
            scale += if in_fraction { 0 } else { 4 };
        }
    }
    Some(scaled(mantissa, inexact, scale))
}

/// An exponent, cut off where it makes no difference any more.
fn parse_exponent(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() {
        return None;
    }
    digits
        .chars()
        .try_fold(0_i64, |exponent, digit| {
            let digit = digit.to_digit(10)?;
            Some(if exponent < 10_000 {
                exponent * 10 + i64::from(digit)
            } else {
                exponent
            })
        })
        .map(|exponent| sign * exponent)
}

/// `mantissa * 2^scale`, rounded to even; `inexact` says that the true mantissa is a little larger.
fn scaled(mantissa: u64, inexact: bool, scale: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let zeros = mantissa.leading_zeros();
    let mantissa = mantissa << zeros;
    let exponent = scale - i64::from(zeros) + 63;
    if exponent > 1023 {
        return f64::INFINITY;
    }
    // 53 bits are kept, fewer below the normal range.
    let dropped = 11 + (-1022 - exponent).max(0);
    if dropped > 64 {
        return 0.0;
    }
    let (kept, rest) = match dropped {
        64 => (0, mantissa),
        _ => (mantissa >> dropped, mantissa << (64 - dropped)),
    };
    let half = 1_u64 << 63;
    let up = rest > half || rest == half && (inexact || kept & 1 == 1);
    (kept + u64::from(up)) as f64 * power_of_two(exponent - 63 + dropped)
}

/// `2^exponent`, for exponents from -1074 to 1023.
fn power_of_two(exponent: i64) -> f64 {
    if exponent >= -1022 {
        f64::from_bits(((exponent + 1023) as u64) << 52)
    } else {
        f64::from_bits(1 << (exponent + 1074))
    }
}

/// Whether each underscore stands between digits (a base prefix counts as one).
fn has_proper_underscores(unsigned: &str) -> bool {
    let lower = unsigned.to_ascii_lowercase();
    let hexadecimal = lower.starts_with("0x");
    let is_digit = |byte: u8| byte.is_ascii_digit() || hexadecimal && matches!(byte, b'a'..=b'f' | b'x');
    let bytes = lower.as_bytes();
    bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'_')
        .all(|(at, _)| {
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            let after = bytes.get(at + 1);
            before.is_some_and(|byte| is_digit(*byte)) && after.is_some_and(|byte| is_digit(*byte))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<f64, FloatError>) {
        match (parse(text), expected) {
            (Ok(number), Ok(expected)) => {
                assert!(
                    number.to_bits() == expected.to_bits() || number.is_nan() && expected.is_nan(),
                    "{text}: {number}"
                );
            }
            (number, expected) => assert_eq!(number, expected, "{text}"),
        }
    }

    #[test]
    fn reads_what_go_reads() {
        for (text, number) in [
            ("1", 1.0),
            ("-0", -0.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("+1e3", 1000.0),
            ("1_0", 10.0),
            ("0_1.2_5", 1.25),
            ("1e-400", 0.0),
            ("0x1p4", 16.0),
            ("-0X_A.8p-1", -5.25),
            ("0x.8p0", 0.5),
            ("0x1.fffffffffffff8p0", 2.0),
            ("0x1.00000000000008p0", 1.0),
            ("0x1.000000000000080000001p0", 1.000_000_000_000_000_2),
            ("0x1p-1074", 5e-324),
            ("0x1p-1075", 0.0),
            ("0x3p-1075", 1e-323),
            ("0x1p-99999", 0.0),
            ("Inf", f64::INFINITY),
            ("-infinity", f64::NEG_INFINITY),
            ("NaN", f64::NAN),
        ] {
            check(text, Ok(number));
        }
    }

    #[test]
    fn rejects_what_go_rejects() {
        for text in [
            "", " 1", "1 ", "abc", ".", "+", "+-1", "1e", "e5", "0x10", "0x", "0xp1", "0x1p", "0x1pz", "0b1", "1__0",
            "_1", "1_", "1_.5", "1e_5", "+nan", "in", "infinit", "1,5", "١",
        ] {
            check(text, Err(FloatError::Syntax));
        }
        check("1e999", Err(FloatError::Range(f64::INFINITY)));
        check("-0x1p1024", Err(FloatError::Range(f64::NEG_INFINITY)));
    }

    #[test]
    fn writes_without_exponents() {
        for (number, text) in [
            (1.0, "1"),
            (-0.0, "-0"),
            (0.1, "0.1"),
            (1e21, "1000000000000000000000"),
            (1e-7, "0.0000001"),
        ] {
            let mut written = String::new();
            write(&mut written, number);
            assert_eq!(written, text);
        }
    }
}
