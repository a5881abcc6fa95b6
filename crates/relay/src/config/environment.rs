//! Environment variables, laid over the file: `SERVER_PORT` is `server.port`, `RETRIEVERS_0_PATH` is `retrievers[0].path`.
//!
//! A variable reaches one setting and leaves its siblings alone. One that names no setting creates nothing.

use std::cmp::Reverse;
use std::sync::Arc;

use super::report::{Origin, Report};
use super::shape::{Field, Shape};
use super::tree::{Member, Node, Value, select};

/// The highest index of a list that a variable may name.
const MAX_INDEX: usize = 999;

/// How deep a variable may reach into an object with names of the user's own.
const MAX_DEPTH: usize = 32;

/// First parts of names that are only ours: a variable with one of them that names no setting is worth a warning.
const OURS: &[&str] = &[
    "retriever",
    "retrievers",
    "exporter",
    "exporters",
    "notifier",
    "notifiers",
    "notifierlock",
    "flagsets",
];

/// Lays the variables over the file's tree; the prefix is taken off their names.
pub(super) fn overlay(
    tree: &mut Node,
    groups: &'static [&'static [Field]],
    variables: &[(String, String)],
    prefix: &str,
    report: &mut Report,
) {
    let mut variables: Vec<_> = variables.iter().collect();
    // A list comes before its items. Of `server_port` and `SERVER_PORT`, the usual spelling is the last word.
    variables.sort_by_cached_key(|(name, _)| (name.to_lowercase(), Reverse(name.clone())));
    for (variable, value) in variables {
        let Some(name) = variable.strip_prefix(prefix) else {
            continue;
        };
        let lower = name.to_lowercase();
        let segments: Vec<&str> = lower.split('_').collect();
        let origin = Origin::Variable(Arc::from(variable.as_str()));
        match resolve(Shape::Section(groups), &segments, Vec::new()) {
            Ok((steps, leaf)) => {
                if let Some(value) = node(&leaf, value, &origin, report) {
                    place(tree, &steps, value, &origin);
                }
            }
            Err(Refusal::IndexedTexts) => {
                let message = "write the list into one variable without an index, separated by commas";
                report.problem(&origin, "", message);
            }
            Err(Refusal::NoSetting) if !prefix.is_empty() || OURS.contains(&segments[0]) => {
                report.notice(
                    &origin,
                    "",
                    "names no setting and is ignored; lists need an index, like RETRIEVERS_0_PATH",
                );
            }
            Err(Refusal::NoSetting) => {}
        }
    }
}

/// A step towards a setting.
enum Step {
    /// A setting by its names.
    Setting(&'static [&'static str]),
    /// An item of a list.
    Item(usize),
    /// An item of a list of keys; one that is a text becomes an object with that key.
    Key(usize),
    /// A name of the user's own, in any case.
    AnyCase(String),
    /// A name of the user's own.
    Exact(String),
}

/// What stands at the end of the way.
enum Leaf {
    Text,
    Texts,
    Pairs,
}

/// Why a variable reaches nothing.
enum Refusal {
    NoSetting,
    /// `AUTHORIZEDKEYS_EVALUATION_0`: ignoring it could leave the relay open.
    IndexedTexts,
}

/// Finds the setting that the parts of a name lead to.
fn resolve(shape: Shape, segments: &[&str], mut steps: Vec<Step>) -> Result<(Vec<Step>, Leaf), Refusal> {
    match (shape, segments) {
        (Shape::Bool | Shape::Integer | Shape::Text | Shape::Duration, []) => Ok((steps, Leaf::Text)),
        (Shape::Texts | Shape::Keys(_), []) => Ok((steps, Leaf::Texts)),
        (Shape::Keys(groups), [index, rest @ ..]) if !rest.is_empty() => match index.parse() {
            Ok(index) if index <= MAX_INDEX => {
                steps.push(Step::Key(index));
                resolve(Shape::Section(groups), rest, steps)
            }
            _ => Err(Refusal::NoSetting),
        },
        (Shape::Texts | Shape::Keys(_), [index, ..]) if index.parse::<usize>().is_ok() => Err(Refusal::IndexedTexts),
        (Shape::TextMap, []) => Ok((steps, Leaf::Pairs)),
        (Shape::TextMap | Shape::TextsMap, [_, ..]) => {
            steps.push(Step::AnyCase(segments.join("_")));
            Ok((steps, Leaf::Text))
        }
        (Shape::Free, [_, ..]) if segments.len() <= MAX_DEPTH && segments.iter().all(|segment| !segment.is_empty()) => {
            steps.extend(segments.iter().map(|segment| Step::Exact((*segment).to_owned())));
            Ok((steps, Leaf::Text))
        }
        (Shape::Section(groups), [first, rest @ ..]) => {
            let mut fields = groups.iter().flat_map(|group| group.iter());
            let field = fields.find(|field| field.is_called(first));
            let Some(field) = field else {
                return Err(Refusal::NoSetting);
            };
            steps.push(Step::Setting(field.names));
            resolve(field.shape, rest, steps)
        }
        (Shape::List(groups), [index, rest @ ..]) => match index.parse() {
            Ok(index) if index <= MAX_INDEX => {
                steps.push(Step::Item(index));
                resolve(Shape::Section(groups), rest, steps)
            }
            _ => Err(Refusal::NoSetting),
        },
        _ => Err(Refusal::NoSetting),
    }
}

