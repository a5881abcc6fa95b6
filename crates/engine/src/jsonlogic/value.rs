//! Values as operators see them: views of the context, of the rule itself, or of what an operator has built.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use crate::attribute::{Attribute, Attributes};
use crate::context::{ContextMap, ContextValue};

use super::node::{ListNode, Node, Object, Operation};

/// A JSON value. Copying one copies a view, never what it shows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'v> {
    Null,
    Bool(bool),
    Number(f64),
    /// What `-` and `/` give without operands: in GO Feature Flag a zero of another type than all numbers, so that it is
    /// encoded as `0` while no operator takes it for a number.
    IntegerZero,
    Text(&'v str),
    List(List<'v>),
    Map(Map<'v>),
}

/// A list.
#[derive(Debug, Clone, Copy)]
pub(super) enum List<'v> {
    Context(&'v [ContextValue<'v>]),
    Rule(&'v ListNode),
    Built(&'v [Value<'v>]),
}

/// An object.
#[derive(Debug, Clone, Copy)]
pub(super) enum Map<'v> {
    /// All that a rule can see of a context.
    Attributes(&'v Attributes<'v>),
    Context(&'v ContextMap<'v>),
    /// An object of the rule that is no operation.
    Object(&'v Object),
    /// An operation of the rule, seen as the object it was written as.
    Operation(&'v Operation),
    /// Where the body of `reduce` looks for its variables.
    Reduction(&'v Reduction<'v>),
    Built(&'v [(&'v str, Value<'v>)]),
}

/// The state of a `reduce`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reduction<'v> {
    pub(super) current: Value<'v>,
    pub(super) accumulator: Value<'v>,
    pub(super) value_type: &'static str,
}

/// How an object is taken when it is applied as a rule.
pub(super) enum Shape<'v> {
    Empty,
    /// One member: its name is an operator, its value the operand.
    Single(&'v str, Value<'v>),
    Many,
}

impl<'v> From<&'v Node> for Value<'v> {
    fn from(node: &'v Node) -> Self {
        match node {
            Node::Null => Self::Null,
            Node::Bool(value) => Self::Bool(*value),
            Node::Number(value) => Self::Number(*value),
            Node::Text(text) => Self::Text(text),
            Node::List(list) => Self::List(List::Rule(list)),
            Node::Object(object) => Self::Map(Map::Object(object)),
            Node::Operation(operation) => Self::Map(Map::Operation(operation)),
        }
    }
}

impl<'v> From<&'v ContextValue<'v>> for Value<'v> {
    fn from(value: &'v ContextValue<'v>) -> Self {
        Attribute::from(value).into()
    }
}

impl<'v> From<Attribute<'v>> for Value<'v> {
    fn from(attribute: Attribute<'v>) -> Self {
        match attribute {
            Attribute::Null => Self::Null,
            Attribute::Bool(value) => Self::Bool(value),
            Attribute::Int(value) => Self::Number(value as f64),
            Attribute::Float(value) => Self::Number(value),
            Attribute::String(text) => Self::Text(text),
            Attribute::List(list) => Self::List(List::Context(list)),
            Attribute::Map(map) => Self::Map(Map::Context(map)),
        }
    }
}

impl<'v> Value<'v> {
    /// A list that an operator has built.
    pub(super) fn list(elements: ArenaVec<'v, Value<'v>>) -> Self {
        Self::List(List::Built(elements.into_bump_slice()))
    }

    pub(super) const EMPTY_LIST: Self = Self::List(List::Built(&[]));

    pub(super) fn is_null(self) -> bool {
        matches!(self, Self::Null)
    }

    /// What Go's implementation calls a primitive: neither null, nor the stray integer, nor a list or an object.
    pub(super) fn is_primitive(self) -> bool {
        matches!(self, Self::Bool(_) | Self::Number(_) | Self::Text(_))
    }

    /// Whether there is no object in it, so that neither evaluation nor substitution can change it. False for what is
    /// nested deeper than `depth`.
    pub(super) fn is_plain(self, depth: u16) -> bool {
        match self {
            Self::List(list) => list.is_plain(depth),
            Self::Map(_) | Self::IntegerZero => false,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => true,
        }
    }

