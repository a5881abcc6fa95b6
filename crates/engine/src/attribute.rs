//! How rules look at a context: attributes, enriched and with the derived ones, by name or by slot.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::compile::Condition;
use crate::context::{ContextMap, ContextValue, EvaluationContext};

/// A borrowed attribute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Attribute<'a> {
    /// `null`
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number, see [`ContextValue::Int`].
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(&'a str),
    /// A list.
    List(&'a [ContextValue<'a>]),
    /// An object.
    Map(&'a ContextMap<'a>),
}

impl<'a> From<&'a ContextValue<'_>> for Attribute<'a> {
    #[inline]
    fn from(value: &'a ContextValue<'_>) -> Self {
        match value {
            ContextValue::Null => Self::Null,
            ContextValue::Bool(value) => Self::Bool(*value),
            ContextValue::Int(value) => Self::Int(*value),
            ContextValue::Float(value) => Self::Float(*value),
            ContextValue::String(value) => Self::String(value),
            ContextValue::List(value) => Self::List(value),
            ContextValue::Map(value) => Self::Map(value),
        }
    }
}

impl<'a> Attribute<'a> {
    /// A member of an object; `None` for anything else.
    pub fn member(self, name: impl AsRef<str>) -> Option<Self> {
        match self {
            Self::Map(map) => map.get(name.as_ref()).map(Self::from),
            _ => None,
        }
    }
}

/// What queries and JsonLogic see of a context: the enrichment over the request's attributes, and over both the derived
/// `key`, `targetingKey` and `anonymous` (evaluation.md 7).
#[derive(Debug, Clone, Copy)]
pub struct Attributes<'a> {
    targeting_key: &'a str,
    anonymous: bool,
    request: &'a ContextMap<'a>,
    enrichment: Option<&'a ContextMap<'a>>,
}

impl<'a> Attributes<'a> {
    /// The view of a context and the enrichment of its flag set.
    pub fn new(context: &'a EvaluationContext<'a>, enrichment: Option<&'a ContextMap<'a>>) -> Self {
        let enrichment = enrichment.filter(|enrichment| !enrichment.is_empty());
        let mut view = Self {
            targeting_key: &context.targeting_key,
            anonymous: false,
            request: &context.attributes,
            enrichment,
        };
        view.anonymous = matches!(view.written("anonymous"), Some(ContextValue::Bool(true)));
        view
    }

    /// The attribute as it was sent or enriched, without the derived ones.
    #[inline]
    pub fn written(&self, name: &str) -> Option<&'a ContextValue<'a>> {
        self.enrichment
            .and_then(|enrichment| enrichment.get(name))
            .or_else(|| self.request.get(name))
    }

    /// A top-level attribute, derived ones included.
    #[inline]
    pub fn get(&self, name: &str) -> Option<Attribute<'a>> {
        match name {
            "key" | "targetingKey" => Some(Attribute::String(self.targeting_key)),
            "anonymous" => Some(Attribute::Bool(self.anonymous)),
            _ => self.written(name).map(Attribute::from),
        }
    }

    /// Every top-level attribute once, derived ones included, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Attribute<'a>)> {
        let derived = [
            ("key", Attribute::String(self.targeting_key)),
            ("targetingKey", Attribute::String(self.targeting_key)),
            ("anonymous", Attribute::Bool(self.anonymous)),
        ];
        let (request, enrichment) = (self.request, self.enrichment);
        let enriched = enrichment.into_iter().flat_map(ContextMap::iter);
        let sent = request
            .iter()
            .filter(move |(name, _)| enrichment.is_none_or(|enrichment| enrichment.get(name).is_none()));
        derived.into_iter().chain(
            enriched
                .chain(sent)
                .filter(|(name, _)| !matches!(*name, "key" | "targetingKey" | "anonymous"))
                .map(|(name, value)| (name, Attribute::from(value))),
        )
    }

    /// The attribute at a path; `None` when it cannot be reached (a step is missing or not an object).
    #[inline]
    pub fn resolve(&self, path: &[Box<str>]) -> Option<Attribute<'a>> {
        let (first, rest) = path.split_first()?;
        let mut attribute = self.get(first)?;
        for name in rest {
            attribute = attribute.member(name)?;
        }
        Some(attribute)
    }

    /// The targeting key.
    pub fn targeting_key(&self) -> &'a str {
        self.targeting_key
    }
}

