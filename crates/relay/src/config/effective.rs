//! What counts of all that was written, and why: every setting with its value, secrets hidden, and its origin.

use serde_json::Value;

use super::decode::{Section, join, json};
use super::file::RootFile;
use super::report::{Origin, Report};
use super::shape::{Field, KindOptions, Shape};
use super::tree::{self, Member, Node, select};

mod exposure;

/// A setting that counts.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectiveSetting {
    /// Its path, like `flagSets[0].retrievers[1].url`.
    pub path: String,
    /// Its value after conversion to its type; what may be secret in it is `***`.
    pub value: Value,
    /// Where it was written, or [`Origin::Default`].
    pub origin: Origin,
}

/// Everything that counts, in the order of the reference. What cannot be read is left out: it is reported elsewhere.
pub(super) fn settings(root: &Node) -> Vec<EffectiveSetting> {
    let mut view = View {
        deprecated: root_level_deprecated(root),
        found: Vec::new(),
    };
    let (own, of_a_flag_set) = RootFile::FIELDS.split_at(1);
    view.section(own, Some(root), "", Defaults::Shown);
    let sets = select(root.members(), &["flagSets"]).map(|at| &root.members()[at].node);
    let has_sets = sets.is_some_and(|sets| matches!(&sets.value, tree::Value::List(items) if !items.is_empty()));
    // sets inherit nothing: beside them, what is written at the top does not count
    if !has_sets {
        view.section(of_a_flag_set, Some(root), "", Defaults::Shown);
    }
    view.found
}

/// Whether settings that were not written are shown with their defaults.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Defaults {
    Shown,
    Hidden,
}

/// A former spelling at the top of the file that was written, and its field.
type Deprecated<'t> = (&'static Field, &'t Node);

/// What was found so far.
struct View<'t> {
    deprecated: Vec<Deprecated<'t>>,
    found: Vec<EffectiveSetting>,
}

