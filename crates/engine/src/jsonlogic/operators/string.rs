//! `cat`, `substr`, `startsWith`, `endsWith`.

use bumpalo::collections::String as ArenaString;

use crate::jsonlogic::coercion::{number, text};
use crate::jsonlogic::evaluate::{Evaluated, Failed, Operands, Scope};
use crate::jsonlogic::float;
use crate::jsonlogic::value::Value;

/// The operands one after the other, without white space at the ends unless there is but one.
pub(in crate::jsonlogic) fn concatenate<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let operands = match Operands::new(operand, scope)? {
        Operands::Bare(text @ Value::Text(_)) => return Ok(text),
        Operands::Bare(_) => return Err(Failed),
        Operands::List(operands) => operands,
    };
    if operands.len() == 1 {
        return Ok(Value::Text(text(operands.get(0)?, scope.run)?));
    }
    let mut joined = ArenaString::new_in(&scope.run.arena);
    for operand in operands.from(0) {
        match operand? {
            Value::Number(number) => float::write(&mut joined, number),
            operand => {
                let part = text(operand, scope.run)?;
                scope.run.spend(part.len())?;
                joined.push_str(part);
            }
        }
    }
    Ok(Value::Text(joined.into_bump_str().trim()))
}

/// The part of a text from a position (counted in code points, from the end when negative) and of a length (up to that far from
/// the end when negative). A position outside of the text gives all of it.
pub(in crate::jsonlogic) fn substring<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let operands = Operands::list(operand, scope)?;
    let text = text(operands.get(0)?, scope.run)?;
    let from = number(operands.get(1)?)? as i64;
    let size = text.chars().count() as i64;
    let from = if from < 0 { size + from } else { from };
    if !(0..=size).contains(&from) {
        operands.ignore(2)?;
        return Ok(Value::Text(text));
    }
    let length = if operands.len() == 3 {
        number(operands.get(2)?)? as i64
    } else {
        size
    };
    operands.ignore(3)?;
    let to = if length < 0 {
        size + length
    } else {
        from.wrapping_add(length)
    }
    .min(size);
    if to < from {
        return Err(Failed);
    }
    Ok(Value::Text(&text[byte_offset(text, from)..byte_offset(text, to)]))
}

/// Whether the first text starts with the second one. Anything but a text has no start.
pub(in crate::jsonlogic) fn starts_with<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    compare_part(operand, scope, |text, part| text.starts_with(part))
}

/// Whether the first text ends with the second one. Anything but a text has no end.
pub(in crate::jsonlogic) fn ends_with<'v>(operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    compare_part(operand, scope, |text, part| text.ends_with(part))
}

fn compare_part<'v>(operand: Value<'v>, scope: Scope<'v>, holds: impl Fn(&str, &str) -> bool) -> Evaluated<'v> {
    let operands = Operands::list(operand, scope)?;
    if operands.len() < 2 {
        operands.ignore(0)?;
        return Ok(Value::Bool(false));
    }
    let (text, part) = (operands.get(0)?, operands.get(1)?);
    operands.ignore(2)?;
    Ok(Value::Bool(
        matches!((text, part), (Value::Text(text), Value::Text(part)) if holds(text, part)),
    ))
}

/// Where a code point starts.
fn byte_offset(text: &str, code_points: i64) -> usize {
    let index = usize::try_from(code_points).unwrap_or(usize::MAX);
    text.char_indices().nth(index).map_or(text.len(), |(offset, _)| offset)
}
