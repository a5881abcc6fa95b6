//! The exact way: bodies as Go's `encoding/json` decodes them into GO Feature Flag's request types.
//!
//! The whole first value is checked before anything of it is taken, what follows it is ignored, member names match in any
//! case, a member given twice is merged into the earlier one, broken UTF-8 and lone surrogates become U+FFFD, and numbers
//! are 64-bit floats.

mod reader;

use std::borrow::Cow;

use flagstaff_engine::context::{ContextMap, ContextValue};

use self::reader::{Content, Node};
use super::{
    CollectorParts, ConfigurationParts, ContextParts, EvaluationParts, OfrepParts, RequestError, UserParts, same_name,
};

type Members = Vec<(Cow<'static, str>, ContextValue<'static>)>;

pub(super) fn evaluation(body: &[u8], depth: usize) -> Result<EvaluationParts<'static>, RequestError> {
    let mut parts = EvaluationParts::default();
    for (name, node) in reader::read(body, depth)?.members("")?.unwrap_or_default() {
        match matching(&name, &["evaluationContext", "user", "defaultValue"]) {
            Some(0) => merge(&mut parts.context, node, "evaluationContext", |context, name, node| {
                merge_context(context, name, node, "evaluationContext.key", "evaluationContext.custom")
            })?,
            Some(1) => merge(&mut parts.user, node, "user", merge_user)?,
            Some(_) => parts.default_value = Some(node.value("defaultValue")?),
            None => {}
        }
    }
    Ok(parts)
}

pub(super) fn ofrep(body: &[u8], depth: usize) -> Result<OfrepParts<'static>, RequestError> {
    let mut context: Option<Members> = None;
    for (name, node) in reader::read(body, depth)?.members("")?.unwrap_or_default() {
        if matching(&name, &["context"]).is_some() {
            match node.attributes("context")? {
                Some(members) => context.get_or_insert_default().extend(members),
                None => context = None,
            }
        }
    }
    Ok(OfrepParts {
        context: context.map(ContextMap::from_members),
    })
}

pub(super) fn configuration(body: &[u8], depth: usize) -> Result<ConfigurationParts<'static>, RequestError> {
    let mut parts = ConfigurationParts::default();
    for (name, node) in reader::read(body, depth)?.members("")?.unwrap_or_default() {
        if matching(&name, &["flags"]).is_some() {
            let names = node.elements("flags")?.unwrap_or_default().into_iter();
            let names = names.map(|name| Ok(name.text("flags")?.unwrap_or_default().into()));
            parts.flags = names.collect::<Result<_, RequestError>>()?;
        }
    }
    Ok(parts)
}

pub(super) fn collector(body: &[u8], depth: usize) -> Result<CollectorParts<'static>, RequestError> {
    let mut parts = CollectorParts::default();
    for (name, node) in reader::read(body, depth)?.members("")?.unwrap_or_default() {
        match matching(&name, &["meta", "events"]) {
            Some(0) => parts.meta = node.attributes("meta")?,
            Some(_) => {
                let events = node.elements("events")?;
                let read = events.map(|events| events.into_iter().map(|event| event.attributes("events")).collect());
                parts.events = read.transpose()?;
            }
            None => {}
        }
    }
    Ok(parts)
}

/// The known name that a member's name stands for; the one in the very letters comes first.
fn matching(name: &str, known: &[&str]) -> Option<usize> {
    let exact = known.iter().position(|known| *known == name);
    exact.or_else(|| known.iter().position(|known| same_name(known, name)))
}

/// Takes an object into a place that may hold one already; `null` clears the place.
fn merge<T: Default>(
    place: &mut Option<T>,
    node: Node,
    field: &'static str,
    mut member: impl FnMut(&mut T, &str, Node) -> Result<(), RequestError>,
) -> Result<(), RequestError> {
    let Some(members) = node.members(field)? else {
        *place = None;
        return Ok(());
    };
    let target = place.get_or_insert_default();
    members
        .into_iter()
        .try_for_each(|(name, node)| member(target, &name, node))
}

