//! GO Feature Flag's dialect of JsonLogic, compiled once (evaluation.md 6).
//!
//! The dialect is that of the Go library `diegoholiveira/jsonlogic` v3.10, which differs from the reference implementation in
//! what counts as true, in how types are compared, and in which variables a condition inside of a list sees. What that
//! library cannot evaluate (it panics) makes the rule false.
//!
//! A rule is read into a tree in which operators are known and long constant lists can be looked up. It is evaluated on
//! borrowed values; memory is needed only by operators that build a text, a list or an object, and is taken from an arena that
//! lives as long as one evaluation.

mod coercion;
mod evaluate;
mod float;
mod node;
mod operator;
mod operators;
mod surrogate;
mod validate;
mod value;
mod variable;

use flagstaff_definition::query::join_lines;
use serde::de::IgnoredAny;

use crate::attribute::Attributes;

use evaluate::{Run, Scope, evaluate};
use node::Node;
use value::{Map, Value};

/// A compiled rule.
#[derive(Debug)]
pub struct Logic {
    /// `None` when it cannot be evaluated, see [`Logic::validate`].
    rule: Option<Node>,
}

/// Whether GO Feature Flag takes this query for JsonLogic: it decodes as a JSON object, or is `null`.
pub fn is_jsonlogic(text: &str) -> bool {
    let text = join_lines(text);
    let trimmed = text.trim_matches([' ', '\t', '\r']);
    trimmed == "null" || trimmed.starts_with('{') && serde_json::from_str::<IgnoredAny>(trimmed).is_ok()
}

impl Logic {
    /// Compiles the text of a rule. Whatever decodes compiles; what cannot be evaluated is false. `None` when the text is
    /// no JsonLogic at all.
    pub fn compile(text: &str) -> Option<Self> {
        is_jsonlogic(text).then(|| Self {
            rule: Node::parse(&join_lines(text)).ok(),
        })
    }

    /// Whether GO Feature Flag would load a flag with this rule; otherwise why not.
    pub fn validate(text: &str) -> Result<(), String> {
        let rule = Node::parse(&join_lines(text)).map_err(|error| error.to_string())?;
        validate::validate(&rule)
    }

    /// Whether the rule's result is true in GO Feature Flag's sense: its JSON text is none of `false`, `null`, `""`, `0` and
    /// `[]`. So is what looks false to the rule itself: `{}` and `-0`.
    pub fn matches(&self, attributes: &Attributes<'_>) -> bool {
        let Some(rule) = &self.rule else {
            return false;
        };
        let run = Run::new();
        let scope = Scope::new(Value::Map(Map::Attributes(attributes)), &run);
        match evaluate(Value::from(rule), scope) {
            Err(_) | Ok(Value::Null | Value::IntegerZero) => false,
            Ok(Value::Bool(truth)) => truth,
            Ok(Value::Number(number)) => number.is_finite() && (number != 0.0 || number.is_sign_negative()),
            Ok(Value::Text(text)) => !text.is_empty(),
            Ok(Value::List(list)) if list.len() == 0 => false,
            Ok(result @ (Value::List(_) | Value::Map(_))) => result.is_encodable(&run.arena, scope.depth()),
        }
    }
}
