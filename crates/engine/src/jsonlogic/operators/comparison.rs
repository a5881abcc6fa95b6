//! `==`, `===`, `<` and their relatives. They compare two operands; with fewer they are false, more are ignored.

use crate::jsonlogic::coercion::compared_number;
use crate::jsonlogic::evaluate::{Evaluated, Failed, OperandList, Operands, Scope};
use crate::jsonlogic::value::Value;

/// Whether the operands are equal, compared as JavaScript compares them.
pub(in crate::jsonlogic) fn equal<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    compare(Operands::list(operand, scope)?, is_equal).map(Value::Bool)
}

pub(in crate::jsonlogic) fn not_equal<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    compare(Operands::list(operand, scope)?, is_equal).map(|equal| Value::Bool(!equal))
}

/// Whether the operands are of one type and equal.
pub(in crate::jsonlogic) fn strict_equal<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    match Operands::new(operand, scope)? {
        Operands::Bare(_) => Ok(Value::Bool(false)),
        Operands::List(operands) => compare(operands, is_strictly_equal).map(Value::Bool),
    }
}

pub(in crate::jsonlogic) fn strict_not_equal<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    match Operands::new(operand, scope)? {
        Operands::Bare(_) => Ok(Value::Bool(true)),
        Operands::List(operands) => compare(operands, is_strictly_equal).map(|equal| Value::Bool(!equal)),
    }
}

/// Whether the operands, two or exactly three, ascend.
pub(in crate::jsonlogic) fn less<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    order(operand, scope, is_less)
}

pub(in crate::jsonlogic) fn less_or_equal<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    order(operand, scope, is_less_or_equal)
}

pub(in crate::jsonlogic) fn greater<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    order(operand, scope, |a, b| is_less(b, a))
}

pub(in crate::jsonlogic) fn greater_or_equal<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    order(operand, scope, |a, b| is_less_or_equal(b, a))
}

fn compare<'v>(operands: OperandList<'v>, holds: impl Fn(Value<'v>, Value<'v>) -> bool) -> Result<bool, Failed> {
    if operands.len() < 2 {
        operands.ignore(0)?;
        return Ok(false);
    }
    let (a, b) = (operands.get(0)?, operands.get(1)?);
    operands.ignore(2)?;
    Ok(holds(a, b))
}

fn order<'v>(operand: Value<'v>, scope: Scope<'v>, holds: impl Fn(Value<'v>, Value<'v>) -> bool) -> Evaluated<'v> {
    let operands = Operands::list(operand, scope)?;
    if operands.len() != 3 {
        return compare(operands, holds).map(Value::Bool);
    }
    let (a, b, c) = (operands.get(0)?, operands.get(1)?, operands.get(2)?);
    Ok(Value::Bool(holds(a, b) && holds(b, c)))
}

/// Null equals nothing but null.
fn is_equal(a: Value<'_>, b: Value<'_>) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::Text(a), Value::Text(b)) => a == b,
        _ => compared_number(a) == compared_number(b),
    }
}

/// Lists and objects never are: they are compared as numbers, which they are not.
fn is_strictly_equal(a: Value<'_>, b: Value<'_>) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => a == b,
        _ => false,
    }
}

/// Texts by their bytes, anything else as numbers.
fn is_less(a: Value<'_>, b: Value<'_>) -> bool {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => a < b,
        _ => compared_number(a) < compared_number(b),
    }
}

fn is_less_or_equal(a: Value<'_>, b: Value<'_>) -> bool {
    is_less(a, b) || is_equal(a, b)
}
