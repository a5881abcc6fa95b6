//! Points in time as flag files and requests write them.

use std::fmt;

/// A point in time: whole Unix seconds and the nanoseconds after them. Ordered by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant {
    /// Unix seconds, rounded down.
    pub seconds: i64,
    /// Nanoseconds since that second, below 10^9.
    pub nanos: u32,
}

impl Instant {
    /// The point that lies `nanos` nanoseconds after the beginning of 1970.
    pub fn from_unix_nanos(nanos: i128) -> Self {
        Self {
            seconds: nanos.div_euclid(1_000_000_000) as i64,
            nanos: nanos.rem_euclid(1_000_000_000) as u32,
        }
    }
}

/// A date with the offset it was written in, so that it can be shown again as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timestamp {
    /// The point in time.
    pub instant: Instant,
    /// Seconds east of UTC.
    pub offset: i32,
}

impl Timestamp {
    /// Reads the one form that GO Feature Flag accepts in JSON, in quotes and in `currentDateTime`
    /// (Go's `time.RFC3339` parser): `YYYY-MM-DDTHH:MM:SS[.digits](Z|±HH:MM)`. Also, as Go does, an hour of one digit and
    /// a comma before the fraction. `T` and `Z` are upper case, the day exists, there is no leap second, the offset is at
    /// most 24:60, and digits after the ninth are dropped.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let number = |from: usize, length: usize| -> Option<i64> {
            let digits = bytes.get(from..from + length)?;
            digits.iter().try_fold(0i64, |sum, byte| {
                byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0'))
            })
        };
        let expect = |at: usize, byte: u8| (bytes.get(at) == Some(&byte)).then_some(());
        let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
        expect(4, b'-')?;
        expect(7, b'-')?;
        expect(10, b'T')?;
        let digits = if bytes.get(12).is_some_and(u8::is_ascii_digit) {
            2
        } else {
            1
        };
        let hour = number(11, digits)?;
        let mut at = 11 + digits;
        expect(at, b':')?;
        let minute = number(at + 1, 2)?;
        expect(at + 3, b':')?;
        let second = number(at + 4, 2)?;
        at += 6;
        let mut nanos = 0;
        if matches!(bytes.get(at), Some(b'.' | b',')) {
            let fraction = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if fraction == 0 {
                return None;
            }
            nanos = (0..9).fold(0, |sum, n| {
                sum * 10
                    + if n < fraction {
                        u32::from(bytes[at + 1 + n] - b'0')
                    } else {
                        0
                    }
            });
            at += 1 + fraction;
        }
        let offset = match bytes.get(at)? {
            b'Z' if bytes.len() == at + 1 => 0,
            sign @ (b'+' | b'-') if bytes.len() == at + 6 => {
                let (hours, minutes) = (number(at + 1, 2)?, number(at + 4, 2)?);
                expect(at + 3, b':')?;
                if hours > 24 || minutes > 60 {
                    return None;
                }
                (hours * 3600 + minutes * 60) as i32 * if *sign == b'-' { -1 } else { 1 }
            }
            _ => return None,
        };
        Self::from_civil([year, month, day, hour, minute, second], nanos, offset)
    }

    /// Builds a date from `[year, month, day, hour, minute, second]` in an offset; `None` when it does not exist.
    pub fn from_civil(civil: [i64; 6], nanos: u32, offset: i32) -> Option<Self> {
        let [year, month, day, hour, minute, second] = civil;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        if !(1..=length).contains(&day)
            || hour > 23
            || minute > 59
            || second > 59
            || hour < 0
            || minute < 0
            || second < 0
        {
            return None;
        }
        let seconds =
            days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - i64::from(offset);
        Some(Self {
            instant: Instant { seconds, nanos },
            offset,
        })
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in the offset it was written in, fraction without trailing zeros, as Go prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.instant.seconds + i64::from(self.offset);
        let (year, month, day) = civil_from_days(local.div_euclid(86_400));
        let second = local.rem_euclid(86_400);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
            second / 3600,
            second / 60 % 60,
            second % 60
        )?;
        if self.instant.nanos != 0 {
            let fraction = format!("{:09}", self.instant.nanos);
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        if self.offset == 0 {
            return f.write_str("Z");
        }
        let minutes = self.offset.abs() / 60;
        write!(
            f,
            "{}{:02}:{:02}",
            if self.offset < 0 { '-' } else { '+' },
            minutes / 60,
            minutes % 60
        )
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}
