//! From the tree to types, weakly typed as GO Feature Flag decodes: a text that reads as a number is one, a number counts as a
//! text, a single value as a list of one.

use std::time::Duration;

use flagstaff_definition::spelling;
use flagstaff_definition::tree::Resolved;
use flagstaff_engine::context::{ContextMap, ContextValue};
use serde_json::{Map, Number};

use super::duration;
use super::report::{Origin, Report};
use super::shape::{Field, Shape};
use super::tree::{Member, Node, Scalar, Value, select};

/// A value that was written, with its place.
#[derive(Clone)]
pub(super) struct Written<T> {
    pub(super) value: T,
    pub(super) origin: Origin,
    /// The setting, like `server.port`.
    pub(super) path: String,
}

/// A type that a setting can hold.
pub(super) trait Decode: Sized {
    /// How it is described.
    const SHAPE: Shape;

    /// Reads a value that is not null; what does not fit is reported and left out.
    fn decode(node: &Node, path: &str, report: &mut Report) -> Option<Self>;
}

/// An object with known names.
pub(super) trait Section: Sized {
    /// The known names.
    const FIELDS: &'static [&'static [Field]];

    /// Reads the members.
    fn read(members: &[Member], path: &str, report: &mut Report) -> Self;
}

impl<T: Section> Decode for T {
    const SHAPE: Shape = Shape::Section(T::FIELDS);

    fn decode(node: &Node, path: &str, report: &mut Report) -> Option<Self> {
        match &node.value {
            Value::Map(members) => {
                report_unknown(members, T::FIELDS, path, report);
                Some(T::read(members, path, report))
            }
            Value::Null => Some(T::read(&[], path, report)),
            _ => unexpected(node, path, "an object", report),
        }
    }
}

impl<T: Section> Decode for Vec<Written<T>> {
    const SHAPE: Shape = Shape::List(T::FIELDS);

    fn decode(node: &Node, path: &str, report: &mut Report) -> Option<Self> {
        each(node, path, "a list of objects", report, |item, path, report| {
            let value = T::decode(item, path, report)?;
            Some(Written {
                value,
                origin: item.origin.clone(),
                path: path.to_owned(),
            })
        })
    }
}

impl Decode for bool {
    const SHAPE: Shape = Shape::Bool;

    fn decode(node: &Node, path: &str, report: &mut Report) -> Option<Self> {
        let value = match scalar(node) {
            Some(Scalar {
                resolved: Resolved::Bool(value),
                ..
            }) => Some(*value),
            Some(Scalar {
                resolved: Resolved::Int(value),
                ..
            }) => Some(*value != 0),
            Some(Scalar {
                resolved: Resolved::Float(value),
                ..
            }) => Some(*value != 0.0),
            Some(Scalar {
                resolved: Resolved::String,
                text,
            }) => match &**text {
                "1" | "t" | "T" | "true" | "True" | "TRUE" => Some(true),
                "" | "0" | "f" | "F" | "false" | "False" | "FALSE" => Some(false),
                _ => None,
            },
            _ => None,
        };
        value.or_else(|| unexpected(node, path, "true or false", report))
    }
}

impl Decode for i64 {
    const SHAPE: Shape = Shape::Integer;

    fn decode(node: &Node, path: &str, report: &mut Report) -> Option<Self> {
        let value = match scalar(node) {
            Some(Scalar {
                resolved: Resolved::Int(value),
                ..
            }) => Some(*value),
            Some(Scalar {
                resolved: Resolved::Bool(value),
                ..
            }) => Some(i64::from(*value)),
            Some(Scalar {
                resolved: Resolved::Float(value),
                ..
            }) => truncated(*value),
            Some(Scalar {
                resolved: Resolved::String,
                text,
            }) => integer(text),
            _ => None,
        };
        value.or_else(|| unexpected(node, path, "a whole number", report))
    }
}

impl Decode for Box<str> {
    const SHAPE: Shape = Shape::Text;

    fn decode(node: &Node, path: &str, report: &mut Report) -> Option<Self> {
        match scalar(node) {
            Some(scalar) => Some(scalar.text.clone()),
            None => unexpected(node, path, "a text", report),
        }
    }
}

impl Decode for Duration {
    const SHAPE: Shape = Shape::Duration;

    fn decode(node: &Node, path: &str, report: &mut Report) -> Option<Self> {
        let value = match scalar(node) {
            Some(Scalar {
                resolved: Resolved::Int(nanoseconds),
                ..
            }) => u64::try_from(*nanoseconds).ok().map(Self::from_nanos),
            Some(Scalar {
                resolved: Resolved::Float(nanoseconds),
                ..
            }) => truncated(*nanoseconds)
                .and_then(|whole| u64::try_from(whole).ok())
                .map(Self::from_nanos),
            Some(Scalar {
                resolved: Resolved::String,
                text,
            }) => duration::parse(text),
            _ => None,
        };
        value.or_else(|| unexpected(node, path, "a duration like 1m30s", report))
    }
}

