//! What the answers of all endpoints share.

use flagstaff_definition::value::{Map, Value};
use flagstaff_engine::outcome::{DEFAULT_VARIANT, ErrorCode, Outcome, Reason};

use crate::json::{Object, write_string, write_value};

/// What bulk answers make of an outcome: without the caller's default there is no value and no variant, and `null` is of
/// no type that can be asked for.
pub(crate) struct BulkAnswer<'o> {
    pub(crate) value: Option<&'o Value>,
    pub(crate) variant: &'o str,
    pub(crate) reason: Reason,
    pub(crate) error: Option<ErrorCode>,
    /// Empty when there is nothing to say.
    pub(crate) details: &'o str,
}

impl<'o> BulkAnswer<'o> {
    pub(crate) fn of(outcome: &'o Outcome) -> Self {
        let empty = Self {
            value: None,
            variant: "",
            reason: outcome.reason,
            error: None,
            details: "",
        };
        match (&outcome.error, &outcome.value) {
            (Some(error), _) => Self {
                error: Some(error.code),
                details: &error.details,
                ..empty
            },
            (None, None) => empty,
            (None, Some(Value::Null)) => Self {
                variant: DEFAULT_VARIANT,
                reason: Reason::Error,
                error: Some(ErrorCode::TypeMismatch),
                ..empty
            },
            (None, Some(value)) => Self {
                value: Some(value),
                variant: &outcome.variant,
                ..empty
            },
        }
    }
}

/// Writes the value of an answer, `null` when it has none.
pub(crate) fn write_outcome_value(out: &mut Vec<u8>, value: Option<&Value>) {
    write_value(out, value.unwrap_or(&Value::Null));
}

/// Writes the member `metadata`: the flag's own, the name of the rule that matched, and whether the answer may be kept.
/// Both take the place of a member of the same name. An empty one is left out.
pub(crate) fn write_metadata(
    object: &mut Object<'_>,
    metadata: Option<&Map>,
    rule_name: Option<&str>,
    cacheable: bool,
) {
    enum Datum<'m> {
        Value(&'m Value),
        Text(&'m str),
        True,
    }
    let own = metadata.into_iter().flat_map(Map::iter);
    let mut members: Vec<_> = own.map(|(name, value)| (&**name, Datum::Value(value))).collect();
    let added = [
        ("evaluatedRuleName", rule_name.map(Datum::Text)),
        ("gofeatureflag_cacheable", cacheable.then_some(Datum::True)),
    ];
    for (name, datum) in added {
        let Some(datum) = datum else { continue };
        match members.binary_search_by_key(&name, |(known, _)| known) {
            Ok(at) => members[at].1 = datum,
            Err(at) => members.insert(at, (name, datum)),
        }
    }
    if members.is_empty() {
        return;
    }
    let mut inner = Object::open(object.member("metadata"));
    for (name, datum) in members {
        match datum {
            Datum::Value(value) => write_value(inner.member(name), value),
            Datum::Text(text) => write_string(inner.member(name), text),
            Datum::True => inner.bool(name, true),
        }
    }
    inner.close();
}
