//! `and`, `or`, `!`, `!!`, `if`.

use crate::jsonlogic::coercion::is_true;
use crate::jsonlogic::evaluate::{Evaluated, Failed, Operands, Scope, apply, evaluate};
use crate::jsonlogic::value::{List, Value};

/// The first operand that is not true, or the last one. Null when there is none.
pub(in crate::jsonlogic) fn and<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    first(operand, scope, |value| !is_true(value))
}

/// The first operand that is true, or the last one. Null when there is none.
pub(in crate::jsonlogic) fn or<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    first(operand, scope, is_true)
}

fn first<'v>(operand: Value<'v>, scope: Scope<'v>, decides: impl Fn(Value<'v>) -> bool) -> Evaluated<'v> {
    let mut last = Value::Null;
    for rule in written_list(operand)?.iter() {
        last = evaluate(rule, scope)?;
        if decides(last) {
            break;
        }
    }
    Ok(last)
}

/// Whether the operand is true; of a list its first element counts.
pub(in crate::jsonlogic) fn truth<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    first_is_true(Operands::new(operand, scope)?).map(Value::Bool)
}

/// Whether the operand is not true; of a list its first element counts.
pub(in crate::jsonlogic) fn not<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    first_is_true(Operands::new(operand, scope)?).map(|truth| Value::Bool(!truth))
}

fn first_is_true(operands: Operands<'_>) -> Result<bool, Failed> {
    match operands {
        Operands::Bare(value) => Ok(is_true(value)),
        Operands::List(operands) if operands.len() == 0 => Ok(false),
        Operands::List(operands) => {
            operands.ignore(1)?;
            Ok(is_true(operands.get(0)?))
        }
    }
}

/// The value that follows the first condition that is true, or the odd one at the end. Null when there is neither.
pub(in crate::jsonlogic) fn choose<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let mut clauses = written_list(operand)?.iter();
    while let Some(clause) = clauses.next() {
        let Some(consequence) = clauses.next() else {
            return branch(clause, scope);
        };
        if is_true(evaluate(clause, scope)?) {
            return branch(consequence, scope);
        }
    }
    Ok(Value::Null)
}

/// A branch that yields an object has it applied as a rule.
fn branch<'v>(rule: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    match evaluate(rule, scope)? {
        Value::Map(map) => apply(map, scope),
        value => Ok(value),
    }
}

/// The operand of an operator that evaluates its operands itself: it must be written as a list.
pub(super) fn written_list(operand: Value<'_>) -> Result<List<'_>, Failed> {
    match operand {
        Value::List(list) => Ok(list),
        _ => Err(Failed),
    }
}
