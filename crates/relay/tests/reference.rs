//! The description of the settings says the truth: what it calls a default is one, and nothing that looks like a secret is shown.

#![expect(clippy::unwrap_used, reason = "a setting that cannot be tried fails its test")]

use std::fs;

use flagstaff_relay::config::reference::{Holds, Setting, reference};
use flagstaff_relay::config::{self, Settings, Sources};
use serde_json::{Value, json};

/// Every setting with its path; those of lists and backends stand under the names of these.
fn settings() -> Vec<(String, Setting)> {
    fn walk(groups: Vec<Vec<Setting>>, path: &str, found: &mut Vec<(String, Setting)>) {
        for mut setting in groups.into_iter().flatten() {
            let path = format!("{path}{}", setting.name);
            walk(std::mem::take(&mut setting.members), &format!("{path}."), found);
            found.push((path, setting));
        }
    }
    let mut found = Vec::new();
    walk(reference(), "", &mut found);
    found
}

#[test]
fn a_default_that_is_written_changes_nothing() {
    let plain = load(&json!({}));
    let mut tried = 0;
    for (path, setting) in settings() {
        let of_a_list = ["retriever", "exporter", "notifier", "flagSets"]
            .iter()
            .any(|list| path.starts_with(list));
        let of_tokens = path.starts_with("authentication.") && cfg!(not(feature = "jwt"));
        if of_a_list || of_tokens {
            continue;
        }
        let Some(default) = setting.default else { continue };
        let (default, zero) = match setting.holds {
            Holds::Bool => (serde_json::from_str(default).unwrap(), json!(false)),
            Holds::Integer => (serde_json::from_str(default).unwrap(), json!(0)),
            Holds::Duration => (json!(default), json!("0s")),
            Holds::Text => (json!(default), json!("")),
            holds => panic!("{path}: a default of {holds:?}"),
        };
        assert!(
            load(&nested(&path, default)) == plain,
            "{path}: the default is another one"
        );
        let counts_as_absent = load(&nested(&path, zero)) == plain;
        assert_eq!(
            counts_as_absent, !setting.keeps_zero,
            "{path}: what 0 means is not what is said"
        );
        tried += 1;
    }
    assert!(tried > 15, "{tried}");
}

/// An object with one value at a dotted path.
fn nested(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |value, name| json!({ name: value }))
}

fn merge(into: &mut Value, added: &Value) {
    match (into, added) {
        (Value::Object(into), Value::Object(added)) => {
            for (name, added) in added {
                merge(into.entry(name).or_insert(Value::Null), added);
            }
        }
        (into, added) => *into = added.clone(),
    }
}

fn load(added: &Value) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    let traces =
        json!({"exporter": {"otlp": {"endpoint": "http://collector:4318"}}, "traces": {"sampler": "jaeger_remote"}});
    let mut file = json!({"retriever": {"kind": "file", "path": "flags.yaml"}, "otel": traces});
    if cfg!(feature = "jwt") {
        let issuer = json!({"issuer": "https://id.example.com", "audience": "flags"});
        merge(&mut file, &json!({"authentication": {"jwt": issuer}}));
    }
    merge(&mut file, added);
    let path = folder.path().join("goff-proxy.json");
    fs::write(&path, file.to_string()).unwrap();
    let sources = Sources {
        file: Some(path),
        environment: Vec::new(),
        working_directory: folder.path().to_owned(),
    };
    let loaded = config::load(&sources);
    loaded.unwrap_or_else(|error| panic!("{added}: {error}")).settings
}

#[test]
fn what_looks_like_a_secret_is_one() {
    // the key of a ConfigMap's data, names of headers without their values
    let plain = ["retriever.key", "retrievers.key", "server.cors.headers"];
    for (path, setting) in settings() {
        let name = setting.name.to_lowercase();
        let is_value = !matches!(
            setting.holds,
            Holds::Section | Holds::List | Holds::Bool | Holds::Integer | Holds::Duration
        );
        let names = [
            "key",
            "token",
            "secret",
            "password",
            "credential",
            "headers",
            "webhook",
            "uri",
        ];
        let suspicious = names.iter().any(|part| name.contains(part)) && !name.ends_with("path");
        let list = path.trim_start_matches("flagSets.");
        if is_value && suspicious && !plain.contains(&list) {
            assert!(setting.secret, "{path} is shown");
        }
    }
}

#[test]
fn kinds_have_options_that_exist() {
    let found = settings();
    let mut kinds = 0;
    for (path, setting) in &found {
        let section = path.strip_suffix("kind").unwrap_or_default();
        for option in setting.kinds.iter().flat_map(|kind| &kind.options) {
            let is_it = |(known, setting): &&(String, Setting)| {
                known.strip_prefix(section) == Some(option)
                    || (setting.spellings.contains(option) && known.starts_with(section))
            };
            assert!(found.iter().any(|known| is_it(&known)), "{section}{option}");
        }
        kinds += setting.kinds.len();
    }
    assert!(kinds > 20, "{kinds}");
}