/// The value of a variable as a node.
fn node(leaf: &Leaf, value: &str, origin: &Origin, report: &mut Report) -> Option<Node> {
    let value = match leaf {
        Leaf::Text => return Some(Node::text(value, origin.clone())),
        Leaf::Texts => Value::List(
            value
                .split(',')
                .map(|item| Node::text(item.trim(), origin.clone()))
                .collect(),
        ),
        Leaf::Pairs => {
            let mut members = Vec::new();
            for pair in value.split(',').filter(|pair| !pair.trim().is_empty()) {
                match pair.split_once('=') {
                    Some((name, text)) => {
                        members.push(Member {
                            name: name.trim().into(),
                            node: Node::text(text.trim(), origin.clone()),
                        });
                    }
                    None => report.notice(origin, "", "has an item that is not name=value, which is ignored"),
                }
            }
            Value::Map(members)
        }
    };
    Some(Node {
        value,
        origin: origin.clone(),
    })
}

/// Puts a value at the end of the way, making what is missing. Where the file holds something of another type, nothing
/// happens: decoding reports it.
fn place(node: &mut Node, steps: &[Step], value: Node, origin: &Origin) {
    let Some((step, rest)) = steps.split_first() else {
        match (&mut node.value, value.value) {
            (Value::Map(members), Value::Map(others)) => others.into_iter().for_each(|other| insert(members, other)),
            (_, other) => {
                *node = Node {
                    value: other,
                    origin: value.origin,
                }
            }
        }
        return;
    };
    let next = match step {
        Step::Item(index) => {
            let Some(item) = item(node, *index, origin) else { return };
            item
        }
        Step::Key(index) => {
            if let Value::Scalar(_) = node.value {
                wrap(node, |key| Value::List(vec![key]));
            }
            let Some(item) = item(node, *index, origin) else { return };
            if let Value::Scalar(_) = item.value {
                let name = "key".into();
                wrap(item, |node| Value::Map(vec![Member { name, node }]));
            }
            item
        }
        Step::Setting(names) => {
            let Some(members) = members(node) else { return };
            let at = select(members, names).unwrap_or_else(|| add(members, names[0], origin));
            &mut members[at].node
        }
        Step::AnyCase(name) => {
            let Some(members) = members(node) else { return };
            let at = select(members, &[name]).unwrap_or_else(|| add(members, name, origin));
            &mut members[at].node
        }
        Step::Exact(name) => {
            let Some(members) = members(node) else { return };
            let at = members.iter().position(|member| *member.name == **name);
            let at = at.unwrap_or_else(|| add(members, name, origin));
            &mut members[at].node
        }
    };
    place(next, rest, value, origin);
}

/// The members of an object, or of what can become one.
fn members(node: &mut Node) -> Option<&mut Vec<Member>> {
    if matches!(node.value, Value::Null) {
        node.value = Value::Map(Vec::new());
    }
    match &mut node.value {
        Value::Map(members) => Some(members),
        _ => None,
    }
}

/// An item of a list, or of what can become one: a single object is its first item.
fn item<'n>(node: &'n mut Node, index: usize, origin: &Origin) -> Option<&'n mut Node> {
    match node.value {
        Value::Null => node.value = Value::List(Vec::new()),
        Value::Map(_) => wrap(node, |object| Value::List(vec![object])),
        _ => {}
    }
    let Value::List(items) = &mut node.value else {
        return None;
    };
    while items.len() <= index {
        items.push(Node::null(origin.clone()));
    }
    items.get_mut(index)
}

/// Puts a value into another one that stands in the same place.
fn wrap(node: &mut Node, outer: impl FnOnce(Node) -> Value) {
    let origin = node.origin.clone();
    let inner = std::mem::replace(node, Node::null(origin));
    node.value = outer(inner);
}

/// Appends a member without a value.
fn add(members: &mut Vec<Member>, name: &str, origin: &Origin) -> usize {
    members.push(Member {
        name: name.into(),
        node: Node::null(origin.clone()),
    });
    members.len() - 1
}

/// Adds a member in place of the one of its name.
fn insert(members: &mut Vec<Member>, other: Member) {
    match members.iter_mut().find(|member| member.name == other.name) {
        Some(member) => *member = other,
        None => members.push(other),
    }
}
