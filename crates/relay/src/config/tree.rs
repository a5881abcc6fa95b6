//! The merged configuration: values as they were written, each with its origin.

use flagstaff_definition::tree::Resolved;

use super::report::Origin;

/// A value and where it was written.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// What was written. Has no `Debug`: it may be a secret.
#[derive(Clone)]
pub(super) enum Value {
    Null,
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Member>),
}

/// A scalar: its text and what its format takes it for. A variable is always text.
#[derive(Clone)]
pub(super) struct Scalar {
    pub(super) text: Box<str>,
    pub(super) resolved: Resolved,
}

/// A member of an object.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) name: Box<str>,
    pub(super) node: Node,
}

impl Node {
    /// A text of a variable.
    pub(super) fn text(text: &str, origin: Origin) -> Self {
        Self {
            value: Value::Scalar(Scalar {
                text: text.into(),
                resolved: Resolved::String,
            }),
            origin,
        }
    }

    /// Nothing written.
    pub(super) fn null(origin: Origin) -> Self {
        Self {
            value: Value::Null,
            origin,
        }
    }

    /// The members of an object; none of anything else.
    pub(super) fn members(&self) -> &[Member] {
        match &self.value {
            Value::Map(members) => members,
            _ => &[],
        }
    }

    /// What it is, for messages.
    pub(super) fn noun(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
            Value::Scalar(scalar) => match scalar.resolved {
                Resolved::Null => "nothing",
                Resolved::Bool(_) => "a boolean",
                Resolved::Int(_) | Resolved::UInt(_) => "a whole number",
                Resolved::Float(_) => "a number",
                Resolved::String => "a text",
                Resolved::Date(_) => "a date",
            },
        }
    }
}

/// The member that counts for a setting with these names, the canonical one first: names match in any case, the spelling all in
/// lower case wins (as in GO Feature Flag), then the canonical one, then whichever comes first.
pub(super) fn select(members: &[Member], names: &[&str]) -> Option<usize> {
    names.iter().find_map(|name| {
        let written = |exact: &dyn Fn(&str) -> bool| members.iter().position(|member| exact(&member.name));
        written(&|known| known == name.to_ascii_lowercase())
            .or_else(|| written(&|known| known == *name))
            .or_else(|| written(&|known| known.eq_ignore_ascii_case(name)))
    })
}
