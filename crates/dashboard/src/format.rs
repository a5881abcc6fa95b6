//! Times and counts as people read them. Templates hand over values and references alike.

use std::borrow::Borrow;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// How long ago something was, in its largest unit: `4 s`, `12 min`, `3 h`, `2 d`.
pub(crate) fn duration(duration: impl Borrow<Duration>) -> String {
    let seconds = duration.borrow().as_secs();
    match seconds {
        0 => "0 s".to_owned(),
        1..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How long before `now` a moment was. A moment after it, since the clock was set back, is now.
pub(crate) fn ago(moment: impl Borrow<SystemTime>, now: impl Borrow<SystemTime>) -> String {
    let passed = now.borrow().duration_since(*moment.borrow()).unwrap_or_default();
    if passed < Duration::from_secs(1) {
        "now".to_owned()
    } else {
        format!("{} ago", duration(passed))
    }
}

/// A moment in RFC 3339, to the second; empty for one that no calendar has.
pub(crate) fn timestamp(moment: impl Borrow<SystemTime>) -> String {
    match Timestamp::try_from(*moment.borrow()) {
        Ok(timestamp) => timestamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => String::new(),
    }
}

/// A count with thin gaps between thousands.
pub(crate) fn count(count: impl Borrow<u64>) -> String {
    let digits = count.borrow().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A piece of a text.
pub(crate) struct Span<'t> {
    pub(crate) text: &'t str,
    /// Whether it stood between backticks.
    pub(crate) is_code: bool,
}

/// The pieces of a text in which backticks stand around code.
pub(crate) fn spans(text: &str) -> impl Iterator<Item = Span<'_>> {
    let pieces = text.split('`').enumerate();
    pieces.map(|(at, text)| Span {
        text,
        is_code: at % 2 == 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        for (seconds, expected) in [(0, "0 s"), (59, "59 s"), (60, "1 min"), (7199, "1 h"), (200_000, "2 d")] {
            assert_eq!(duration(Duration::from_secs(seconds)), expected);
        }
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(ago(now - Duration::from_millis(900), now), "now");
        assert_eq!(ago(now + Duration::from_secs(9), now), "now");
        assert_eq!(ago(now - Duration::from_secs(90), now), "1 min ago");
        assert_eq!(timestamp(now), "2023-11-14T22:13:20Z");
    }

    #[test]
    fn counts_have_gaps() {
        for (number, expected) in [
            (0_u64, "0"),
            (999, "999"),
            (1000, "1\u{202f}000"),
            (1_234_567, "1\u{202f}234\u{202f}567"),
        ] {
            assert_eq!(count(number), expected);
        }
    }
}