impl Decode for Vec<Box<str>> {
    const SHAPE: Shape = Shape::Texts;

    fn decode(node: &Node, path: &str, report: &mut Report) -> Option<Self> {
        each(
            node,
            path,
            "a list of texts",
            report,
            |item, path, report| match &item.value {
                Value::Null => Some(Box::from("")),
                _ => Box::<str>::decode(item, path, report),
            },
        )
    }
}

/// Names with a text each; a nested object counts as names joined by dots.
#[derive(Clone, Default)]
pub(super) struct TextMap(pub(super) Vec<(Box<str>, Box<str>)>);

impl Decode for TextMap {
    const SHAPE: Shape = Shape::TextMap;

    fn decode(node: &Node, path: &str, report: &mut Report) -> Option<Self> {
        fn collect(node: &Node, prefix: &str, path: &str, report: &mut Report, into: &mut TextMap) {
            for Member { name, node } in node.members() {
                let name = if prefix.is_empty() {
                    name.to_string()
                } else {
                    format!("{prefix}.{name}")
                };
                if matches!(node.value, Value::Map(_)) {
                    collect(node, &name, path, report, into);
                } else if let Some(text) = Box::<str>::decode(node, &join(path, &name), report) {
                    into.0.push((name.into(), text));
                }
            }
        }
        if !matches!(node.value, Value::Map(_)) {
            return unexpected(node, path, "names with a text each", report);
        }
        let mut map = Self::default();
        collect(node, "", path, report, &mut map);
        Some(map)
    }
}

impl Decode for ContextMap<'static> {
    const SHAPE: Shape = Shape::Free;

    fn decode(node: &Node, path: &str, report: &mut Report) -> Option<Self> {
        match context_value(node, path, report)? {
            ContextValue::Map(map) => Some(map),
            _ => unexpected(node, path, "an object", report),
        }
    }
}

/// The options of a retriever, exporter or notifier: known names in their canonical spelling, each with its place.
#[derive(Clone, Default)]
pub(super) struct Options<T> {
    pub(super) values: Map<String, serde_json::Value>,
    origins: Vec<(&'static str, Origin)>,
    table: std::marker::PhantomData<T>,
}

/// The names of a kind of [`Options`].
pub(super) trait OptionTable {
    /// The known names.
    const FIELDS: &'static [Field];
}

impl<T: OptionTable> Section for Options<T> {
    const FIELDS: &'static [&'static [Field]] = &[T::FIELDS];

    fn read(members: &[Member], path: &str, report: &mut Report) -> Self {
        let mut origins = Vec::new();
        let mut values = Map::new();
        for field in T::FIELDS {
            let Some(member) = member(members, field.names, path, report) else {
                continue;
            };
            let name = field.names[0];
            origins.push((name, member.node.origin.clone()));
            if let Some(value) = json(field.shape, &member.node, &join(path, name), report) {
                values.insert(name.to_owned(), value);
            }
        }
        Self {
            values,
            origins,
            table: std::marker::PhantomData,
        }
    }
}

impl<T> Options<T> {
    /// A text option; empty when it is absent.
    pub(super) fn text(&self, name: &str) -> &str {
        self.values
            .get(name)
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    }

    /// Where an option, or the section that holds it, was written.
    pub(super) fn origin(&self, name: &str) -> Option<&Origin> {
        let name = name.split('.').next()?;
        self.origins
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, origin)| origin)
    }
}

