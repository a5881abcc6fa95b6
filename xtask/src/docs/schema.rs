//! The JSON schema of the configuration file, for editors.

use serde_json::{Map, Value, json};

use super::setting::{Holds, Setting};

/// Writes the schema. It is stricter than the relay, which takes names in any case and texts that read as numbers.
pub(crate) fn schema(settings: &[Vec<Setting>]) -> anyhow::Result<String> {
    let mut definitions = Map::new();
    let mut schema = object(settings, &mut definitions);
    let head = schema.as_object_mut().expect("an object is described by an object");
    head.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    head.insert("title".into(), "Configuration of the Flagstaff relay".into());
    head.insert("$defs".into(), definitions.into());
    Ok(format!("{schema:#}\n"))
}

/// An object with known members. Backends are defined once, by their first setting.
fn object(groups: &[Vec<Setting>], definitions: &mut Map<String, Value>) -> Value {
    let mut members = Map::new();
    for setting in groups.iter().flatten() {
        members.insert(setting.name.clone(), value(setting, definitions));
    }
    json!({"type": "object", "properties": members})
}

fn value(setting: &Setting, definitions: &mut Map<String, Value>) -> Value {
    let mut schema = match setting.holds {
        Holds::Bool => json!({"type": "boolean"}),
        Holds::Integer => json!({"type": "integer"}),
        Holds::Text => json!({"type": "string"}),
        Holds::Duration => json!({"type": "string", "pattern": "^([0-9.]+(ns|us|µs|ms|s|m|h))+$"}),
        Holds::Texts => texts(),
        Holds::TextMap | Holds::Free => json!({"type": "object"}),
        Holds::TextsMap => json!({"type": "object", "additionalProperties": texts()}),
        Holds::Section if setting.is_backend() => backend(setting, definitions),
        Holds::Section => object(&setting.members, definitions),
        Holds::List if setting.is_backend() => json!({"type": "array", "items": backend(setting, definitions)}),
        Holds::List => json!({"type": "array", "items": object(&setting.members, definitions)}),
        Holds::Keys => {
            let key = json!({"anyOf": [{"type": "string"}, object(&setting.members, definitions)]});
            json!({"anyOf": [key, {"type": "array", "items": key}]})
        }
    };
    let members = schema.as_object_mut().expect("each of them is an object");
    members.insert("description".into(), (*setting.about).into());
    if let Some(default) = &setting.default {
        let default = match setting.holds {
            Holds::Bool | Holds::Integer => serde_json::from_str(default).expect("a default is a value of its type"),
            _ => Value::from(&**default),
        };
        members.insert("default".into(), default);
    }
    if setting.successor.is_some() || setting.ignored {
        members.insert("deprecated".into(), true.into());
    }
    if !setting.kinds.is_empty() {
        let kinds: Vec<_> = setting.kinds.iter().map(|kind| &*kind.name).collect();
        members.insert("enum".into(), kinds.into());
    }
    schema
}

/// A reference to the definition of a backend, made when it is not there.
fn backend(setting: &Setting, definitions: &mut Map<String, Value>) -> Value {
    let name = setting.name.trim_end_matches('s').to_owned();
    let reference = json!({"$ref": format!("#/$defs/{name}")});
    if !definitions.contains_key(&name) {
        let definition = object(&setting.members, definitions);
        definitions.insert(name, definition);
    }
    reference
}

/// A list of texts, or a single one.
fn texts() -> Value {
    json!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
}
