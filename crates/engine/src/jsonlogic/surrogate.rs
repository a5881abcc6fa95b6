//! Escapes of half a character in JSON texts.

use std::borrow::Cow;
use std::ops::RangeInclusive;

const HIGH: RangeInclusive<u16> = 0xd800..=0xdbff;
const LOW: RangeInclusive<u16> = 0xdc00..=0xdfff;

/// An escape of four digits and how long it is.
const ESCAPE_LENGTH: usize = 6;

/// JSON in which every surrogate that is escaped without its partner is U+FFFD, as Go reads it. serde_json refuses it.
pub(super) fn replace_lone(json: &str) -> Cow<'_, str> {
    let mut replaced = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = json[at..].find('\\') {
        at += found;
        match escaped_unit(json, at) {
            Some(unit) if HIGH.contains(&unit) && follows_low(json, at) => at += 2 * ESCAPE_LENGTH,
            Some(unit) if HIGH.contains(&unit) || LOW.contains(&unit) => {
                replaced.push_str(&json[copied..at]);
                replaced.push(char::REPLACEMENT_CHARACTER);
                at += ESCAPE_LENGTH;
                copied = at;
            }
            Some(_) => at += ESCAPE_LENGTH,
            // The escaped character may be a backslash itself.
            None => at = at + 1 + json[at + 1..].chars().next().map_or(0, char::len_utf8),
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    replaced.push_str(&json[copied..]);
    Cow::Owned(replaced)
}

/// The code unit of a `\u` escape.
fn escaped_unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + ESCAPE_LENGTH)?.strip_prefix("\\u")?;
    digits
        .bytes()
        .all(|digit| digit.is_ascii_hexdigit())
        .then(|| u16::from_str_radix(digits, 16).ok())?
}

fn follows_low(json: &str, at: usize) -> bool {
    escaped_unit(json, at + ESCAPE_LENGTH).is_some_and(|unit| LOW.contains(&unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lone_ones_are_replaced() {
        for (json, expected) in [
            (r#""a\n\\A\u00e9""#, r#""a\n\\A\u00e9""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\ud83d""#, "\"\u{fffd}\""),
            (r#""\ud83d\ud83d\uDE00""#, "\"\u{fffd}\\ud83d\\uDE00\""),
            (r#""\ude00\ud83d\u0041""#, "\"\u{fffd}\u{fffd}\\u0041\""),
            (r#""\ud83"#, r#""\ud83"#),
            (r#""\ud8日"#, r#""\ud8日"#),
            (r#""\"#, r#""\"#),
        ] {
            assert_eq!(replace_lone(json), expected);
        }
    }
}