impl<'t> View<'t> {
    /// Adds the settings of an object.
    fn section(&mut self, groups: &'static [&'static [Field]], node: Option<&'t Node>, path: &str, defaults: Defaults) {
        let members = node.map(Node::members).unwrap_or_default();
        let kind = kind(groups, members);
        for field in groups.iter().flat_map(|group| group.iter()) {
            let defaults = match &kind {
                Some(kind) if !kind.options.contains(&field.names[0]) => Defaults::Hidden,
                _ => defaults,
            };
            self.field(groups, field, members, path, defaults);
        }
    }

    fn field(
        &mut self,
        groups: &'static [&'static [Field]],
        field: &'static Field,
        members: &'t [Member],
        path: &str,
        defaults: Defaults,
    ) {
        let written = written(field, members);
        let path = join(path, field.names[0]);
        match field.shape {
            _ if field.ignored => {}
            Shape::Section(inner) if is_backend(inner) && written.is_none() => {}
            Shape::Section(inner) => self.section(inner, written, &path, defaults),
            Shape::List(inner) => match written.map(|node| (&node.value, node)) {
                Some((tree::Value::List(items), _)) => {
                    for (at, item) in items.iter().enumerate() {
                        self.section(inner, Some(item), &format!("{path}[{at}]"), Defaults::Shown);
                    }
                }
                Some((tree::Value::Map(_), node)) => {
                    self.section(inner, Some(node), &format!("{path}[0]"), Defaults::Shown);
                }
                _ => {}
            },
            Shape::Keys(inner) => {
                if let Some(node) = written {
                    self.keys(field, inner, node, &path);
                }
            }
            // these stand under the name that replaced them; keys count beside the others
            _ if field.successor.is_some() => {}
            _ => {
                let siblings = groups.iter().flat_map(|group| group.iter());
                let former = siblings
                    .filter(|former| former.successor == Some(field.names[0]))
                    .filter_map(|former| Some((former, self::written(former, members)?)));
                let former: Vec<_> = former
                    .chain(
                        self.deprecated
                            .iter()
                            .copied()
                            .filter(|(former, _)| former.successor == Some(&*path)),
                    )
                    .collect();
                self.leaf(field, written, &former, &path, defaults);
            }
        }
    }

    /// Adds keys, of which each is a text or an object.
    fn keys(&mut self, field: &'static Field, inner: &'static [&'static [Field]], node: &'t Node, path: &str) {
        let items = match &node.value {
            tree::Value::List(items) => &items[..],
            _ => std::slice::from_ref(node),
        };
        for (at, item) in items.iter().enumerate() {
            let path = format!("{path}[{at}]");
            match &item.value {
                tree::Value::Map(_) => self.section(inner, Some(item), &path, Defaults::Shown),
                _ => {
                    if let Some(value) = read(Shape::Text, item) {
                        self.add(field, path, value, &item.origin);
                    }
                }
            }
        }
    }

    /// Adds a setting that holds no others.
    fn leaf(
        &mut self,
        field: &'static Field,
        written: Option<&'t Node>,
        former: &[Deprecated<'t>],
        path: &str,
        defaults: Defaults,
    ) {
        if let (Shape::TextMap | Shape::TextsMap | Shape::Free, Some(node)) = (field.shape, written) {
            for Member { name, node } in node.members() {
                let shape = match field.shape {
                    Shape::TextsMap => Shape::Texts,
                    _ => Shape::Free,
                };
                if let Some(value) = read(shape, node) {
                    self.add(field, join(path, name), value, &node.origin);
                }
            }
            return;
        }
        let counts = |value: &Value| field.keeps_zero || !is_zero(value);
        if let Some(node) = written {
            match read(field.shape, node) {
                Some(value) if counts(&value) => return self.add(field, path.to_owned(), value, &node.origin),
                Some(_) => {}
                None => return,
            }
        }
        for (former, node) in former {
            match (read(former.shape, node), former.means) {
                (Some(value), _) if is_zero(&value) => {}
                (Some(_), Some(meaning)) => return self.add(field, path.to_owned(), meaning.into(), &node.origin),
                (Some(value), None) => return self.add(field, path.to_owned(), value, &node.origin),
                (None, _) => {}
            }
        }
        if defaults == Defaults::Shown
            && let Some(value) = default(field)
        {
            self.add(field, path.to_owned(), value, &Origin::Default);
        }
    }

    fn add(&mut self, field: &'static Field, path: String, value: Value, origin: &Origin) {
        self.found.push(EffectiveSetting {
            path,
            value: exposure::shown(field.exposure, value),
            origin: origin.clone(),
        });
    }
}

/// Former spellings at the top of the file.
fn root_level_deprecated(root: &Node) -> Vec<Deprecated<'_>> {
    let fields = RootFile::FIELDS.iter().flat_map(|group| group.iter());
    let former = fields.filter(|field| field.successor.is_some());
    former
        .filter_map(|field| Some((field, written(field, root.members())?)))
        .collect()
}

/// What was written for a setting; nothing when it is null.
fn written<'t>(field: &Field, members: &'t [Member]) -> Option<&'t Node> {
    let node = &members[select(members, field.names)?].node;
    (!matches!(node.value, tree::Value::Null)).then_some(node)
}

/// The kind of a backend, if it is one of those that exist.
fn kind(groups: &'static [&'static [Field]], members: &[Member]) -> Option<KindOptions> {
    let picks = groups
        .iter()
        .flat_map(|group| group.iter())
        .find(|field| field.kinds.is_some())?;
    let name = read(Shape::Text, written(picks, members)?)?;
    let kinds = picks.kinds.map(|kinds| kinds()).unwrap_or_default();
    kinds.into_iter().find(|kind| name == kind.name)
}

fn is_backend(groups: &'static [&'static [Field]]) -> bool {
    groups
        .iter()
        .flat_map(|group| group.iter())
        .any(|field| field.kinds.is_some())
}

/// A value converted to its type; what does not fit is reported where the configuration is decoded.
fn read(shape: Shape, node: &Node) -> Option<Value> {
    match (shape, &node.value) {
        // as people write it
        (Shape::Duration, tree::Value::Scalar(scalar)) => Some(scalar.text.to_string().into()),
        _ => json(shape, node, "", &mut Report::default()),
    }
}

/// Whether a value counts as not written where there is a default.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(on) => !on,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(_) => false,
    }
}

/// The default in its type: switches are off.
fn default(field: &Field) -> Option<Value> {
    match (field.shape, field.default) {
        (Shape::Bool, text) => Some((text == Some("true")).into()),
        (Shape::Integer, Some(text)) => text.parse::<i64>().ok().map(Value::from),
        (_, text) => text.map(Value::from),
    }
}
