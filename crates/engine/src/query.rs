//! Queries compiled to matchers (evaluation.md 5).

use flagstaff_definition::query::{Chain, Comparison, Expression, Logic, Place};

use crate::attribute::{AttributeTable, Attributes, Lookup, Operand};
use crate::context::ContextMap;
use crate::observe::{Observer, Verdict};
pub(crate) use leaf::Nature;
use leaf::{Leaf, Truth};

mod fold;
mod leaf;

/// A compiled query. Cheap comparisons are variants of their own; attributes are found through slots.
#[derive(Debug)]
pub struct Matcher {
    root: Node,
}

/// A query that cannot be decided, so that the whole of it is false.
#[derive(Debug, Clone, PartialEq)]
pub struct Invalid {
    /// Why, in words.
    pub message: String,
    /// Place of the comparison in the query's text.
    pub span: (u32, u32),
}

/// A condition. As deep as the syntax tree, whose nesting the parser bounds.
#[derive(Debug)]
enum Node {
    Comparison {
        operand: Operand,
        leaf: Leaf,
        span: (u32, u32),
    },
    Not(Box<Node>),
    /// Read from left to right; `and` and `or` bind equally.
    Chain(Box<Node>, Box<[(Logic, Node)]>),
}

/// A comparison came up that cannot be decided, at this place of the query.
struct Undecided(&'static str, (u32, u32));

impl Matcher {
    /// Compiles a syntax tree.
    pub fn compile(expression: &Expression, table: &mut AttributeTable) -> Self {
        Self {
            root: Node::compile(expression, table),
        }
    }

    /// Whether it negates anything.
    pub(crate) fn negates(&self) -> bool {
        self.root.negates()
    }

    /// Whether the query is true. A comparison that cannot be decided makes the whole query false, under `not` too.
    #[inline]
    pub fn matches<L: Lookup, O: Observer>(&self, lookup: &L, observer: &mut O) -> bool {
        self.root.matches(lookup, observer).unwrap_or(false)
    }

    /// Visits every comparison from left to right: its attribute, what can be said about it, and its place in the query's text.
    pub(crate) fn for_each_comparison<'m>(&'m self, visit: &mut impl FnMut(&'m Operand, Nature, (u32, u32))) {
        self.root.for_each_comparison(visit);
    }

    /// What running the query on an empty context comes to: GO Feature Flag refuses a flag whose query errs there.
    pub fn check_on_empty(&self) -> Result<(), Invalid> {
        match self.root.matches(&Empty::default(), &mut ()) {
            Ok(_) => Ok(()),
            Err(Undecided(reason, span)) => Err(Invalid {
                message: reason.to_owned(),
                span,
            }),
        }
    }
}

impl Node {
    fn compile(expression: &Expression, table: &mut AttributeTable) -> Self {
        match expression {
            Expression::Comparison(comparison) => Self::comparison(comparison, table),
            Expression::Not(negation) => Self::Not(Box::new(Self::compile(&negation.operand, table))),
            Expression::Chain(Chain { first, rest, .. }) => {
                let first = Box::new(Self::compile(first, table));
                Self::Chain(
                    first,
                    rest.iter()
                        .map(|(logic, node)| (*logic, Self::compile(node, table)))
                        .collect(),
                )
            }
        }
    }

    fn comparison(comparison: &Comparison, table: &mut AttributeTable) -> Self {
        let Place { start, end } = comparison.place;
        Self::Comparison {
            operand: table.operand(&comparison.path.steps),
            leaf: Leaf::compile(&comparison.predicate),
            span: (start, end),
        }
    }

    fn negates(&self) -> bool {
        match self {
            Self::Comparison { .. } => false,
            Self::Not(_) => true,
            Self::Chain(first, rest) => first.negates() || rest.iter().any(|(_, node)| node.negates()),
        }
    }

    fn for_each_comparison<'m>(&'m self, visit: &mut impl FnMut(&'m Operand, Nature, (u32, u32))) {
        match self {
            Self::Comparison { operand, leaf, span } => visit(operand, leaf.nature(operand.path.len() > 1), *span),
            Self::Not(node) => node.for_each_comparison(visit),
            Self::Chain(first, rest) => {
                first.for_each_comparison(visit);
                rest.iter().for_each(|(_, node)| node.for_each_comparison(visit));
            }
        }
    }

    fn matches<L: Lookup, O: Observer>(&self, lookup: &L, observer: &mut O) -> Result<bool, Undecided> {
        match self {
            Self::Comparison { operand, leaf, span } => {
                let attribute = lookup.operand(operand);
                let truth = leaf.test(attribute);
                let verdict = match truth {
                    Truth::True => Verdict::Decided,
                    Truth::False => Verdict::GoOn,
                    Truth::Undecided(_) => Verdict::Failed,
                };
                observer.comparison(*span, operand, attribute, verdict);
                match truth {
                    Truth::True => Ok(true),
                    Truth::False => Ok(false),
                    Truth::Undecided(reason) => Err(Undecided(reason, *span)),
                }
            }
            Self::Not(node) => Ok(!node.matches(lookup, observer)?),
            Self::Chain(first, rest) => {
                let mut so_far = first.matches(lookup, observer)?;
                for (logic, node) in rest {
                    so_far = match logic {
                        Logic::And => so_far && node.matches(lookup, observer)?,
                        Logic::Or => so_far || node.matches(lookup, observer)?,
                    };
                }
                Ok(so_far)
            }
        }
    }
}

/// A context without any attribute, derived ones included.
struct Empty(Attributes<'static>);

impl Default for Empty {
    fn default() -> Self {
        static NONE: ContextMap<'static> = ContextMap::EMPTY;
        Self(Attributes::empty(&NONE))
    }
}

impl Lookup for Empty {
    fn attributes(&self) -> &Attributes<'_> {
        &self.0
    }

    fn operand(&self, _: &Operand) -> Option<crate::attribute::Attribute<'_>> {
        None
    }
}
