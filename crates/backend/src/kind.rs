//! Kinds of backends.

use serde_json::{Map, Value};

use crate::settings::{self, SettingsError};

/// A kind of backend, as it stands in a list of them.
#[derive(Debug, Clone, Copy)]
pub struct Kind<B> {
    /// Name in the configuration.
    pub name: &'static str,
    /// Cargo feature that brings it.
    pub feature: &'static str,
    /// Properties that must be there.
    pub needs: Needs,
    /// Properties that may be there, in groups.
    pub optional: &'static [&'static [&'static str]],
    /// What it is built with.
    pub backend: B,
}

/// Which properties must be there, by their dotted paths.
#[derive(Debug, Clone, Copy)]
pub enum Needs {
    /// Each of them; the first that is missing is named alone.
    Each(&'static [&'static str]),
    /// All of them, named together.
    All(&'static [&'static str]),
    /// One of them; the message names the last one.
    One(&'static [&'static str]),
    /// One of them; the message names all.
    Either(&'static [&'static str]),
}

/// The kind of these options, if it exists and has what it needs.
pub fn find<'k, B>(kinds: &'k [Kind<B>], options: &Map<String, Value>) -> Result<&'k Kind<B>, SettingsError> {
    let written = settings::find(options, "kind")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let kind = kinds.iter().find(|kind| kind.name == written);
    let kind = kind.ok_or_else(|| SettingsError::UnknownKind {
        kind: written.to_owned(),
        known: kinds.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", "),
    })?;
    kind.needs.check(kind.name, options)?;
    Ok(kind)
}

impl<B> Kind<B> {
    /// This build does not have it.
    pub fn not_compiled(&self) -> SettingsError {
        SettingsError::NotCompiled {
            kind: self.name,
            feature: self.feature,
        }
    }

    /// Every property that it knows, by its dotted path.
    pub fn properties(&self) -> impl Iterator<Item = &'static str> + use<B> {
        let optional = self.optional.iter().copied().flatten();
        self.needs.properties().iter().chain(optional).copied()
    }
}

impl Needs {
    /// All that are named.
    pub fn properties(self) -> &'static [&'static str] {
        match self {
            Self::Each(names) | Self::All(names) | Self::One(names) | Self::Either(names) => names,
        }
    }

    /// For people: each in back quotes, with commas or `or` between them.
    pub fn describe(self) -> String {
        let word = match self {
            Self::Each(_) | Self::All(_) => ", ",
            Self::One(_) | Self::Either(_) => " or ",
        };
        let quoted = self.properties().iter().map(|name| format!("`{name}`"));
        quoted.collect::<Vec<_>>().join(word)
    }

    fn check(self, kind: &'static str, options: &Map<String, Value>) -> Result<(), SettingsError> {
        let is_there = |path: &&&str| !is_empty(settings::find(options, path));
        let names = self.properties();
        let missing = |what: String| SettingsError::Missing { what, kind };
        match self {
            Self::Each(_) => match names.iter().find(|path| !is_there(path)) {
                Some(property) => Err(missing(quoted(&[property], ""))),
                None => Ok(()),
            },
            Self::All(_) if !names.iter().all(|path| is_there(&path)) => Err(SettingsError::Incomplete {
                what: quoted(names, " and "),
                kind,
            }),
            Self::One(_) | Self::Either(_) if names.iter().any(|path| is_there(&path)) => Ok(()),
            Self::One(_) => Err(missing(quoted(&names[names.len() - 1..], ""))),
            Self::Either(_) => Err(missing(quoted(names, " or "))),
            Self::All(_) => Ok(()),
        }
    }
}

fn quoted(properties: &[&str], word: &str) -> String {
    let quoted = properties.iter().map(|property| format!("\"{property}\""));
    quoted.collect::<Vec<_>>().join(word)
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        const KINDS: &[Kind<()>] = &[
            kind("each", Needs::Each(&["a", "b.c"])),
            kind("all", Needs::All(&["a", "b"])),
            kind("one", Needs::One(&["a", "b"])),
            kind("either", Needs::Either(&["a", "b"])),
        ];
        const fn kind(name: &'static str, needs: Needs) -> Kind<()> {
            Kind {
                name,
                feature: "f",
                needs,
                optional: &[],
                backend: (),
            }
        }
        for (options, expected) in [
            (json!({"kind": "each", "A": 1, "b": {"C": "x"}}), "each"),
            (
                json!({"kind": "each", "a": 1, "b": {}}),
                "no \"b.c\" property found for kind \"each\"",
            ),
            (
                json!({"kind": "all", "a": 1}),
                "\"a\" and \"b\" are required for kind \"all\"",
            ),
            (json!({"kind": "all", "a": 1, "b": 2}), "all"),
            (
                json!({"kind": "one", "a": ""}),
                "no \"b\" property found for kind \"one\"",
            ),
            (
                json!({"kind": "either", "b": []}),
                "no \"a\" or \"b\" property found for kind \"either\"",
            ),
            (json!({"kind": "either", "b": ["x"]}), "either"),
            (
                json!({"kind": "x"}),
                "kind \"x\" is not supported; known kinds: each, all, one, either",
            ),
        ] {
            let found = find(KINDS, options.as_object().unwrap());
            assert_eq!(
                found.map_or_else(|error| error.to_string(), |kind| kind.name.to_owned()),
                expected,
                "{options}"
            );
        }
    }
}
