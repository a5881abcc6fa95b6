//! `==`, `===`, `<` and their relatives.

use crate::jsonlogic::coercion::compared_number;
use crate::jsonlogic::evaluate::{Failed, Operands, Scope};
use crate::jsonlogic::value::Value;

/// Whether the first two operands are equal, compared as JavaScript compares them; false when there are fewer.
pub(in crate::jsonlogic) fn equal<'v>(operand: Value<'v>, scope: Scope<'v>) -> Result<bool, Failed> {
    let operands = Operands::list(operand, scope)?;
    if operands.len() < 2 {
        operands.ignore(0)?;
        return Ok(false);
    }
    let (a, b) = (operands.get(0)?, operands.get(1)?);
    operands.ignore(2)?;
    Ok(is_equal(a, b))
}

/// Whether the first two operands are of one type and equal; false when there are fewer, also without a list.
pub(in crate::jsonlogic) fn strict_equal<'v>(operand: Value<'v>, scope: Scope<'v>) -> Result<bool, Failed> {
    let Operands::List(operands) = Operands::new(operand, scope)? else {
        return Ok(false);
    };
    if operands.len() < 2 {
        operands.ignore(0)?;
        return Ok(false);
    }
    let (a, b) = (operands.get(0)?, operands.get(1)?);
    operands.ignore(2)?;
    Ok(match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => a == b,
        // Lists and objects are compared as numbers, which they are not.
        _ => false,
    })
}

/// Whether the first two operands, or exactly three, are in order.
pub(in crate::jsonlogic) fn ordered<'v>(
    operand: Value<'v>,
    scope: Scope<'v>,
    in_order: impl Fn(Value<'v>, Value<'v>) -> bool,
) -> Result<bool, Failed> {
    let operands = Operands::list(operand, scope)?;
    if operands.len() < 2 {
        operands.ignore(0)?;
        return Ok(false);
    }
    let (a, b) = (operands.get(0)?, operands.get(1)?);
    if operands.len() == 3 {
        let c = operands.get(2)?;
        return Ok(in_order(a, b) && in_order(b, c));
    }
    operands.ignore(2)?;
    Ok(in_order(a, b))
}

/// Texts by their bytes, anything else as numbers.
pub(in crate::jsonlogic) fn less(a: Value<'_>, b: Value<'_>) -> bool {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => a < b,
        _ => compared_number(a) < compared_number(b),
    }
}

pub(in crate::jsonlogic) fn less_or_equal(a: Value<'_>, b: Value<'_>) -> bool {
    less(a, b) || is_equal(a, b)
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
