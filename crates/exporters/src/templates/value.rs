//! JSON values as Go's templates see and print them.

use std::collections::BTreeMap;
use std::sync::Arc;

use gotmpl::Value;

/// A value as Go reads it from JSON: every number is a 64-bit float.
pub(super) fn of_json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => number.as_f64().map_or(Value::Nil, Value::Float),
        serde_json::Value::String(text) => Value::String(text.as_str().into()),
        serde_json::Value::Array(items) => Value::List(items.iter().map(of_json).collect()),
        serde_json::Value::Object(members) => of_map(members),
    }
}

/// An object, or none of its members.
pub(super) fn of_map<'m>(members: impl IntoIterator<Item = (&'m String, &'m serde_json::Value)>) -> Value {
    let members = members
        .into_iter()
        .map(|(name, value)| (Arc::from(name.as_str()), of_json(value)));
    Value::Map(Arc::new(members.collect::<BTreeMap<_, _>>()))
}

/// What an action prints in the end: numbers become Go's text for them, wherever they are.
pub(super) fn printable(values: &[Value]) -> Value {
    match values.first() {
        None => Value::Nil,
        Some(value) => with_texts(value),
    }
}

fn with_texts(value: &Value) -> Value {
    match value {
        Value::Float(number) => Value::String(number_text(*number).into()),
        Value::List(items) => Value::List(items.iter().map(with_texts).collect()),
        Value::Map(members) => {
            let members = members
                .iter()
                .map(|(name, value)| (Arc::clone(name), with_texts(value)));
            Value::Map(Arc::new(members.collect()))
        }
        other => other.clone(),
    }
}

/// Go's `%v` of a float: the shortest digits, and an exponent of at least two digits when it is below -4, or when the number is
/// a million or more.
fn number_text(number: f64) -> String {
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific
        .split_once('e')
        .and_then(|(digits, exponent)| Some((digits, exponent.parse::<i32>().ok()?)))
    else {
        return scientific;
    };
    if (-4..6).contains(&exponent) {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}
