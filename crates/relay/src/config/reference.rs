//! The description of every setting as plain data, for the pages and schemas that are made of it.

use serde::Serialize;

use super::decode::Section;
use super::file::RootFile;
use super::shape::{Exposure, Field, KindOptions, Shape};

/// A setting, and the settings inside of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its name in its section.
    pub name: &'static str,
    /// Other spellings of it.
    pub spellings: &'static [&'static str],
    /// What it does, in Markdown.
    pub about: String,
    /// What it holds.
    pub holds: Holds,
    /// What counts when it is not written, as it would be written.
    pub default: Option<&'static str>,
    /// Whether 0, or an empty text, is a value of its own. Otherwise it counts as not written.
    pub keeps_zero: bool,
    /// Whether an edit counts from the next start only.
    pub restart: bool,
    /// The setting that replaced it.
    pub successor: Option<&'static str>,
    /// Whether it has no effect.
    pub ignored: bool,
    /// Whether it, or a part of it, is never shown.
    pub secret: bool,
    /// The environment variable that sets it: `0` stands for the index in a list, `NAME` for a name of the user's own.
    /// `None` for what has no variable of its own.
    pub variable: Option<String>,
    /// For the `kind` of a backend: what each kind can be told.
    pub kinds: Vec<Kind>,
    /// The settings of an object, or of each object of a list, in groups: its own first, then those that stand beside them
    /// here and elsewhere.
    pub members: Vec<Vec<Setting>>,
}

/// What a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Holds {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Integer,
    /// Text.
    Text,
    /// A duration like `1m30s`.
    Duration,
    /// A list of texts; a single one counts as a list.
    Texts,
    /// Names with a text each.
    TextMap,
    /// Names with lists of texts.
    TextsMap,
    /// Any object.
    Free,
    /// An object with known settings.
    Section,
    /// A list of such objects; a single one counts as a list.
    List,
    /// A list of texts or such objects; a single one counts as a list.
    Keys,
}

/// A kind of a backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// Whether this build does something with it.
    pub active: bool,
    /// What must be there, in Markdown.
    pub required: String,
    /// Every option that it looks at.
    pub options: Vec<&'static str>,
}

/// Every setting of the file, in groups: those of the relay as a whole, then those of a flag set, which stand at the top of the
/// file or in each entry of `flagSets`.
pub fn reference() -> Vec<Vec<Setting>> {
    groups(RootFile::FIELDS, "")
}

fn groups(groups: &'static [&'static [Field]], variable: &str) -> Vec<Vec<Setting>> {
    let group = |fields: &&'static [Field]| fields.iter().map(|field| setting(field, variable)).collect();
    groups.iter().map(group).collect()
}

fn setting(field: &'static Field, section: &str) -> Setting {
    let variable = format!("{section}{}", field.names[0].to_ascii_uppercase());
    let (holds, members, variable) = match field.shape {
        Shape::Bool => (Holds::Bool, Vec::new(), Some(variable)),
        Shape::Integer => (Holds::Integer, Vec::new(), Some(variable)),
        Shape::Text => (Holds::Text, Vec::new(), Some(variable)),
        Shape::Duration => (Holds::Duration, Vec::new(), Some(variable)),
        Shape::Texts => (Holds::Texts, Vec::new(), Some(variable)),
        Shape::TextMap => (Holds::TextMap, Vec::new(), Some(format!("{variable}_NAME"))),
        Shape::TextsMap => (Holds::TextsMap, Vec::new(), Some(format!("{variable}_NAME"))),
        Shape::Free => (Holds::Free, Vec::new(), Some(format!("{variable}_NAME"))),
        Shape::Section(fields) => (Holds::Section, groups(fields, &format!("{variable}_")), None),
        Shape::List(fields) => (Holds::List, groups(fields, &format!("{variable}_0_")), None),
        Shape::Keys(fields) => (Holds::Keys, anonymous(groups(fields, "")), Some(variable)),
    };
    Setting {
        name: field.names[0],
        spellings: &field.names[1..],
        about: field.about.split_whitespace().collect::<Vec<_>>().join(" "),
        holds,
        default: default(field),
        keeps_zero: field.keeps_zero,
        restart: field.restart,
        successor: field.successor,
        ignored: field.ignored,
        secret: field.exposure != Exposure::Plain,
        variable: variable.filter(|variable| variable != "ENVVARIABLEPREFIX"),
        kinds: field
            .kinds
            .map(|kinds| kinds().into_iter().map(Kind::from).collect())
            .unwrap_or_default(),
        members,
    }
}

/// Settings without their variables, which differ between the lists that hold them.
fn anonymous(mut groups: Vec<Vec<Setting>>) -> Vec<Vec<Setting>> {
    for setting in groups.iter_mut().flatten() {
        setting.variable = None;
    }
    groups
}

/// What counts when a setting is not written: a switch is off.
fn default(field: &Field) -> Option<&'static str> {
    let off = matches!(field.shape, Shape::Bool) && field.successor.is_none() && !field.ignored;
    field.default.or(off.then_some("false"))
}

impl From<KindOptions> for Kind {
    fn from(kind: KindOptions) -> Self {
        let KindOptions {
            name,
            active,
            required,
            options,
        } = kind;
        Self {
            name,
            active,
            required,
            options,
        }
    }
}
