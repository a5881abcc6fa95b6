//! A rule as it was written, compiled: operators are known, lists know whether anything in them can change.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::float;
use super::operator::{self, Operator};
use super::surrogate;

/// How deep the lists and objects of a rule may be nested.
pub(super) const DEEPEST_RULE: u16 = 256;

/// A list below this length is searched from its start.
const SHORTEST_MEMBERSHIP: usize = 16;

/// A value of a rule.
#[derive(Debug)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(f64),
    Text(Arc<str>),
    List(ListNode),
    /// An object with no member or with several: it stands for itself.
    Object(Object),
    /// An object with one member.
    Operation(Box<Operation>),
}

/// An operator and what it is applied to.
#[derive(Debug)]
pub(super) struct Operation {
    /// The operator as it was written.
    pub(super) name: Box<str>,
    /// `None` when there is no such operator.
    pub(super) operator: Option<Operator>,
    /// The operand, usually a list.
    pub(super) operand: Node,
}

/// A list of a rule.
#[derive(Debug)]
pub(super) struct ListNode {
    pub(super) elements: Box<[Node]>,
    /// Whether there is no object in it, so that it stands for itself.
    pub(super) plain: bool,
    /// Its elements by value, when `in` looks something up in it.
    pub(super) membership: Option<Membership>,
}

/// Names and values, sorted by name, each name once.
#[derive(Debug)]
pub(super) struct Object(Box<[(Box<str>, Node)]>);

/// The elements of a list of texts and numbers, to be found without a search.
#[derive(Debug)]
pub(super) struct Membership {
    texts: HashSet<Arc<str>, foldhash::fast::RandomState>,
    numbers: HashSet<u64, foldhash::fast::RandomState>,
}

impl Node {
    /// Reads the JSON text of a rule.
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let text = surrogate::replace_lone(text);
        let mut deserializer = serde_json::Deserializer::from_str(&text);
        deserializer.disable_recursion_limit();
        let node = Reader { depth: 0 }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(node)
    }

    fn list(elements: Vec<Self>) -> Self {
        let plain = elements.iter().all(|element| match element {
            Self::List(list) => list.plain,
            Self::Object(_) | Self::Operation(_) => false,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => true,
        });
        Self::List(ListNode {
            elements: elements.into(),
            plain,
            membership: None,
        })
    }

    /// Of members with equal names the last one counts.
    fn map(mut members: Vec<(Box<str>, Self)>) -> Self {
        members.sort_by(|a, b| a.0.cmp(&b.0));
        members.reverse();
        members.dedup_by(|earlier, last| earlier.0 == last.0);
        members.reverse();
        match <[_; 1]>::try_from(members) {
            Ok([(name, operand)]) => Self::operation(name, operand),
            Err(members) => Self::Object(Object(members.into())),
        }
    }

    fn operation(name: Box<str>, mut operand: Self) -> Self {
        let operator = operator::by_name(&name);
        if &*name == "in"
            && let Self::List(operands) = &mut operand
            && let Some(Self::List(haystack)) = operands.elements.get_mut(1)
        {
            haystack.membership = Membership::of(&haystack.elements);
        }
        Self::Operation(Box::new(Operation {
            name,
            operator,
            operand,
        }))
    }
}

impl Object {
    pub(super) fn members(&self) -> &[(Box<str>, Node)] {
        &self.0
    }

    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        let at = self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(&self.0[at].1)
    }
}

impl Membership {
    /// `None` when the list is short, or holds anything but texts and numbers: then the order of the elements matters,
    /// because a comparison with another one fails.
    fn of(elements: &[Node]) -> Option<Self> {
        if elements.len() < SHORTEST_MEMBERSHIP {
            return None;
        }
        let mut membership = Self {
            texts: HashSet::default(),
            numbers: HashSet::default(),
        };
        for element in elements {
            match element {
                Node::Text(text) => {
                    membership.numbers.insert(key(float::lenient(text)));
                    membership.texts.insert(Arc::clone(text));
                }
                Node::Number(number) => _ = membership.numbers.insert(key(*number)),
                Node::Null | Node::Bool(_) | Node::List(_) | Node::Object(_) | Node::Operation(_) => return None,
            }
        }
        Some(membership)
    }

    pub(super) fn contains_text(&self, text: &str) -> bool {
        self.texts.contains(text)
    }

    /// Texts count as the numbers that they are read as.
    pub(super) fn contains_number(&self, number: f64) -> bool {
        !number.is_nan() && self.numbers.contains(&key(number))
    }
}

/// Equal numbers have equal keys.
fn key(number: f64) -> u64 {
    if number == 0.0 { 0 } else { number.to_bits() }
}

/// Builds nodes while JSON is read, down to [`DEEPEST_RULE`].
#[derive(Clone, Copy)]
struct Reader {
    depth: u16,
}

impl Reader {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth == DEEPEST_RULE {
            return Err(E::custom(format_args!(
                "the rule is nested more than {DEEPEST_RULE} levels deep"
            )));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Reader {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let inner = self.deeper()?;
        let mut elements = Vec::new();
        while let Some(element) = list.next_element_seed(inner)? {
            elements.push(element);
        }
        Ok(Node::list(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let inner = self.deeper()?;
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<Box<str>>()? {
            members.push((name, map.next_value_seed(inner)?));
        }
        Ok(Node::map(members))
    }
}
