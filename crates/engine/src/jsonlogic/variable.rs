//! Variables: looking them up, finding out which are missing, setting one, and putting those of an outer scope into a rule.

use super::coercion;
use super::evaluate::{Evaluated, Failed, OperandList, Operands, Scope, evaluate};
use super::float;
use super::value::{List, Map, Value};

/// `var`: the value at a path, with an optional default for what is missing or null.
pub(super) fn variable<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let (name, default) = match Operands::new(operand, scope)? {
        Operands::Bare(Value::Null) if scope.data.is_primitive() => return Ok(scope.data),
        Operands::Bare(Value::Null) => return Ok(Value::Null),
        Operands::Bare(Value::Text("")) => return Ok(scope.data),
        Operands::Bare(Value::Text(name)) => (name, Value::Null),
        Operands::Bare(number @ Value::Number(_)) => (coercion::text(number, scope.run)?, Value::Null),
        Operands::Bare(_) => return Err(Failed),
        Operands::List(operands) => match named(operands)? {
            Some(named) => named,
            None => return Ok(scope.data),
        },
    };
    Ok(find(scope.data, name).unwrap_or(default))
}

/// Name and default of a variable that is written as a list; `None` when the list is empty.
fn named<'v>(operands: OperandList<'v>) -> Result<Option<(&'v str, Value<'v>)>, Failed> {
    if operands.len() == 0 {
        return Ok(None);
    }
    let Value::Text(name) = operands.get(0)? else {
        return Err(Failed);
    };
    if operands.len() == 2 {
        return Ok(Some((name, operands.get(1)?)));
    }
    operands.ignore(1)?;
    Ok(Some((name, Value::Null)))
}

/// The value at a dotted path, of which empty steps are skipped; `None` when any step of it is missing or null.
fn find<'v>(data: Value<'v>, path: &str) -> Option<Value<'v>> {
    let present = |value: Value<'v>| (!value.is_null()).then_some(value);
    path.split('.')
        .filter(|step| !step.is_empty())
        .try_fold(present(data)?, |value, step| match value {
            Value::Map(map) => map.get(step).and_then(present),
            Value::List(list) => element(list, step).and_then(present),
            _ => None,
        })
}

/// An element of a list by the text of its index, which may have a fraction.
fn element<'v>(list: List<'v>, index: &str) -> Option<Value<'v>> {
    list.get(usize::try_from(float::parse(index).ok()? as i64).ok()?)
}

/// `missing`: those of some variables that are missing or null.
pub(super) fn missing<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    match evaluate(operand, scope)? {
        name @ Value::Text(_) => Ok(missing_of(List::Built(scope.run.arena.alloc([name])), scope)?.0),
        Value::List(names) => Ok(missing_of(names, scope)?.0),
        _ => Err(Failed),
    }
}

/// `missing_some`: as `missing`, but nothing when enough of the variables are there.
pub(super) fn missing_some<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let operands = Operands::list(operand, scope)?;
    let needed = coercion::number(operands.get(0)?)? as i64;
    let names = operands.get(1)?;
    operands.ignore(2)?;
    let Value::List(names) = names else {
        return Ok(Value::EMPTY_LIST);
    };
    let (missing, found) = missing_of(names, scope)?;
    Ok(if needed > found as i64 {
        missing
    } else {
        Value::EMPTY_LIST
    })
}

/// Those names whose variable is missing or null, and how many are neither. A name is evaluated once more.
fn missing_of<'v>(names: List<'v>, scope: Scope<'v>) -> Result<(Value<'v>, usize), Failed> {
    let mut missing = scope.run.list(names.len())?;
    for name in names.iter() {
        if variable(name, scope.deeper()?)?.is_null() {
            missing.push(name);
        }
    }
    let found = names.len() - missing.len();
    Ok((Value::list(missing), found))
}

/// `set`: a copy of an object with one member set. What is no object, or has no name to set, stays as it is.
pub(super) fn set<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let operands = match Operands::new(operand, scope)? {
        Operands::List(operands) if operands.len() > 0 => operands,
        Operands::List(_) | Operands::Bare(_) => return Ok(Value::Null),
    };
    let object = operands.get(0)?;
    if operands.len() < 3 {
        operands.ignore(1)?;
        return Ok(object);
    }
    let (name, value) = (operands.get(1)?, operands.get(2)?);
    operands.ignore(3)?;
    let (Value::Map(map), Value::Text(name)) = (object, name) else {
        return Ok(object);
    };
    // The value has been evaluated already, and is once more.
    let value = evaluate(value, scope)?;
    let mut members = map.members(&scope.run.arena);
    scope.run.spend(members.len().saturating_mul(8))?;
    match members.iter_mut().find(|(known, _)| *known == name) {
        Some(member) => member.1 = value,
        None => members.push((name, value)),
    }
    Ok(Value::Map(Map::Built(members.into_bump_slice())))
}

/// A rule with every variable in it replaced that has a value in the scope. Quantifiers do that to their condition before
/// they look at any element, so that a name of the outer scope hides the one of the element. Names that are empty or start
/// with a dot are left alone.
pub(super) fn substitute<'v>(rule: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    Ok(substituted(rule, scope)?.unwrap_or(rule))
}

/// `None` when nothing in the rule is replaced.
fn substituted<'v>(rule: Value<'v>, scope: Scope<'v>) -> Result<Option<Value<'v>>, Failed> {
    match rule {
        Value::List(list) if !list.is_plain(scope.depth()) => substituted_list(list, scope.deeper()?),
        Value::Map(map) => substituted_map(map, scope.deeper()?),
        _ => Ok(None),
    }
}

fn substituted_list<'v>(list: List<'v>, scope: Scope<'v>) -> Result<Option<Value<'v>>, Failed> {
    let mut replaced = None;
    for (index, element) in list.iter().enumerate() {
        let Some(element) = substituted(element, scope)? else {
            continue;
        };
        if replaced.is_none() {
            let mut copy = scope.run.list(list.len())?;
            copy.extend(list.iter());
            replaced = Some(copy);
        }
        if let Some(copy) = &mut replaced {
            copy[index] = element;
        }
    }
    Ok(replaced.map(Value::list))
}

fn substituted_map<'v>(map: Map<'v>, scope: Scope<'v>) -> Result<Option<Value<'v>>, Failed> {
    match map.get("var") {
        None => {}
        Some(Value::Text(name)) if name.is_empty() || name.starts_with('.') => {}
        Some(operand) => {
            let value = variable(operand, scope)?;
            if !value.is_null() {
                return Ok(Some(value));
            }
        }
    }
    if let Map::Operation(operation) = map {
        if &*operation.name == "var" {
            return Ok(None);
        }
        let Some(operand) = substituted(Value::from(&operation.operand), scope)? else {
            return Ok(None);
        };
        let members = scope.run.arena.alloc([(&*operation.name, operand)]);
        return Ok(Some(Value::Map(Map::Built(members))));
    }
    let mut members = map.members(&scope.run.arena);
    scope.run.spend(members.len().saturating_mul(8))?;
    let mut changed = false;
    for (_, value) in members.iter_mut().filter(|(name, _)| *name != "var") {
        if let Some(replacement) = substituted(*value, scope)? {
            *value = replacement;
            changed = true;
        }
    }
    Ok(changed.then(|| Value::Map(Map::Built(members.into_bump_slice()))))
}