/// An attribute path that a query names, and its place in the table of its flag set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operand {
    /// The steps of the path, never empty.
    pub path: Arc<[Box<str>]>,
    /// Index into the [`AttributeTable`] the flag was compiled with.
    pub slot: u32,
}

/// Every attribute path that the flags of a set name, and every condition, compiled once for all flags that have it. Grows only, so that flags shared between snapshots keep their slots.
#[derive(Debug, Clone, Default)]
pub struct AttributeTable {
    paths: Vec<Arc<[Box<str>]>>,
    slots: HashMap<Arc<[Box<str>]>, u32, foldhash::fast::RandomState>,
    conditions: HashMap<Arc<str>, Condition, foldhash::fast::RandomState>,
}

impl AttributeTable {
    /// The operand of a path, which keeps its slot for the life of the table.
    pub fn operand<S: AsRef<str>>(&mut self, path: &[S]) -> Operand {
        let path: Vec<Box<str>> = path.iter().map(|step| step.as_ref().into()).collect();
        if let Some((path, slot)) = self.slots.get_key_value(path.as_slice()) {
            return Operand {
                path: Arc::clone(path),
                slot: *slot,
            };
        }
        let (path, slot): (Arc<[Box<str>]>, _) = (path.into(), self.paths.len() as u32);
        self.paths.push(Arc::clone(&path));
        self.slots.insert(Arc::clone(&path), slot);
        Operand { path, slot }
    }

    /// The condition of a query's text, compiled when it is met for the first time.
    pub(crate) fn condition(
        &mut self,
        text: &Arc<str>,
        compile: impl FnOnce(&mut Self, ConditionSlot) -> Condition,
    ) -> Condition {
        if let Some(known) = self.conditions.get(text) {
            return known.clone();
        }
        let condition = compile(self, ConditionSlot(self.conditions.len() as u32));
        self.conditions.insert(Arc::clone(text), condition.clone());
        condition
    }

    /// How many paths and conditions there are.
    pub fn len(&self) -> usize {
        self.paths.len() + self.conditions.len()
    }

    /// Whether there is neither a path nor a condition.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How an evaluation finds attributes: straight from the context, or resolved beforehand for a bulk evaluation.
pub trait Lookup {
    /// The context behind it.
    fn attributes(&self) -> &Attributes<'_>;

    /// The attribute of an operand; `None` when it cannot be reached.
    fn operand(&self, operand: &Operand) -> Option<Attribute<'_>>;

    /// Whether a condition holds: decided now, unless it was before.
    #[inline]
    fn holds(&self, slot: ConditionSlot, decide: impl FnOnce() -> bool) -> bool {
        let _ = slot;
        decide()
    }
}

/// Place of a condition in the table of its flag set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConditionSlot(u32);

impl Lookup for Attributes<'_> {
    fn attributes(&self) -> &Attributes<'_> {
        self
    }

    #[inline]
    fn operand(&self, operand: &Operand) -> Option<Attribute<'_>> {
        self.resolve(&operand.path)
    }
}

/// Attributes with every path of a table looked up once, for a bulk evaluation. Conditions that several flags have in common
/// are decided once.
#[derive(Debug)]
pub struct ResolvedAttributes<'a> {
    attributes: Attributes<'a>,
    resolved: Vec<Option<Attribute<'a>>>,
    decided: Vec<Cell<Option<bool>>>,
}

impl<'a> ResolvedAttributes<'a> {
    /// Looks up every path of the table.
    pub fn new(attributes: Attributes<'a>, table: &AttributeTable) -> Self {
        Self {
            attributes,
            resolved: table.paths.iter().map(|path| attributes.resolve(path)).collect(),
            decided: vec![Cell::new(None); table.conditions.len()],
        }
    }
}

impl Lookup for ResolvedAttributes<'_> {
    fn attributes(&self) -> &Attributes<'_> {
        &self.attributes
    }

    #[inline]
    fn operand(&self, operand: &Operand) -> Option<Attribute<'_>> {
        match self.resolved.get(operand.slot as usize) {
            Some(attribute) => *attribute,
            None => self.attributes.resolve(&operand.path),
        }
    }

    #[inline]
    fn holds(&self, slot: ConditionSlot, decide: impl FnOnce() -> bool) -> bool {
        let Some(decided) = self.decided.get(slot.0 as usize) else {
            return decide();
        };
        decided.get().unwrap_or_else(|| {
            let holds = decide();
            decided.set(Some(holds));
            holds
        })
    }
}
