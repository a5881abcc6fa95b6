//! GO Feature Flag's dialect of JsonLogic, compiled once (evaluation.md 6).

use crate::attribute::Attributes;

/// A compiled rule.
#[derive(Debug)]
pub struct Logic {}

/// Whether GO Feature Flag takes this query for JsonLogic: it decodes as a JSON object, or is `null`.
pub fn is_jsonlogic(text: &str) -> bool {
    let _ = text;
    false
}

impl Logic {
    /// Compiles the text of a rule. Whatever decodes compiles; what cannot be evaluated is false. `None` when the text is
    /// no JsonLogic at all.
    pub fn compile(text: &str) -> Option<Self> {
        let _ = text;
        None
    }

    /// Whether GO Feature Flag would load a flag with this rule; otherwise why not.
    pub fn validate(text: &str) -> Result<(), String> {
        let _ = text;
        Ok(())
    }

    /// Whether the rule's result is true in GO Feature Flag's sense.
    pub fn matches(&self, attributes: &Attributes<'_>) -> bool {
        let _ = attributes;
        false
    }
}
