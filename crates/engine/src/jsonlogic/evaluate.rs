//! Evaluating a rule against data. A rule is a value like any other, since GO Feature Flag also runs objects that it finds
//! in the context.

use std::cell::Cell;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::node::DEEPEST_RULE;
use super::operator;
use super::value::{List, Map, Shape, Value};

/// How deep operations may be nested, those included that come out of the context. More than a rule can be.
const DEEPEST_EVALUATION: u16 = DEEPEST_RULE + 32;

/// What one evaluation may cost: each step is one value evaluated or compared, one byte of a text that was put together, or
/// an eighth of an element of a list. Far more than any rule needs that is meant to be evaluated per request.
const MOST_STEPS: u32 = 1 << 25;

/// The rule cannot be evaluated (in GO Feature Flag: an error or a panic) and is therefore false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failed;

/// What evaluating comes to.
pub(super) type Evaluated<'v> = Result<Value<'v>, Failed>;

/// What one evaluation needs besides rule and data: memory for what operators build, which is not touched until one does, and
/// a budget.
pub(super) struct Run {
    pub(super) arena: Bump,
    steps: Cell<u32>,
}

/// Where a rule is evaluated.
#[derive(Clone, Copy)]
pub(super) struct Scope<'v> {
    /// Where `var` looks.
    pub(super) data: Value<'v>,
    pub(super) run: &'v Run,
    depth: u16,
}

impl Run {
    pub(super) fn new() -> Self {
        Self {
            arena: Bump::new(),
            steps: Cell::new(MOST_STEPS),
        }
    }

    /// Takes steps off the budget.
    pub(super) fn spend(&self, steps: usize) -> Result<(), Failed> {
        let steps = u32::try_from(steps).map_err(|_| Failed)?;
        self.steps.set(self.steps.get().checked_sub(steps).ok_or(Failed)?);
        Ok(())
    }

    /// An empty list with room for a number of elements.
    pub(super) fn list<'v, T>(&'v self, capacity: usize) -> Result<ArenaVec<'v, T>, Failed> {
        self.spend(capacity.saturating_mul(8))?;
        Ok(ArenaVec::with_capacity_in(capacity, &self.arena))
    }
}

impl<'v> Scope<'v> {
    /// The scope of a whole rule.
    pub(super) fn new(data: Value<'v>, run: &'v Run) -> Self {
        Self {
            data,
            run,
            depth: DEEPEST_EVALUATION,
        }
    }

    /// The same place in a rule with other data.
    pub(super) fn with(self, data: Value<'v>) -> Self {
        Self { data, ..self }
    }

    /// How much deeper values may be nested.
    pub(super) fn depth(self) -> u16 {
        self.depth
    }

    /// One level deeper.
    pub(super) fn deeper(self) -> Result<Self, Failed> {
        self.run.spend(1)?;
        Ok(Self {
            depth: self.depth.checked_sub(1).ok_or(Failed)?,
            ..self
        })
    }
}

/// The value of a rule: operations are applied, lists evaluated element by element.
pub(super) fn evaluate<'v>(rule: Value<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    match rule {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => Ok(rule),
        Value::IntegerZero => Err(Failed),
        Value::Map(map) => apply(map, scope),
        Value::List(list) if list.is_plain(scope.depth()) => Ok(rule),
        Value::List(list) => {
            let scope = scope.deeper()?;
            let mut elements = scope.run.list(list.len())?;
            for element in list.iter() {
                elements.push(evaluate(element, scope)?);
            }
            Ok(Value::list(elements))
        }
    }
}

/// Applies an object: with one member it is an operation, otherwise it stands for itself.
pub(super) fn apply<'v>(map: Map<'v>, scope: Scope<'v>) -> Evaluated<'v> {
    let (operator, operand) = match (map, map.shape()) {
        (_, Shape::Empty | Shape::Many) => return Ok(Value::Map(map)),
        (Map::Operation(operation), Shape::Single(_, operand)) => (operation.operator, operand),
        (_, Shape::Single(name, operand)) => (operator::by_name(name), operand),
    };
    operator.ok_or(Failed)?(operand, scope.deeper()?)
}

/// The operand of an operator that wants evaluated ones: a list of operands, or a bare one.
#[derive(Clone, Copy)]
pub(super) enum Operands<'v> {
    Bare(Value<'v>),
    List(OperandList<'v>),
}

/// A list of operands. Each one is evaluated when it is asked for; ask once.
#[derive(Clone, Copy)]
pub(super) struct OperandList<'v> {
    list: List<'v>,
    /// Where they are evaluated; `None` when they stand for themselves.
    scope: Option<Scope<'v>>,
}

impl<'v> Operands<'v> {
    pub(super) fn new(operand: Value<'v>, scope: Scope<'v>) -> Result<Self, Failed> {
        match operand {
            Value::List(list) => {
                let scope = if list.is_plain(scope.depth()) {
                    None
                } else {
                    Some(scope)
                };
                Ok(Self::List(OperandList { list, scope }))
            }
            _ => Ok(match evaluate(operand, scope)? {
                Value::List(list) => Self::List(OperandList { list, scope: None }),
                bare => Self::Bare(bare),
            }),
        }
    }

    /// The list; a bare operand is a failure.
    pub(super) fn list(operand: Value<'v>, scope: Scope<'v>) -> Result<OperandList<'v>, Failed> {
        match Self::new(operand, scope)? {
            Self::List(list) => Ok(list),
            Self::Bare(_) => Err(Failed),
        }
    }
}

impl<'v> OperandList<'v> {
    pub(super) fn len(self) -> usize {
        self.list.len()
    }

    /// The value of an operand; one that is not there is a failure.
    pub(super) fn get(self, index: usize) -> Evaluated<'v> {
        self.value(self.list.get(index).ok_or(Failed)?)
    }

    /// The values of all operands from an index on.
    pub(super) fn from(self, index: usize) -> impl Iterator<Item = Evaluated<'v>> {
        (index..self.len()).map(move |index| self.get(index))
    }

    /// Evaluates the operands from an index on for nothing but their failures, as an operator does that has no use for them.
    pub(super) fn ignore(self, index: usize) -> Result<(), Failed> {
        if self.scope.is_none() {
            return Ok(());
        }
        self.from(index).try_for_each(|operand| operand.map(|_| ()))
    }

    fn value(self, operand: Value<'v>) -> Evaluated<'v> {
        match self.scope {
            Some(scope) => evaluate(operand, scope),
            None => Ok(operand),
        }
    }
}
