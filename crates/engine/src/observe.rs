//! Who watches an evaluation: explanations, guardrails and prerequisites join here. The empty observer costs nothing.

use crate::attribute::{Attribute, Operand};

/// A step of the chain that an evaluation goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The value that is hashed.
    BucketingKey,
    /// Whether the flag is off.
    Disabled,
    /// Whether its experiment runs.
    Experimentation,
    /// The targeting rule of this index.
    TargetingRule(usize),
    /// The default rule.
    Default,
}

/// What came of a stage or a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does not decide (or is false).
    GoOn,
    /// It decides (or is true).
    Decided,
    /// It cannot be decided: the whole query is false.
    Failed,
}

/// Sees each stage and each comparison of an evaluation.
pub trait Observer {
    /// Whether it looks at comparisons. One that does sees those of every flag, also where an earlier flag's are known.
    const WATCHES: bool = true;

    /// A stage ended.
    #[inline(always)]
    fn stage(&mut self, stage: Stage, verdict: Verdict) {
        let _ = (stage, verdict);
    }

    /// A comparison of a query ended. `span` is its place in the query's text.
    #[inline(always)]
    fn comparison(&mut self, span: (u32, u32), operand: &Operand, attribute: Option<Attribute<'_>>, verdict: Verdict) {
        let _ = (span, operand, attribute, verdict);
    }
}

/// Watches nothing.
impl Observer for () {
    const WATCHES: bool = false;
}
