//! What a value is worth as a truth, a number or a text.

use bumpalo::collections::String as ArenaString;

use super::evaluate::{Failed, Run};
use super::float;
use super::value::Value;

/// Whether a value counts as true inside of a rule. An empty object does not.
pub(super) fn is_true(value: Value<'_>) -> bool {
    match value {
        Value::Null | Value::IntegerZero => false,
        Value::Bool(truth) => truth,
        Value::Number(number) => number != 0.0,
        Value::Text(text) => !text.is_empty(),
        Value::List(list) => list.len() > 0,
        Value::Map(map) => !map.is_empty(),
    }
}

/// The number that comparisons see, as in JavaScript: NaN where there is none.
pub(super) fn compared_number(value: Value<'_>) -> f64 {
    match value {
        Value::Null => 0.0,
        Value::Bool(truth) => f64::from(u8::from(truth)),
        Value::Number(number) => number,
        Value::Text(text) if text.trim().is_empty() => 0.0,
        Value::Text(text) => float::parse(text).unwrap_or(f64::NAN),
        Value::IntegerZero | Value::List(_) | Value::Map(_) => f64::NAN,
    }
}

/// The number that arithmetic sees: only numbers and texts have one.
pub(super) fn number(value: Value<'_>) -> Result<f64, Failed> {
    match value {
        Value::Number(number) => Ok(number),
        Value::Text(text) => Ok(float::lenient(text)),
        Value::Null | Value::Bool(_) | Value::IntegerZero | Value::List(_) | Value::Map(_) => Err(Failed),
    }
}

/// The text of a text, a number or null.
pub(super) fn text<'v>(value: Value<'v>, run: &'v Run) -> Result<&'v str, Failed> {
    match value {
        Value::Null => Ok(""),
        Value::Text(text) => Ok(text),
        Value::Number(number) => {
            let mut written = ArenaString::new_in(&run.arena);
            float::write(&mut written, number);
            run.spend(written.len())?;
            Ok(written.into_bump_str())
        }
        Value::Bool(_) | Value::IntegerZero | Value::List(_) | Value::Map(_) => Err(Failed),
    }
}
