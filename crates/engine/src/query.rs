//! Queries compiled to matchers (evaluation.md 5).

use flagstaff_definition::query::Expression;

use crate::attribute::{AttributeTable, Lookup};
use crate::observe::Observer;

/// A compiled query.
#[derive(Debug)]
pub struct Matcher {}

/// A query that cannot be decided, so that the whole of it is false.
#[derive(Debug, Clone, PartialEq)]
pub struct Invalid {
    /// Why, in words.
    pub message: String,
    /// Place of the comparison in the query's text.
    pub span: (u32, u32),
}

impl Matcher {
    /// Compiles a syntax tree.
    pub fn compile(expression: &Expression, table: &mut AttributeTable) -> Self {
        let _ = (expression, table);
        Self {}
    }

    /// Whether the query is true.
    pub fn matches<L: Lookup, O: Observer>(&self, lookup: &L, observer: &mut O) -> bool {
        let _ = (lookup, observer);
        false
    }

    /// What running the query on an empty context comes to: GO Feature Flag refuses a flag whose query errs there.
    pub fn check_on_empty(&self) -> Result<(), Invalid> {
        Ok(())
    }
}