    /// Whether JSON can carry it: numbers in it are finite, and it is nested at most `depth` deep.
    pub(super) fn is_encodable(self, arena: &'v Bump, depth: u16) -> bool {
        let within = |value: Value<'v>| depth > 0 && value.is_encodable(arena, depth - 1);
        match self {
            Self::Number(number) => number.is_finite(),
            Self::List(list) => list.iter().all(within),
            Self::Map(map) => map.members(arena).into_iter().all(|(_, value)| within(value)),
            Self::Null | Self::Bool(_) | Self::IntegerZero | Self::Text(_) => true,
        }
    }
}

impl<'v> List<'v> {
    pub(super) fn len(self) -> usize {
        match self {
            Self::Context(elements) => elements.len(),
            Self::Rule(list) => list.elements.len(),
            Self::Built(elements) => elements.len(),
        }
    }

    pub(super) fn get(self, index: usize) -> Option<Value<'v>> {
        match self {
            Self::Context(elements) => elements.get(index).map(Value::from),
            Self::Rule(list) => list.elements.get(index).map(Value::from),
            Self::Built(elements) => elements.get(index).copied(),
        }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Value<'v>> {
        (0..self.len()).map_while(move |index| self.get(index))
    }

    /// See [`Value::is_plain`]; known beforehand for the lists of a rule.
    pub(super) fn is_plain(self, depth: u16) -> bool {
        match self {
            Self::Rule(list) => list.plain,
            Self::Context(_) | Self::Built(_) => depth > 0 && self.iter().all(|element| element.is_plain(depth - 1)),
        }
    }
}

impl<'v> Map<'v> {
    pub(super) fn get(self, name: &str) -> Option<Value<'v>> {
        match self {
            Self::Attributes(attributes) => attributes.get(name).map(Value::from),
            Self::Context(map) => map.get(name).map(Value::from),
            Self::Object(object) => object.get(name).map(Value::from),
            Self::Operation(operation) => (*operation.name == *name).then(|| Value::from(&operation.operand)),
            Self::Reduction(reduction) => reduction.get(name),
            Self::Built(members) => members
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| *value),
        }
    }

    pub(super) fn is_empty(self) -> bool {
        match self {
            Self::Context(map) => map.is_empty(),
            Self::Object(object) => object.members().is_empty(),
            Self::Built(members) => members.is_empty(),
            Self::Attributes(_) | Self::Operation(_) | Self::Reduction(_) => false,
        }
    }

    pub(super) fn shape(self) -> Shape<'v> {
        match self {
            Self::Context(map) if map.is_empty() => Shape::Empty,
            Self::Context(map) if map.len() > 1 => Shape::Many,
            Self::Context(map) => match map.iter().next() {
                Some((name, value)) => Shape::Single(name, Value::from(value)),
                None => Shape::Empty,
            },
            Self::Object(object) if object.members().is_empty() => Shape::Empty,
            Self::Operation(operation) => Shape::Single(&operation.name, Value::from(&operation.operand)),
            Self::Built([]) => Shape::Empty,
            Self::Built([(name, value)]) => Shape::Single(name, *value),
            Self::Attributes(_) | Self::Object(_) | Self::Reduction(_) | Self::Built(_) => Shape::Many,
        }
    }

    /// The members, in no particular order.
    pub(super) fn members(self, arena: &'v Bump) -> ArenaVec<'v, (&'v str, Value<'v>)> {
        let mut members = ArenaVec::new_in(arena);
        match self {
            Self::Attributes(attributes) => {
                members.extend(
                    attributes
                        .iter()
                        .map(|(name, attribute)| (name, Value::from(attribute))),
                );
            }
            Self::Context(map) => members.extend(map.iter().map(|(name, value)| (name, Value::from(value)))),
            Self::Object(object) => {
                members.extend(object.members().iter().map(|(name, node)| (&**name, Value::from(node))));
            }
            Self::Operation(operation) => members.push((&*operation.name, Value::from(&operation.operand))),
            Self::Reduction(reduction) => members.extend(
                ["current", "accumulator", "valueType"]
                    .into_iter()
                    .filter_map(|name| Some((name, reduction.get(name)?))),
            ),
            Self::Built(built) => members.extend_from_slice(built),
        }
        members
    }
}

impl<'v> Reduction<'v> {
    fn get(&self, name: &str) -> Option<Value<'v>> {
        match name {
            "current" => Some(self.current),
            "accumulator" => Some(self.accumulator),
            "valueType" => Some(Value::Text(self.value_type)),
            _ => None,
        }
    }
}
