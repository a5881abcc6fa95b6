//! Values of the user's own: variations and metadata.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic};
use crate::flag::{Place, Variation};
use crate::format::Format;
use crate::tree::{Kind, Member, Node, Resolved};
use crate::value::{Map, Value};

use super::fields::repeated_names;
use super::{Decoder, Step};

impl<'n> Decoder<'n> {
    pub(super) fn variations(&mut self, node: &'n Node) -> Option<Vec<Variation>> {
        let mut variations = Vec::new();
        self.entries(node, "an object of variations", |decoder, name, member| {
            decoder.note_difference(&member.value);
            if let Some(value) = decoder.value(&member.value) {
                variations.push(Variation {
                    name: Arc::from(name),
                    value,
                    span: Place(member.value.span),
                });
            }
        })
        .then(|| {
            variations.sort_by(|a, b| a.name.cmp(&b.name));
            variations
        })
    }

    pub(super) fn metadata(&mut self, node: &'n Node) -> Option<Map> {
        let mut members = Vec::new();
        self.entries(node, "an object", |decoder, name, member| {
            if let Some(value) = decoder.value(&member.value) {
                members.push((Arc::from(name), value));
            }
        })
        .then(|| Map::from_members(members))
    }

    fn value(&mut self, node: &'n Node) -> Option<Value> {
        Some(match &node.kind {
            Kind::Scalar(scalar) => match &scalar.resolved {
                Resolved::Null => Value::Null,
                Resolved::Bool(on) => Value::Bool(*on),
                Resolved::Int(number) => Value::Int(*number),
                Resolved::UInt(number) => Value::UInt(*number),
                Resolved::Float(number) => Value::Float(self.finite(*number, &scalar.text, node)?),
                Resolved::String => Value::String(Arc::from(&*scalar.text)),
                Resolved::Date(date) => Value::String(date.to_string().into()),
            },
            Kind::List(items) => {
                let values: Vec<Option<Value>> = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| self.inside(Step::Index(index), |decoder| decoder.value(item)))
                    .collect();
                Value::List(values.into_iter().collect::<Option<_>>()?)
            }
            Kind::Map(members) => Value::Map(self.object(members)?),
            Kind::Invalid(_) => {
                self.wrong_type(node, "a value");
                return None;
            }
        })
    }

    /// An object inside a value. In YAML its names may be any scalars.
    fn object(&mut self, members: &'n [Member]) -> Option<Map> {
        let repeated = repeated_names(members);
        let mut complete = repeated.is_empty();
        for later in repeated {
            let member = &members[later];
            self.inside(Step::Name(member.name_text().unwrap_or_default()), |decoder| {
                decoder.twice(member);
            });
        }
        let mut values = Vec::with_capacity(members.len());
        for member in members {
            let Kind::Scalar(name) = &member.name.kind else {
                self.wrong_type(&member.name, "a name");
                complete = false;
                continue;
            };
            self.inside(Step::Name(&name.text), |decoder| {
                if name.resolved != Resolved::String {
                    let message = format!("the name {0} is not a text: it becomes \"{0}\"", name.text);
                    decoder.report(
                        Code::GeneralMapKey,
                        member.name.span,
                        message,
                        format!("write \"{}\"", name.text),
                    );
                }
                match decoder.value(&member.value) {
                    Some(value) => values.push((Arc::from(&*name.text), value)),
                    None => complete = false,
                }
            });
        }
        complete.then(|| Map::from_members(values))
    }

    /// Notes a variation that GO Feature Flag cannot give in bulk evaluations, since it only knows the types of JSON there.
    fn note_difference(&mut self, node: &Node) {
        let Kind::Scalar(scalar) = &node.kind else { return };
        let (code, message, hint) = match &scalar.resolved {
            Resolved::Date(date) => {
                let message = format!("the date {} becomes the text \"{date}\"", scalar.text);
                (
                    Code::NativeDate,
                    message,
                    "put quotes around it to mean the text as it is written".to_owned(),
                )
            }
            Resolved::Int(_) if self.format != Format::Toml => return,
            Resolved::Int(_) | Resolved::UInt(_) => {
                let message = format!(
                    "go feature flag answers the whole number {} with TYPE_MISMATCH in bulk evaluations",
                    scalar.text
                );
                (
                    Code::WideInteger,
                    message,
                    "nothing to do, unless it reads this file too".to_owned(),
                )
            }
            _ => return,
        };
        self.wide.push(
            Diagnostic::new(code, message)
                .hint(hint)
                .at(node.span)
                .path(self.path()),
        );
    }
}