fn merge_context(
    context: &mut ContextParts<'static>,
    name: &str,
    node: Node,
    key_field: &'static str,
    custom_field: &'static str,
) -> Result<(), RequestError> {
    match matching(name, &["key", "custom"]) {
        Some(0) => {
            if let Some(key) = node.text(key_field)? {
                context.key = key.into();
            }
        }
        Some(_) => match node.attributes(custom_field)? {
            Some(members) => context.custom.extend(members),
            None => context.custom.clear(),
        },
        None => {}
    }
    Ok(())
}

fn merge_user(user: &mut UserParts<'static>, name: &str, node: Node) -> Result<(), RequestError> {
    if matching(name, &["anonymous"]).is_none() {
        return merge_context(&mut user.context, name, node, "user.key", "user.custom");
    }
    match node.content {
        Content::Bool(value) => user.anonymous = value,
        Content::Null => {}
        _ => return Err(node.mismatch("bool", "user.anonymous")),
    }
    Ok(())
}

impl Node {
    /// The members of an object, `None` for `null`.
    fn members(self, field: &'static str) -> Result<Option<Vec<(String, Node)>>, RequestError> {
        match self.content {
            Content::Object(members) => Ok(Some(members)),
            Content::Null => Ok(None),
            _ => Err(self.mismatch("object", field)),
        }
    }

    /// The elements of a list, `None` for `null`.
    fn elements(self, field: &'static str) -> Result<Option<Vec<Node>>, RequestError> {
        match self.content {
            Content::List(elements) => Ok(Some(elements)),
            Content::Null => Ok(None),
            _ => Err(self.mismatch("list", field)),
        }
    }

    /// A text, `None` for `null`.
    fn text(self, field: &'static str) -> Result<Option<String>, RequestError> {
        match self.content {
            Content::String(text) => Ok(Some(text)),
            Content::Null => Ok(None),
            _ => Err(self.mismatch("string", field)),
        }
    }

    /// The members of an object as attributes, `None` for `null`.
    fn attributes(self, field: &'static str) -> Result<Option<Members>, RequestError> {
        let Some(members) = self.members(field)? else {
            return Ok(None);
        };
        let attributes = members.into_iter().map(|(name, node)| {
            let value = match node.value(field)? {
                ContextValue::Float(number) => ContextValue::top_level_number(number),
                other => other,
            };
            Ok((Cow::Owned(name), value))
        });
        attributes.collect::<Result<_, _>>().map(Some)
    }

    /// Any value. Plain loops, since this goes as deep as the body does.
    fn value(self, field: &'static str) -> Result<ContextValue<'static>, RequestError> {
        Ok(match self.content {
            Content::Null => ContextValue::Null,
            Content::Bool(value) => ContextValue::Bool(value),
            Content::Number(value) if value.is_finite() => ContextValue::Float(value),
            Content::Number(_) | Content::Huge(_) => return Err(self.mismatch("float64", field)),
            Content::String(text) => ContextValue::String(text.into()),
            Content::List(elements) => {
                let mut list = Vec::with_capacity(elements.len());
                for node in elements {
                    list.push(node.value(field)?);
                }
                ContextValue::List(list)
            }
            Content::Object(members) => {
                let mut map = Vec::with_capacity(members.len());
                for (name, node) in members {
                    map.push((Cow::Owned(name), node.value(field)?));
                }
                ContextValue::Map(ContextMap::from_members(map))
            }
        })
    }

    fn mismatch(&self, expected: &'static str, field: &'static str) -> RequestError {
        let got = match &self.content {
            Content::Null => "null".to_owned(),
            Content::Bool(_) => "bool".to_owned(),
            Content::Number(_) => "number".to_owned(),
            Content::Huge(text) if expected == "float64" => format!("number {text}"),
            Content::Huge(_) => "number".to_owned(),
            Content::String(_) => "string".to_owned(),
            Content::List(_) => "array".to_owned(),
            Content::Object(_) => "object".to_owned(),
        };
        RequestError::Type {
            expected,
            got,
            field,
            offset: self.offset,
        }
    }
}
