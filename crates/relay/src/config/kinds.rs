//! What retrievers, exporters and notifiers of each kind must have. Notifiers are not active yet; their options are checked all
//! the same, so that a configuration that is served today can be served when they are.

use serde_json::Value;

use super::decode::Options;
use super::shape::KindOptions;

/// A kind and what it needs.
struct Kind {
    name: &'static str,
    needs: Needs,
    /// What else it can be told, in groups.
    optional: &'static [&'static [&'static str]],
}

/// Which properties must be there.
enum Needs {
    /// Each of them; the first that is missing is named alone.
    Each(&'static [&'static str]),
    /// One of them; the message names the last one.
    One(&'static [&'static str]),
}

const NOTIFIERS: &[Kind] = &[
    kind("slack", Needs::One(&["webhookUrl", "slackWebhookUrl"]), &[]),
    kind("microsoftteams", Needs::Each(&["webhookUrl"]), &[]),
    kind(
        "webhook",
        Needs::Each(&["endpointUrl"]),
        &[&["secret", "meta", "headers"]],
    ),
    kind("discord", Needs::Each(&["webhookUrl"]), &[]),
];

const fn kind(name: &'static str, needs: Needs, optional: &'static [&'static [&'static str]]) -> Kind {
    Kind { name, needs, optional }
}

/// What retrievers of each kind can be told.
pub(super) fn retrievers() -> Vec<KindOptions> {
    let describe = |kind: &flagstaff_retrievers::kinds::Kind| KindOptions {
        name: kind.name,
        active: kind.feature.is_some(),
        required: listed(kind.required, ", "),
        options: sections(
            kind.required.iter().chain(kind.optional).copied(),
            &["kind", "fileFormat"],
        ),
    };
    flagstaff_retrievers::kinds::KINDS.iter().map(describe).collect()
}

/// What exporters of each kind can be told.
pub(super) fn exporters() -> Vec<KindOptions> {
    let describe = |kind: &flagstaff_backend::Kind<flagstaff_exporters::kinds::Backend>| KindOptions {
        name: kind.name,
        active: kind.backend.is_active(),
        required: kind.needs.describe(),
        options: sections(kind.properties(), &["kind", "eventType", "name", "deadLetterFile"]),
    };
    flagstaff_exporters::kinds::KINDS.iter().map(describe).collect()
}

/// What notifiers of each kind can be told.
pub(super) fn notifiers() -> Vec<KindOptions> {
    NOTIFIERS.iter().map(|kind| kind.describe(&["kind"])).collect()
}

impl Kind {
    fn describe(&self, always: &[&'static str]) -> KindOptions {
        let (names, word) = match self.needs {
            Needs::Each(names) => (names, ", "),
            Needs::One(names) => (names, " or "),
        };
        KindOptions {
            name: self.name,
            active: false,
            required: listed(names, word),
            options: sections(
                names.iter().chain(self.optional.iter().copied().flatten()).copied(),
                always,
            ),
        }
    }
}

fn listed(names: &[&str], word: &str) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(word)
}

/// The options of a backend that dotted paths begin with, each once.
fn sections(paths: impl Iterator<Item = &'static str>, always: &[&'static str]) -> Vec<&'static str> {
    let mut names = always.to_vec();
    for path in paths {
        let name = path.split_once('.').map_or(path, |(first, _)| first);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What is wrong with an exporter or a notifier: the property it is about, and a message.
pub(super) type Finding = (&'static str, String);

/// Checks a notifier; `shown` says how a property's value may be called in a message.
pub(super) fn check_notifier<T>(options: &Options<T>, shown: &dyn Fn(&str) -> String) -> Result<&'static str, Finding> {
    find(NOTIFIERS, options, shown)
}

/// Finds the kind and checks that it has what it needs.
fn find<T>(kinds: &[Kind], options: &Options<T>, shown: &dyn Fn(&str) -> String) -> Result<&'static str, Finding> {
    let written = options.text("kind");
    let Some(kind) = kinds.iter().find(|kind| kind.name == written) else {
        let known = kinds.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
        return Err((
            "kind",
            format!("kind {} is not supported, use one of {known}", shown("kind")),
        ));
    };
    let is_there = |path: &&str| !is_empty(find_value(&options.values, path));
    let quoted = |properties: &[&str], word: &str| {
        properties
            .iter()
            .map(|property| format!("\"{property}\""))
            .collect::<Vec<_>>()
            .join(word)
    };
    let missing = |what: String| format!("no {what} property found for kind \"{}\"", kind.name);
    match kind.needs {
        Needs::Each(properties) => match properties.iter().find(|path| !is_there(path)) {
            Some(property) => Err(("kind", missing(quoted(&[property], "")))),
            None => Ok(kind.name),
        },
        Needs::One(properties) if properties.iter().any(is_there) => Ok(kind.name),
        Needs::One(properties) => Err(("kind", missing(quoted(&properties[properties.len() - 1..], "")))),
    }
}

/// A value by its dotted path.
fn find_value<'a>(values: &'a serde_json::Map<String, Value>, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        Some((first, rest)) => find_value(values.get(first)?.as_object()?, rest),
        None => values.get(path),
    }
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(_) => false,
    }
}
