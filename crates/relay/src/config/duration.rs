//! Durations in Go's syntax.

use std::time::Duration;

/// Reads `1h15m30.5s` and the like (Go's `time.ParseDuration`), without a sign; `0` needs no unit.
pub(super) fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut nanoseconds = 0u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => digits(after),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let end = after
            .find(|letter: char| letter == '.' || letter.is_ascii_digit())
            .unwrap_or(after.len());
        let unit = unit(&after[..end])?;
        let whole = if whole.is_empty() {
            0
        } else {
            whole.parse::<u64>().ok()?
        };
        nanoseconds = nanoseconds
            .checked_add(whole.checked_mul(unit)?)?
            .checked_add(part(fraction, unit))?;
        rest = &after[end..];
    }
    (nanoseconds <= i64::MAX as u64).then(|| Duration::from_nanos(nanoseconds))
}

/// Splits the digits off the front.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()))
}

/// A decimal fraction of a unit, in nanoseconds; digits that do not count any more are dropped.
fn part(fraction: &str, unit: u64) -> u64 {
    let fraction = &fraction[..fraction.len().min(18)];
    let Ok(value) = fraction.parse::<u128>() else { return 0 };
    (value * u128::from(unit) / 10u128.pow(fraction.len() as u32)) as u64
}

/// Nanoseconds of a unit.
fn unit(name: &str) -> Option<u64> {
    Some(match name {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(
            parse(text).map(|duration| duration.as_nanos() as u64),
            expected,
            "{text}"
        );
    }

    #[test]
    fn reads_what_go_reads() {
        check("0", Some(0));
        check("1s", Some(1_000_000_000));
        check("1m30s", Some(90_000_000_000));
        check("1.5h", Some(5_400_000_000_000));
        check(".5s", Some(500_000_000));
        check("1.s", Some(1_000_000_000));
        check("2us3ns", Some(2_003));
        check("1µs", Some(1_000));
        check("100ms", Some(100_000_000));
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "+",
            "1",
            "s",
            ".s",
            "1d",
            "tomorrow",
            "-1s",
            "1s ",
            "9999999999999h",
            "99999999999999999999s",
        ] {
            check(text, None);
        }
    }
}
