//! Numbers and versions of queries.

use super::ast::Literal;
use super::version::{Version, VersionError};

/// A run that begins like a number and is none: what is wrong, and what to write instead.
pub(super) type NumberMistake = (String, String);

/// A number and whether GO Feature Flag reads it the same.
#[derive(Debug, PartialEq)]
pub(super) struct Number {
    pub(super) literal: Literal,
    /// Whether it has an exponent that GO Feature Flag drops or refuses.
    pub(super) whole_with_exponent: bool,
}

/// Reads a number: `5`, `-5`, `1e5` (whole), `1.5`, `1.5e-3` (with a fraction), `1.2.3-rc.1` (a version).
pub(super) fn parse(text: &str) -> Result<Number, NumberMistake> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = split_digits(unsigned);
    if whole.is_empty() {
        return Err(mistake(text));
    }
    let plain = |literal| Number {
        literal,
        whole_with_exponent: false,
    };
    if let Some(rest) = rest.strip_prefix('.') {
        let (fraction, exponent) = split_digits(rest);
        if !fraction.is_empty() && (exponent.is_empty() || split_exponent(exponent).is_some()) {
            if has_leading_zero(whole) {
                return Err(leading_zero(text));
            }
            let number = text.parse().map_err(|_| mistake(text))?;
            return Ok(plain(Literal::Double(number)));
        }
        return match Version::parse(text) {
            Ok(_) | Err(VersionError::TooLarge) => Ok(plain(Literal::Version(text.into()))),
            Err(VersionError::Malformed) => Err(mistake(text)),
        };
    }
    if !rest.is_empty() && split_exponent(rest).is_none() {
        return Err(mistake(text));
    }
    if has_leading_zero(whole) {
        return Err(leading_zero(text));
    }
    match split_exponent(rest) {
        None => Ok(plain(
            text.parse()
                .map_or_else(|_| Literal::Oversized(text.into()), Literal::Integer),
        )),
        Some((negative, exponent)) => {
            let number = scale(whole, negative, exponent)
                .and_then(|number| i64::try_from(if text.starts_with('-') { -number } else { number }).ok())
                .ok_or_else(|| {
                    let message = format!("`{text}` is no whole number of 64 bits");
                    (
                        message,
                        "write a number with a fraction, like 1.5e-3 or 1.0e30, or write it out".to_owned(),
                    )
                })?;
            Ok(Number {
                literal: Literal::Integer(number),
                whole_with_exponent: true,
            })
        }
    }
}

/// `digits` times a power of ten, when that is a whole number.
fn scale(digits: &str, negative: bool, exponent: &str) -> Option<i128> {
    let mut number: i128 = digits.parse().ok()?;
    if number == 0 {
        return Some(0);
    }
    // 10^38 is the largest power that fits, and more than 64 bits need
    let power = 10_i128.pow(exponent.parse().ok().filter(|exponent| *exponent <= 38)?);
    if negative {
        return (number % power == 0).then_some(number / power);
    }
    number = number.checked_mul(power)?;
    Some(number)
}

fn split_digits(text: &str) -> (&str, &str) {
    let length = text
        .bytes()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(length)
}

/// Sign and digits of `e5`, `E-3`, `e+10`; as in the rest of the language without leading zeros.
fn split_exponent(text: &str) -> Option<(bool, &str)> {
    let text = text.strip_prefix(['e', 'E'])?;
    let negative = text.starts_with('-');
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits_only = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (digits_only && !has_leading_zero(digits)).then_some((negative, digits))
}

fn has_leading_zero(digits: &str) -> bool {
    digits.len() > 1 && digits.starts_with('0')
}

fn leading_zero(text: &str) -> NumberMistake {
    let sign = if text.starts_with('-') { "-" } else { "" };
    let bare = text.trim_start_matches(['-', '0']);
    let zero = if bare.starts_with(|c: char| c.is_ascii_digit()) {
        ""
    } else {
        "0"
    };
    (
        format!("`{text}` has leading zeros"),
        format!("write the number `{sign}{zero}{bare}`, or put quotes around it to mean the text"),
    )
}

/// What people most likely meant by a run that begins like a number.
fn mistake(text: &str) -> NumberMistake {
    let message = format!("`{text}` is neither a number nor a version");
    let looks_like_date = text.len() >= 8 && text.bytes().filter(|byte| *byte == b'-').count() == 2;
    let hint = if looks_like_date {
        format!("put dates in quotes: \"{text}\" (they are compared as texts)")
    } else if let Some(bare) = text
        .strip_suffix('.')
        .filter(|bare| bare.bytes().all(|byte| byte.is_ascii_digit()))
    {
        format!("write `{bare}` or `{bare}.0`")
    } else if text.starts_with('-') && Version::parse(&text[1..]).is_ok() {
        "a version has no sign".to_owned()
    } else {
        let letters = text.find(|c: char| c.is_ascii_alphabetic());
        match letters.map(|at| text.split_at(at)) {
            Some((number, word)) if parse_cleanly(number) => {
                format!("put a space between `{number}` and `{word}`, or quotes around \"{text}\" to mean the text")
            }
            _ => format!("put quotes around it to mean the text: \"{text}\""),
        }
    };
    (message, hint)
}

fn parse_cleanly(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    !has_leading_zero(split_digits(unsigned).0) && text.parse::<f64>().is_ok() && !text.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Literal) {
        assert_eq!(parse(text).map(|number| number.literal), Ok(expected), "{text}");
    }

    #[test]
    fn numbers_are_what_they_denote() {
        check("0", Literal::Integer(0));
        check("-0", Literal::Integer(0));
        check("9223372036854775807", Literal::Integer(i64::MAX));
        check("-9223372036854775808", Literal::Integer(i64::MIN));
        check("9223372036854775808", Literal::Oversized("9223372036854775808".into()));
        check("1e5", Literal::Integer(100_000));
        check("-12E+2", Literal::Integer(-1200));
        check("1200e-2", Literal::Integer(12));
        check("0e999", Literal::Integer(0));
        check("-9223372036854775808e0", Literal::Integer(i64::MIN));
        check("1.50", Literal::Double(1.5));
        check("-0.5e-2", Literal::Double(-0.005));
        check("1.0e999", Literal::Double(f64::INFINITY));
        check("1.2.3", Literal::Version("1.2.3".into()));
        check("1.2.3-rc.1+b", Literal::Version("1.2.3-rc.1+b".into()));
    }

    #[test]
    fn what_is_no_number_says_what_to_write() {
        for (text, expected) in [
            ("01", "write the number `1`"),
            ("-007", "write the number `-7`"),
            ("00.5", "write the number `0.5`"),
            ("00", "write the number `0`"),
            ("5.", "write `5` or `5.0`"),
            ("2024-01-01", "put dates in quotes: \"2024-01-01\""),
            ("1and", "put a space between `1` and `and`"),
            ("1e-5", "write a number with a fraction"),
            ("1e19", "write a number with a fraction"),
            ("1e99999999999999999999", "write a number with a fraction"),
            ("1.2.3.4", "put quotes around it"),
            ("1.2.3-01", "put quotes around it"),
            ("1.5e05", "put"),
            ("-1.2.3", "a version has no sign"),
            ("-", "put quotes around it"),
        ] {
            let (_, hint) = parse(text).expect_err(text);
            assert!(hint.starts_with(expected), "{text}: {hint}");
        }
    }
}
