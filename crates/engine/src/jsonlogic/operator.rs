//! The operators, their names, and which function each one is.

use super::evaluate::{Evaluated, Scope};
use super::operators::{arithmetic, array, comparison, logic, string};
use super::value::Value;
use super::variable;

/// An operator of the dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    And,
    Or,
    Not,
    Truth,
    If,
    Equal,
    NotEqual,
    StrictEqual,
    StrictNotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Absolute,
    Maximum,
    Minimum,
    Concatenate,
    Substring,
    StartsWith,
    EndsWith,
    In,
    ContainsAll,
    ContainsAny,
    ContainsNone,
    Merge,
    Map,
    Filter,
    Reduce,
    All,
    Some,
    None,
    Variable,
    Missing,
    MissingSome,
    Set,
}

impl Operator {
    /// The operator that is written like this. GO Feature Flag lacks the tests on the start and the end of a text although
    /// its documentation shows one.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "and" => Self::And,
            "or" => Self::Or,
            "!" => Self::Not,
            "!!" => Self::Truth,
            "if" | "?:" => Self::If,
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "===" => Self::StrictEqual,
            "!==" => Self::StrictNotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            "%" => Self::Remainder,
            "abs" => Self::Absolute,
            "max" => Self::Maximum,
            "min" => Self::Minimum,
            "cat" => Self::Concatenate,
            "substr" => Self::Substring,
            "startsWith" | "starts_with" => Self::StartsWith,
            "endsWith" | "ends_with" => Self::EndsWith,
            "in" => Self::In,
            "contains_all" => Self::ContainsAll,
            "contains_any" => Self::ContainsAny,
            "contains_none" => Self::ContainsNone,
            "merge" => Self::Merge,
            "map" => Self::Map,
            "filter" => Self::Filter,
            "reduce" => Self::Reduce,
            "all" => Self::All,
            "some" => Self::Some,
            "none" => Self::None,
            "var" => Self::Variable,
            "missing" => Self::Missing,
            "missing_some" => Self::MissingSome,
            "set" => Self::Set,
            _ => return None,
        })
    }

    /// Applies the operator to an operand that is not evaluated yet.
    pub(super) fn apply<'v>(self, operand: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
        let truth = |result: Result<bool, _>| result.map(Value::Bool);
        match self {
            Self::And => logic::and(operand, scope),
            Self::Or => logic::or(operand, scope),
            Self::Not => truth(logic::truth(operand, scope).map(|truth| !truth)),
            Self::Truth => truth(logic::truth(operand, scope)),
            Self::If => logic::choose(operand, scope),
            Self::Equal => truth(comparison::equal(operand, scope)),
            Self::NotEqual => truth(comparison::equal(operand, scope).map(|equal| !equal)),
            Self::StrictEqual => truth(comparison::strict_equal(operand, scope)),
            Self::StrictNotEqual => truth(comparison::strict_equal(operand, scope).map(|equal| !equal)),
            Self::Less => truth(comparison::ordered(operand, scope, comparison::less)),
            Self::LessOrEqual => truth(comparison::ordered(operand, scope, comparison::less_or_equal)),
            Self::Greater => truth(comparison::ordered(operand, scope, |a, b| comparison::less(b, a))),
            Self::GreaterOrEqual => truth(comparison::ordered(operand, scope, |a, b| {
                comparison::less_or_equal(b, a)
            })),
            Self::Add => arithmetic::add(operand, scope),
            Self::Subtract => arithmetic::subtract(operand, scope),
            Self::Multiply => arithmetic::multiply(operand, scope),
            Self::Divide => arithmetic::divide(operand, scope),
            Self::Remainder => arithmetic::remainder(operand, scope),
            Self::Absolute => arithmetic::absolute(operand, scope),
            Self::Maximum => arithmetic::extreme(operand, scope, |number, best| number > best),
            Self::Minimum => arithmetic::extreme(operand, scope, |number, best| number < best),
            Self::Concatenate => string::concatenate(operand, scope),
            Self::Substring => string::substring(operand, scope),
            Self::StartsWith => truth(string::compare_part(operand, scope, |text, part| {
                text.starts_with(part)
            })),
            Self::EndsWith => truth(string::compare_part(operand, scope, |text, part| text.ends_with(part))),
            Self::In => truth(array::is_in(operand, scope)),
            Self::ContainsAll => truth(array::contains_all(operand, scope)),
            Self::ContainsAny => truth(array::contains_any(operand, scope).map(|any| any.unwrap_or(false))),
            Self::ContainsNone => truth(array::contains_any(operand, scope).map(|any| !any.unwrap_or(false))),
            Self::Merge => array::merge(operand, scope),
            Self::Map => array::map(operand, scope),
            Self::Filter => array::filter(operand, scope),
            Self::Reduce => array::reduce(operand, scope),
            Self::All => truth(array::all(operand, scope)),
            Self::Some => truth(array::some(operand, scope)),
            Self::None => truth(array::some(operand, scope).map(|some| !some)),
            Self::Variable => variable::variable(operand, scope),
            Self::Missing => variable::missing(operand, scope),
            Self::MissingSome => variable::missing_some(operand, scope),
            Self::Set => variable::set(operand, scope),
        }
    }
}
