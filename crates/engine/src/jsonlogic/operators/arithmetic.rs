//! `+`, `-`, `*`, `/`, `%`, `abs`, `max`, `min`.

use crate::jsonlogic::coercion::number;
use crate::jsonlogic::evaluate::{Evaluated, Failed, OperandList, Operands, Scope};
use crate::jsonlogic::value::Value;

/// The sum. A bare operand is made a number.
pub(in crate::jsonlogic) fn add<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    match Operands::new(operand, scope)? {
        Operands::Bare(value) => Ok(Value::Number(number(value)?)),
        Operands::List(operands) => Ok(Value::Number(fold(0.0, operands, 0, |sum, number| sum + number)?)),
    }
}

/// The first operand less the others; a single one is negated.
pub(in crate::jsonlogic) fn subtract<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let Some((first, operands)) = first(operand, scope)? else {
        return Ok(Value::IntegerZero);
    };
    if operands.len() == 1 {
        return Ok(Value::Number(-first));
    }
    Ok(Value::Number(fold(first, operands, 1, |rest, number| rest - number)?))
}

/// The product, 1 without a list.
pub(in crate::jsonlogic) fn multiply<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    match Operands::new(operand, scope)? {
        Operands::Bare(_) => Ok(Value::Number(1.0)),
        Operands::List(operands) => Ok(Value::Number(fold(1.0, operands, 0, |product, number| {
            product * number
        })?)),
    }
}

/// The first operand divided by the others in turn.
pub(in crate::jsonlogic) fn divide<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let Some((first, operands)) = first(operand, scope)? else {
        return Ok(Value::IntegerZero);
    };
    Ok(Value::Number(fold(first, operands, 1, |rest, number| rest / number)?))
}

/// The remainder, with the sign of the first operand.
pub(in crate::jsonlogic) fn remainder<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let operands = Operands::list(operand, scope)?;
    let (a, b) = (number(operands.get(0)?)?, number(operands.get(1)?)?);
    operands.ignore(2)?;
    Ok(Value::Number(a % b))
}

/// The absolute value of a bare operand or of the first one.
pub(in crate::jsonlogic) fn absolute<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let value = match Operands::new(operand, scope)? {
        Operands::Bare(value) => number(value)?,
        Operands::List(operands) if operands.len() == 0 => 0.0,
        Operands::List(operands) => {
            operands.ignore(1)?;
            number(operands.get(0)?)?
        }
    };
    Ok(Value::Number(value.abs()))
}

/// The largest operand; null without any.
pub(in crate::jsonlogic) fn maximum<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    extreme(operand, scope, |number, best| number > best)
}

/// The smallest operand; null without any.
pub(in crate::jsonlogic) fn minimum<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    extreme(operand, scope, |number, best| number < best)
}

/// The operand that is better than all before it.
fn extreme<'v>(operand: Value<'v>, scope: Scope<'v>, is_better: impl Fn(f64, f64) -> bool) -> Evaluated<'v> {
    let Some((first, operands)) = first(operand, scope)? else {
        return Ok(Value::Null);
    };
    let best = fold(
        first,
        operands,
        1,
        |best, number| if is_better(number, best) { number } else { best },
    )?;
    Ok(Value::Number(best))
}

/// The first operand as a number, and all of them; `None` when there is none or no list.
fn first<'v>(operand: Value<'v>, scope: Scope<'v>) -> Result<Option<(f64, OperandList<'v>)>, Failed> {
    match Operands::new(operand, scope)? {
        Operands::List(operands) if operands.len() > 0 => Ok(Some((number(operands.get(0)?)?, operands))),
        Operands::List(_) | Operands::Bare(_) => Ok(None),
    }
}

fn fold(
    initial: f64,
    operands: OperandList<'_>,
    from: usize,
    combine: impl Fn(f64, f64) -> f64,
) -> Result<f64, Failed> {
    operands.from(from).try_fold(initial, |accumulator, operand| {
        Ok(combine(accumulator, number(operand?)?))
    })
}
