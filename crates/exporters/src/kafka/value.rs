//! Values as sarama reads them, written as librdkafka reads them.

use serde_json::Value;

/// What a value is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Text,
    Integer,
    /// A duration of Go, `1m30s`, or a number of nanoseconds.
    Milliseconds,
    /// Texts for yes and for no.
    Either(&'static str, &'static str),
    /// A duration: whether it is above zero.
    IsPositive,
    /// How many brokers confirm: -1 for all, 0 or 1.
    Acks,
    /// A way to compress, by its name or number.
    Codec,
    /// How much to compress; sarama's number for the default is far below all others.
    Level,
}

/// Codecs by their numbers in sarama.
const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];

/// Units of Go's durations in nanoseconds. The longer of two that begin alike comes first.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("\u{b5}s", 1e3),
    ("\u{3bc}s", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 6e10),
    ("h", 3.6e12),
];

impl Shape {
    /// The value for librdkafka; nothing where it means the default. What is wrong, otherwise.
    pub(super) fn text(self, value: &Value) -> Result<Option<String>, &'static str> {
        if value.is_null() {
            return Ok(None);
        }
        let text = match self {
            Self::Text => match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return Err("is not a text"),
            },
            Self::Integer => integer(value)?.to_string(),
            Self::Milliseconds => milliseconds(value)?.to_string(),
            Self::IsPositive => (milliseconds(value)? > 0).to_string(),
            Self::Either(yes, no) => if flag(value)? { yes } else { no }.to_owned(),
            Self::Acks => match integer(value) {
                Ok(number @ -1..=1) => number.to_string(),
                _ => return Err("must be -1 for all brokers, 0 or 1"),
            },
            Self::Codec => {
                let number = integer(value).ok().and_then(|number| usize::try_from(number).ok());
                let name = value.as_str().map(str::to_ascii_lowercase).unwrap_or_default();
                let codec = number.and_then(|number| CODECS.get(number)).copied();
                let codec = codec.or_else(|| CODECS.into_iter().find(|known| *known == name));
                codec.ok_or("must be none, gzip, snappy, lz4 or zstd")?.to_owned()
            }
            Self::Level => match integer(value)? {
                ..-1 => return Ok(None),
                level => level.to_string(),
            },
        };
        Ok(Some(text))
    }
}

/// Whether there is nothing in it.
pub(super) fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => matches!(text.as_str(), "" | "0" | "false"),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_zero),
    }
}

fn integer(value: &Value) -> Result<i64, &'static str> {
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.ok_or("is not a whole number")
}

fn flag(value: &Value) -> Result<bool, &'static str> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") || text == "1" => Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") || text == "0" => Ok(false),
        Value::Number(number) => Ok(number.as_f64() != Some(0.0)),
        _ => Err("is neither true nor false"),
    }
}

fn milliseconds(value: &Value) -> Result<i64, &'static str> {
    let nanoseconds = match (value, integer(value)) {
        (_, Ok(nanoseconds)) => Some(nanoseconds as f64),
        (Value::String(text), _) => duration(text.trim()),
        _ => None,
    };
    let nanoseconds = nanoseconds.ok_or("is not a duration like 5s, nor a number of nanoseconds")?;
    Ok((nanoseconds / 1e6).round() as i64)
}

/// Nanoseconds of a duration as Go writes it.
fn duration(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let (unit, scale) = UNITS.into_iter().find(|(unit, _)| rest[digits..].starts_with(unit))?;
        sum += number * scale;
        rest = &rest[digits + unit.len()..];
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_anew() {
        for (shape, value, expected) in [
            (Shape::Milliseconds, json!("1m30s"), Ok("90000")),
            (Shape::Milliseconds, json!("1.5s"), Ok("1500")),
            (Shape::Milliseconds, json!("250ms"), Ok("250")),
            (Shape::Milliseconds, json!(5_000_000_000_u64), Ok("5000")),
            (Shape::Milliseconds, json!("0"), Ok("0")),
            (
                Shape::Milliseconds,
                json!("soon"),
                Err("is not a duration like 5s, nor a number of nanoseconds"),
            ),
            (
                Shape::Milliseconds,
                json!("5\u{e4}"),
                Err("is not a duration like 5s, nor a number of nanoseconds"),
            ),
            (Shape::IsPositive, json!("30s"), Ok("true")),
            (Shape::Either("a", "b"), json!("TRUE"), Ok("a")),
            (Shape::Either("a", "b"), json!(0), Ok("b")),
            (Shape::Either("a", "b"), json!("x"), Err("is neither true nor false")),
            (Shape::Acks, json!("-1"), Ok("-1")),
            (Shape::Acks, json!(2), Err("must be -1 for all brokers, 0 or 1")),
            (Shape::Codec, json!("ZSTD"), Ok("zstd")),
            (Shape::Codec, json!(2), Ok("snappy")),
            (
                Shape::Codec,
                json!("brotli"),
                Err("must be none, gzip, snappy, lz4 or zstd"),
            ),
            (Shape::Codec, json!(9), Err("must be none, gzip, snappy, lz4 or zstd")),
            (Shape::Level, json!(3), Ok("3")),
            (Shape::Level, json!(-1000), Ok("-")),
            (Shape::Text, json!(null), Ok("-")),
            (Shape::Text, json!(12), Ok("12")),
            (Shape::Integer, json!([]), Err("is not a whole number")),
        ] {
            let text = shape.text(&value).map(|text| text.unwrap_or_else(|| "-".to_owned()));
            assert_eq!(
                text.as_deref().map_err(|problem| *problem),
                expected,
                "{shape:?} {value}"
            );
        }
    }
}