/// Declares a section: a struct of optional values, the description of its names, and how it is read.
///
/// A setting is written like `port: i64 = "port", default "1031", restart;`, its doc comment is its text in the reference, and
/// what follows its names are methods of [`Field`]. Those below `accepted` are known without being read.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $type:ident $(with $rest:ident: $flat:ty)? {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $value:ty = $name:literal $(| $alias:literal)* $(, $mark:ident $($argument:literal)?)*;
            )*
        }
        $(accepted {
            $(
                $(#[doc = $unused_doc:literal])+
                $unused:literal: $unused_value:ty $(, $unused_mark:ident)*;
            )*
        })?
    ) => {
        $(#[doc = $about])+
        #[derive(Clone)]
        pub(super) struct $type {
            $($(#[doc = $doc])+ pub(super) $field: Option<Written<$value>>,)*
            $(/// The settings that stand beside them.
            pub(super) $rest: $flat,)?
        }

        impl $type {
            /// The names of its own.
            pub(super) const OWN: &'static [Field] = &[
                $(
                    Field::new(
                        &[$name $(, $alias)*],
                        <$value as Decode>::SHAPE,
                        concat!($($doc, "\n"),+),
                    )$(.$mark($($argument)?))*,
                )*
                $($(
                    Field::new(
                        &[$unused],
                        <$unused_value as Decode>::SHAPE,
                        concat!($($unused_doc, "\n"),+),
                    )$(.$unused_mark())*,
                )*)?
            ];
        }

        impl Section for $type {
            const FIELDS: &'static [&'static [Field]] = &[Self::OWN $(, <$flat>::OWN)?];

            fn read(members: &[Member], path: &str, report: &mut Report) -> Self {
                $($(let _: Option<Written<$unused_value>> = take(members, &[$unused], path, report);)*)?
                Self {
                    $($field: take(members, &[$name $(, $alias)*], path, report),)*
                    $($rest: <$flat>::read(members, path, report),)?
                }
            }
        }
    };
}
pub(super) use section;

/// Reads one setting of a section.
pub(super) fn take<T: Decode>(
    members: &[Member],
    names: &[&str],
    path: &str,
    report: &mut Report,
) -> Option<Written<T>> {
    let node = &member(members, names, path, report)?.node;
    let path = join(path, names[0]);
    let value = T::decode(node, &path, report)?;
    Some(Written {
        value,
        origin: node.origin.clone(),
        path,
    })
}

/// The path of a setting inside a section.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// The member that counts for a setting, unless it is null; other spellings of it are announced.
fn member<'a>(members: &'a [Member], names: &[&str], path: &str, report: &mut Report) -> Option<&'a Member> {
    let chosen = select(members, names)?;
    for (at, other) in members.iter().enumerate() {
        if at != chosen && names.iter().any(|name| other.name.eq_ignore_ascii_case(name)) {
            let message = format!("is ignored, {} counts", members[chosen].name);
            report.notice(&other.node.origin, join(path, &other.name), message);
        }
    }
    Some(&members[chosen]).filter(|member| !is_null(&member.node))
}

/// Announces names that no setting has.
fn report_unknown(members: &[Member], groups: &[&[Field]], path: &str, report: &mut Report) {
    for Member { name, node } in members {
        if groups
            .iter()
            .any(|group| group.iter().any(|field| field.is_called(name)))
        {
            continue;
        }
        let names = groups
            .iter()
            .flat_map(|group| group.iter())
            .flat_map(|field| field.names.iter().copied());
        let message = match spelling::nearest(names, name) {
            Some(near) => format!("unknown setting, did you mean {near}?"),
            None => "unknown setting".to_owned(),
        };
        report.notice(&node.origin, join(path, name), message);
    }
}

/// Reads every item of a list, or a single value as its only item.
pub(super) fn each<T>(
    node: &Node,
    path: &str,
    expected: &str,
    report: &mut Report,
    mut read: impl FnMut(&Node, &str, &mut Report) -> Option<T>,
) -> Option<Vec<T>> {
    match &node.value {
        Value::List(items) => {
            let items = items.iter().enumerate();
            Some(
                items
                    .filter_map(|(at, item)| read(item, &format!("{path}[{at}]"), report))
                    .collect(),
            )
        }
        Value::Scalar(_) if expected == "a list of objects" => unexpected(node, path, expected, report),
        _ => read(node, path, report).map(|item| vec![item]),
    }
}

/// A value as JSON, for options that a backend decodes further.
pub(super) fn json(shape: Shape, node: &Node, path: &str, report: &mut Report) -> Option<serde_json::Value> {
    Some(match shape {
        Shape::Bool => bool::decode(node, path, report)?.into(),
        Shape::Integer => i64::decode(node, path, report)?.into(),
        Shape::Text => Box::<str>::decode(node, path, report)?.into_string().into(),
        Shape::Duration => u64::try_from(Duration::decode(node, path, report)?.as_nanos())
            .ok()?
            .into(),
        Shape::Texts => Vec::<Box<str>>::decode(node, path, report)?
            .into_iter()
            .map(String::from)
            .collect(),
        Shape::TextMap => {
            let map = TextMap::decode(node, path, report)?;
            map.0
                .into_iter()
                .map(|(name, text)| (String::from(name), String::from(text)))
                .collect()
        }
        Shape::TextsMap => {
            let Value::Map(members) = &node.value else {
                return unexpected(node, path, "names with lists of texts", report);
            };
            let texts = |member: &Member| {
                let texts = json(Shape::Texts, &member.node, &join(path, &member.name), report)?;
                Some((member.name.to_string(), texts))
            };
            serde_json::Value::Object(members.iter().filter_map(texts).collect())
        }
        Shape::Section(groups) => {
            let Value::Map(members) = &node.value else {
                return unexpected(node, path, "an object", report);
            };
            report_unknown(members, groups, path, report);
            let mut object = Map::new();
            for field in groups.iter().flat_map(|group| group.iter()) {
                let Some(member) = member(members, field.names, path, report) else {
                    continue;
                };
                if let Some(value) = json(field.shape, &member.node, &join(path, field.names[0]), report) {
                    object.insert(field.names[0].to_owned(), value);
                }
            }
            object.into()
        }
        Shape::List(groups) | Shape::Keys(groups) => {
            let section = Shape::Section(groups);
            each(node, path, "a list of objects", report, |item, path, report| {
                json(section, item, path, report)
            })?
            .into()
        }
        Shape::Free => free(node, path, report)?,
    })
}

