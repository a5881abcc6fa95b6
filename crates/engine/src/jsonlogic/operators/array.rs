//! `in`, `contains_*`, `merge`, `map`, `filter`, `reduce`, `all`, `some`, `none`.

use crate::jsonlogic::coercion::{is_true, number, text};
use crate::jsonlogic::evaluate::{Evaluated, Failed, Operands, Run, Scope, apply, evaluate};
use crate::jsonlogic::value::{List, Map, Reduction, Value};
use crate::jsonlogic::variable::substitute;

use super::logic::written_list;

/// `in`: whether the first operand is a part of the second one, a text or a list. An element that is a list is a range, both
/// ends included.
pub(in crate::jsonlogic) fn contained<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let operands = Operands::list(operand, scope)?;
    let needle = operands.get(0)?;
    if operands.len() < 2 {
        return Ok(Value::Bool(false));
    }
    let haystack = operands.get(1)?;
    operands.ignore(2)?;
    Ok(Value::Bool(match (haystack, needle) {
        (Value::Text(text), Value::Text(part)) => text.contains(part),
        (Value::Text(_), _) => return Err(Failed),
        (Value::List(list), _) => is_in_list(needle, list, scope.run)?,
        _ => false,
    }))
}

fn is_in_list(needle: Value<'_>, list: List<'_>, run: &Run) -> Result<bool, Failed> {
    if let List::Rule(node) = list
        && let Some(membership) = &node.membership
    {
        return Ok(match needle {
            Value::Number(number) => membership.contains_number(number),
            Value::Text(text) => membership.contains_text(text),
            _ => false,
        });
    }
    run.spend(list.len())?;
    for element in list.iter() {
        let found = match (element, needle) {
            (Value::List(range), _) => is_in_range(needle, range)?,
            (_, Value::Number(wanted)) => number(element)? == wanted,
            _ => is_identical(element, needle)?,
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_in_range(needle: Value<'_>, range: List<'_>) -> Result<bool, Failed> {
    let (Some(low), Some(high)) = (range.get(0), range.get(1)) else {
        return Err(Failed);
    };
    let needle = number(needle)?;
    Ok(needle >= number(low)? && number(high)? >= needle)
}

/// Whether two values have one type and are equal. Two lists, or two objects, cannot be compared.
fn is_identical(a: Value<'_>, b: Value<'_>) -> Result<bool, Failed> {
    Ok(match (a, b) {
        (Value::Null, Value::Null) | (Value::IntegerZero, Value::IntegerZero) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::List(_), Value::List(_)) | (Value::Map(_), Value::Map(_)) => return Err(Failed),
        _ => false,
    })
}

/// Whether all elements of the second list are in the first one; false without two lists.
pub(in crate::jsonlogic) fn contains_all<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    Ok(Value::Bool(match two_lists(operand, scope)? {
        Some((list, wanted)) => !any_contained(list, wanted, false, scope.run)?,
        None => false,
    }))
}

/// Whether any element of the second list is in the first one; false without two lists.
pub(in crate::jsonlogic) fn contains_any<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    Ok(Value::Bool(match two_lists(operand, scope)? {
        Some((list, wanted)) => any_contained(list, wanted, true, scope.run)?,
        None => false,
    }))
}

/// Whether no element of the second list is in the first one; true without two lists.
pub(in crate::jsonlogic) fn contains_none<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    Ok(Value::Bool(match two_lists(operand, scope)? {
        Some((list, wanted)) => !any_contained(list, wanted, true, scope.run)?,
        None => true,
    }))
}

/// Whether there is a wanted element that is in the list, or is not.
fn any_contained(list: List<'_>, wanted: List<'_>, is_contained: bool, run: &Run) -> Result<bool, Failed> {
    for wanted in wanted.iter() {
        if contains(list, wanted, run)? == is_contained {
            return Ok(true);
        }
    }
    Ok(false)
}

fn two_lists<'v>(operand: Value<'v>, scope: Scope<'v>) -> Result<Option<(List<'v>, List<'v>)>, Failed> {
    let operands = match Operands::new(operand, scope)? {
        Operands::List(operands) if operands.len() == 2 => operands,
        Operands::List(operands) => {
            operands.ignore(0)?;
            return Ok(None);
        }
        Operands::Bare(_) => return Ok(None),
    };
    Ok(match (operands.get(0)?, operands.get(1)?) {
        (Value::List(list), Value::List(wanted)) => Some((list, wanted)),
        _ => None,
    })
}

