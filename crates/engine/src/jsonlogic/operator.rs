//! The operators by name.

use super::evaluate::{Evaluated, Scope};
use super::operators::{arithmetic, array, comparison, logic, string};
use super::value::Value;
use super::variable;

/// An operator: takes an operand that is not evaluated yet, and evaluates as much of it as it wants.
pub(super) type Operator = for<'v> fn(Value<'v>, Scope<'v>) -> Evaluated<'v>;

/// The operator that is written like this. GO Feature Flag lacks the tests on the start and the end of a text although its
/// documentation shows one.
pub(super) fn by_name(name: &str) -> Option<Operator> {
    Some(match name {
        "and" => logic::and,
        "or" => logic::or,
        "!" => logic::not,
        "!!" => logic::truth,
        "if" | "?:" => logic::choose,
        "==" => comparison::equal,
        "!=" => comparison::not_equal,
        "===" => comparison::strict_equal,
        "!==" => comparison::strict_not_equal,
        "<" => comparison::less,
        "<=" => comparison::less_or_equal,
        ">" => comparison::greater,
        ">=" => comparison::greater_or_equal,
        "+" => arithmetic::add,
        "-" => arithmetic::subtract,
        "*" => arithmetic::multiply,
        "/" => arithmetic::divide,
        "%" => arithmetic::remainder,
        "abs" => arithmetic::absolute,
        "max" => arithmetic::maximum,
        "min" => arithmetic::minimum,
        "cat" => string::concatenate,
        "substr" => string::substring,
        "startsWith" | "starts_with" => string::starts_with,
        "endsWith" | "ends_with" => string::ends_with,
        "in" => array::contained,
        "contains_all" => array::contains_all,
        "contains_any" => array::contains_any,
        "contains_none" => array::contains_none,
        "merge" => array::merge,
        "map" => array::map,
        "filter" => array::filter,
        "reduce" => array::reduce,
        "all" => array::all,
        "some" => array::some,
        "none" => array::none,
        "var" => variable::variable,
        "missing" => variable::missing,
        "missing_some" => variable::missing_some,
        "set" => variable::set,
        _ => return None,
    })
}