/// A value as JSON, as it was written.
fn free(node: &Node, path: &str, report: &mut Report) -> Option<serde_json::Value> {
    Some(match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::List(items) => items
            .iter()
            .map(|item| free(item, path, report))
            .collect::<Option<Vec<_>>>()?
            .into(),
        Value::Map(members) => {
            let value = |member: &Member| Some((member.name.to_string(), free(&member.node, path, report)?));
            serde_json::Value::Object(members.iter().map(value).collect::<Option<Map<_, _>>>()?)
        }
        Value::Scalar(scalar) => match scalar.resolved {
            Resolved::Null => serde_json::Value::Null,
            Resolved::Bool(value) => value.into(),
            Resolved::Int(value) => value.into(),
            Resolved::UInt(value) => value.into(),
            Resolved::Float(value) => match Number::from_f64(value) {
                Some(number) => number.into(),
                None => return unexpected(node, path, "a finite number", report),
            },
            Resolved::String | Resolved::Date(_) => String::from(scalar.text.clone()).into(),
        },
    })
}

/// A value as an attribute of an evaluation context; integers stay integers.
fn context_value(node: &Node, path: &str, report: &mut Report) -> Option<ContextValue<'static>> {
    Some(match &node.value {
        Value::Null => ContextValue::Null,
        Value::List(items) => {
            let items = items.iter().enumerate();
            ContextValue::List(
                items
                    .filter_map(|(at, item)| context_value(item, &format!("{path}[{at}]"), report))
                    .collect(),
            )
        }
        Value::Map(members) => {
            let value = |Member { name, node }: &Member| {
                Some((name.to_string().into(), context_value(node, &join(path, name), report)?))
            };
            ContextValue::Map(ContextMap::from_members(members.iter().filter_map(value).collect()))
        }
        Value::Scalar(scalar) => match scalar.resolved {
            Resolved::Null => ContextValue::Null,
            Resolved::Bool(value) => ContextValue::Bool(value),
            Resolved::Int(value) => ContextValue::Int(value),
            Resolved::UInt(value) => ContextValue::Float(value as f64),
            Resolved::Float(value) if value.is_finite() => ContextValue::Float(value),
            Resolved::Float(_) => return unexpected(node, path, "a finite number", report),
            Resolved::String | Resolved::Date(_) => ContextValue::String(scalar.text.to_string().into()),
        },
    })
}

/// Reports a value of another type, without showing it.
fn unexpected<T>(node: &Node, path: &str, expected: &str, report: &mut Report) -> Option<T> {
    let found = match &node.origin {
        Origin::Variable(_) => String::new(),
        _ => format!(", found {}", node.noun()),
    };
    report.problem(&node.origin, path, format!("expected {expected}{found}"));
    None
}

fn is_null(node: &Node) -> bool {
    matches!(
        &node.value,
        Value::Null
            | Value::Scalar(Scalar {
                resolved: Resolved::Null,
                ..
            })
    )
}

fn scalar(node: &Node) -> Option<&Scalar> {
    match &node.value {
        Value::Scalar(scalar) => Some(scalar),
        _ => None,
    }
}

/// The whole part of a float, if it fits.
fn truncated(value: f64) -> Option<i64> {
    const LIMIT: f64 = i64::MAX as f64;
    (value > -LIMIT && value < LIMIT).then(|| value.trunc() as i64)
}

/// A whole number as Go reads literals: with a sign, a base prefix (`0x`, `0o`, `0b`, `0`) and underscores. Empty is 0.
fn integer(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &lower[..]),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{}", digits.replace('_', "")), base).ok()
}