fn contains(list: List<'_>, wanted: Value<'_>, run: &Run) -> Result<bool, Failed> {
    run.spend(list.len())?;
    for element in list.iter() {
        if is_identical(element, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// One list of all operands and of the elements of those that are lists.
pub(in crate::jsonlogic) fn merge<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let operands = match Operands::new(operand, scope)? {
        Operands::Bare(value) if value.is_primitive() => {
            let mut single = scope.run.list(1)?;
            single.push(value);
            return Ok(Value::list(single));
        }
        Operands::Bare(_) => return Err(Failed),
        Operands::List(operands) => operands,
    };
    let mut merged = scope.run.list(operands.len())?;
    for operand in operands.from(0) {
        match operand? {
            Value::List(list) => {
                scope.run.spend(list.len().saturating_mul(8))?;
                merged.extend(list.iter());
            }
            value => merged.push(value),
        }
    }
    Ok(Value::list(merged))
}

/// The second operand evaluated with each element of the first one.
pub(in crate::jsonlogic) fn map<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let Some((subject, body)) = list_and_body(operand, scope)? else {
        return Ok(Value::EMPTY_LIST);
    };
    let mut mapped = scope.run.list(subject.len())?;
    for element in subject.iter() {
        mapped.push(evaluate(body, scope.with(element).deeper()?)?);
    }
    Ok(Value::list(mapped))
}

/// The elements of the first operand with which the second one is true.
pub(in crate::jsonlogic) fn filter<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let Some((subject, condition)) = list_and_body(operand, scope)? else {
        return Ok(Value::EMPTY_LIST);
    };
    let condition = substitute(condition, scope)?;
    let mut filtered = scope.run.list(subject.len())?;
    for element in subject.iter() {
        if is_true(evaluate(condition, scope.with(element).deeper()?)?) {
            filtered.push(element);
        }
    }
    Ok(Value::list(filtered))
}

/// The list and the body of `map` and `filter`; `None` when either is missing.
fn list_and_body<'v>(operand: Value<'v>, scope: Scope<'v>) -> Result<Option<(List<'v>, Value<'v>)>, Failed> {
    let operands = written_list(operand)?;
    let (Some(first), Some(body)) = (operands.get(0), operands.get(1)) else {
        return Ok(None);
    };
    match subject(first, scope)? {
        Value::Null => Ok(None),
        Value::List(list) => Ok(Some((list, body))),
        _ => Err(Failed),
    }
}

/// The second operand evaluated with each element of the first one and what came of the elements before it; the third
/// operand is where it starts and gives the type. Null elements are skipped.
pub(in crate::jsonlogic) fn reduce<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let operands = written_list(operand)?;
    let (Some(first), Some(body), Some(initial)) = (operands.get(0), operands.get(1), operands.get(2)) else {
        return Ok(Value::Number(0.0));
    };
    let mut accumulator = match initial {
        Value::Map(map) => apply(map, scope)?,
        initial => initial,
    };
    let value_type = match accumulator {
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::Text(_) => "string",
        _ => return Err(Failed),
    };
    let list = match subject(first, scope)? {
        Value::Null => return Ok(Value::Number(0.0)),
        Value::List(list) => list,
        _ => return Err(Failed),
    };
    for current in list.iter().filter(|current| !current.is_null()) {
        let reduction = Reduction {
            current,
            accumulator,
            value_type,
        };
        accumulator = step(body, &reduction, scope)?;
    }
    Ok(accumulator)
}

/// The next accumulator, of the type of the one before.
fn step<'v>(body: Value<'v>, reduction: &Reduction<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let Value::Map(body) = body else {
        return Err(Failed);
    };
    let inner: Scope<'_> = scope.with(Value::Map(Map::Reduction(reduction))).deeper()?;
    let value = apply(body, inner)?;
    Ok(match reduction.accumulator {
        Value::Bool(_) => Value::Bool(is_true(value)),
        Value::Number(_) => Value::Number(number(value)?),
        _ => Value::Text(scope.run.arena.alloc_str(text(value, scope.run)?)),
    })
}

/// Whether the condition is true with every element; false without any.
pub(in crate::jsonlogic) fn all<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    Ok(Value::Bool(match quantified(operand, scope)? {
        Some((list, condition)) => !any(list, condition, scope, false)?,
        None => false,
    }))
}

/// Whether the condition is true with some element.
pub(in crate::jsonlogic) fn some<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    Ok(Value::Bool(match quantified(operand, scope)? {
        Some((list, condition)) => any(list, condition, scope, true)?,
        None => false,
    }))
}

/// Whether the condition is true with no element.
pub(in crate::jsonlogic) fn none<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    Ok(Value::Bool(match quantified(operand, scope)? {
        Some((list, condition)) => !any(list, condition, scope, true)?,
        None => true,
    }))
}

/// Whether there is an element with which the condition is `wanted`.
fn any<'v>(list: List<'v>, condition: Map<'v>, scope: Scope<'v>, wanted: bool) -> Result<bool, Failed> {
    for element in list.iter() {
        if is_true(apply(condition, scope.with(element).deeper()?)?) == wanted {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The list and the condition of a quantifier; `None` when the list is empty or missing.
fn quantified<'v>(operand: Value<'v>, scope: Scope<'v>) -> Result<Option<(List<'v>, Map<'v>)>, Failed> {
    let operands = written_list(operand)?;
    let subject = subject(operands.get(0).ok_or(Failed)?, scope)?;
    if !is_true(subject) {
        return Ok(None);
    }
    let condition = substitute(operands.get(1).ok_or(Failed)?, scope)?;
    match (subject, condition) {
        (Value::List(list), Value::Map(condition)) => Ok(Some((list, condition))),
        _ => Err(Failed),
    }
}

/// What an operator goes through: a list as it is written, or what an operation yields; null for anything else.
fn subject<'v>(rule: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    match rule {
        Value::List(_) => Ok(rule),
        Value::Map(map) => apply(map, scope),
        _ => Ok(Value::Null),
    }
}
