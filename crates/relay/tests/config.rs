//! Configurations as data: a file and an environment in, settings or problems out (`conformance/config/cases.jsonl`).

#![expect(clippy::unwrap_used, reason = "a case that does not read fails its test")]

use std::fs;
use std::path::{Path, PathBuf};

use flagstaff_engine::context::{ContextMap, ContextValue};
use flagstaff_relay::config::{
    self, FlagSetSettings, Key, Loaded, Mode, Rate, Scope, Settings, Sources, TokenSettings,
};
use flagstaff_telemetry::traces::{Destination, TraceSettings};
use serde_json::{Map, Value, json};

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/config")
}

#[test]
fn cases_hold() {
    let lines = fs::read_to_string(cases().join("cases.jsonl")).unwrap();
    let failures: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|case: &Value| case["needs"] != "jwt" || cfg!(feature = "jwt"))
        .filter_map(|case| check(&case).err())
        .collect();
    assert!(
        failures.is_empty(),
        "{} failed\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// Loads a case and compares; every difference in one text.
fn check(case: &Value) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let (name, text) = match case.get("file") {
        Some(file) => {
            let file = file.as_str().unwrap();
            (file, fs::read_to_string(cases().join("goff").join(file)).unwrap())
        }
        None => (
            case.get("as").map_or("goff-proxy.yaml", |name| name.as_str().unwrap()),
            case["text"].as_str().unwrap().to_owned(),
        ),
    };
    fs::write(folder.path().join(name), text).unwrap();
    for (path, text) in case.get("files").and_then(Value::as_object).into_iter().flatten() {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.as_str().unwrap()).unwrap();
    }
    let environment = case.get("env").and_then(Value::as_object).into_iter().flatten();
    let sources = Sources {
        file: Some(name.into()),
        environment: environment
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect(),
        working_directory: folder.path().to_owned(),
    };
    let mut differences = Vec::new();
    let (problems, notices, debug) = match config::load(&sources) {
        Ok(Loaded { settings, notices, .. }) => {
            if let Some(expected) = case.get("settings") {
                compare(&describe(&settings, folder.path()), expected, "", &mut differences);
            }
            for (key, expected) in case.get("keys").and_then(Value::as_object).into_iter().flatten() {
                compare(
                    &grant(&settings, key),
                    expected,
                    &format!("key {key}"),
                    &mut differences,
                );
            }
            (Vec::new(), notices, format!("{settings:?}"))
        }
        Err(error) => (error.problems, error.notices, String::new()),
    };
    let print = |findings: &[config::Problem]| findings.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (problems, notices) = (print(&problems), print(&notices));
    listed(
        "problems",
        &problems,
        Some(case.get("problems").unwrap_or(&json!([]))),
        &mut differences,
    );
    listed("notices", &notices, case.get("notices"), &mut differences);
    let said = format!("{problems:?} {notices:?} {debug}");
    for secret in case.get("absent").and_then(Value::as_array).into_iter().flatten() {
        if said.contains(secret.as_str().unwrap()) {
            differences.push(format!("  shows {secret}: {said}"));
        }
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(format!("{}\n{}", case["name"], differences.join("\n")))
    }
}

/// Each finding holds the expected text, and there are no others.
fn listed(what: &str, found: &[String], expected: Option<&Value>, differences: &mut Vec<String>) {
    let Some(expected) = expected.and_then(Value::as_array) else {
        return;
    };
    let fits = |(found, expected): (&String, &Value)| found.contains(expected.as_str().unwrap());
    if found.len() != expected.len() || !found.iter().zip(expected).all(fits) {
        differences.push(format!(
            "  {what}:\n    found    {found:#?}\n    expected {expected:#?}"
        ));
    }
}

/// Everything that is expected is there; lists have the expected length.
fn compare(found: &Value, expected: &Value, path: &str, differences: &mut Vec<String>) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) if path != "enrichment" && !expected.is_empty() => {
            for (name, expected) in expected {
                let found = found.get(name).unwrap_or(&Value::Null);
                compare(found, expected, &format!("{path}.{name}"), differences);
            }
        }
        (Value::Object(_), Value::Object(expected)) if expected.is_empty() && path.is_empty() => {}
        (Value::Array(found), Value::Array(expected)) if found.len() == expected.len() => {
            for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
                compare(found, expected, &format!("{path}[{at}]"), differences);
            }
        }
        _ if found == expected => {}
        _ => differences.push(format!("  {path}: found {found}, expected {expected}")),
    }
}

fn describe(settings: &Settings, folder: &Path) -> Value {
    let server = &settings.server;
    let mut description = json!({
        "host": server.host, "monitoring_port": server.monitoring_port, "body": server.limits.body,
        "collector_body": server.limits.collector_body, "drain_ms": server.drain_timeout.as_millis() as u64,
    });
    let mode = match &server.mode {
        Mode::Http { port } => json!({"mode": "http", "port": port, "address": server.address(*port)}),
        Mode::UnixSocket { path } => json!({"mode": "unixsocket", "path": path}),
        Mode::Lambda(function) => {
            json!({
                "mode": "lambda", "event": format!("{:?}", function.event), "base_path": function.base_path,
                "runtime_api": function.runtime_api,
            })
        }
    };
    description
        .as_object_mut()
        .unwrap()
        .extend(mode.as_object().unwrap().clone());
    json!({
        "server": description,
        "swagger": {"enabled": settings.swagger.enabled, "host": settings.swagger.host},
        "log_level": format!("{:?}", settings.logging.level),
        "log_format": format!("{:?}", settings.logging.format),
        "access_log": format!("{:?}", settings.logging.access),
        "hide_banner": settings.hide_banner,
        "enable_pprof": settings.enable_pprof,
        "version_header": settings.version_header,
        "bulk_metric_flag_names": settings.bulk_metric_flag_names,
        "rates": [rate(server.rate_limits.per_key), rate(server.rate_limits.per_address)],
        "trusted_proxies": {
            "networks": server.trusted_proxies.networks.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "unix": server.trusted_proxies.unix_socket,
        },
        "keys_required": settings.keys.required(),
        "tokens": settings.tokens.as_ref().map(tokens),
        "files": settings.files.iter().map(|file| file.strip_prefix(folder).unwrap()).collect::<Vec<_>>(),
        "traces": settings.traces.as_ref().map(traces),
        "flag_sets": settings.flag_sets.all().iter().map(flag_set).collect::<Vec<_>>(),
    })
}

fn traces(traces: &TraceSettings) -> Value {
    let destination = match &traces.destination {
        Destination::Console => json!("console"),
        Destination::Collector(collector) => json!({
            "transport": format!("{:?}", collector.transport), "url": collector.url, "headers": collector.headers,
            "timeout": collector.timeout.as_millis() as u64, "gzip": collector.gzip,
            "certificates": collector.certificates, "identity": collector.identity,
        }),
    };
    let batches = traces.batches;
    json!({
        "destination": destination,
        "sampler": format!("{:?}", traces.sampler),
        "resource": traces.resource,
        "batches": [batches.queue, batches.size, batches.delay.as_millis() as u64, batches.timeout.as_millis() as u64],
    })
}

fn tokens(tokens: &TokenSettings) -> Value {
    let scopes: Vec<_> = tokens
        .scopes
        .iter()
        .map(|(name, scope)| json!([name, scope.name()]))
        .collect();
    json!({
        "issuer": tokens.issuer, "audiences": tokens.audiences, "jwks_url": tokens.jwks_url,
        "discovery": tokens.discovery_url(), "algorithms": tokens.algorithms,
        "leeway": tokens.leeway.as_millis() as u64, "refresh_interval": tokens.refresh_interval.as_millis() as u64,
        "scope_claim": tokens.scope_claim, "scopes": scopes, "default_scope": tokens.default_scope.map(Scope::name),
        "flag_set_claim": tokens.flag_set_claim,
    })
}

/// Requests, milliseconds of the period, and the burst.
fn rate(rate: Option<Rate>) -> Value {
    rate.map(|rate| json!([rate.requests, rate.period.as_millis() as u64, rate.burst]))
        .into()
}

fn flag_set(set: &FlagSetSettings) -> Value {
    let retrievers = set.retrievers.iter().map(|retriever| {
        let mut options = retriever.options.clone();
        options.insert("format".into(), format!("{:?}", retriever.format).into());
        Value::Object(options)
    });
    json!({
        "name": set.name.as_deref(),
        "api_keys": set.api_keys.len(),
        "retrievers": retrievers.collect::<Vec<_>>(),
        "polling_ms": set.polling_interval.map(|interval| interval.as_millis() as u64),
        "polling_jitter": set.polling_jitter,
        "start_with_retriever_error": set.start_with_retriever_error,
        "disable_notifier_on_init": set.disable_notifier_on_init,
        "enrichment": context(&ContextValue::Map(set.enrichment.clone())),
        "persistent_file": set.persistent_file,
        "allow_client_time": set.allow_client_time,
    })
}

fn context(value: &ContextValue<'_>) -> Value {
    let map = |map: &ContextMap<'_>| {
        map.iter()
            .map(|(name, value)| (name.to_owned(), context(value)))
            .collect::<Map<_, _>>()
    };
    match value {
        ContextValue::Null => Value::Null,
        ContextValue::Bool(value) => (*value).into(),
        ContextValue::Int(value) => (*value).into(),
        ContextValue::Float(value) => json!({ "float": value }),
        ContextValue::String(value) => value.as_ref().into(),
        ContextValue::List(items) => items.iter().map(context).collect(),
        ContextValue::Map(members) => map(members).into(),
    }
}

fn grant(settings: &Settings, key: &str) -> Value {
    let Some(Key { name, grant, .. }) = settings.keys.find(key.as_bytes()) else {
        return Value::Null;
    };
    let administrates: Vec<_> = (0..settings.flag_sets.all().len())
        .filter(|flag_set| grant.administrates(*flag_set))
        .collect();
    json!({
        "name": &**name, "scope": grant.scope.name(), "flag_set": grant.flag_set, "administrates": administrates,
        "dialect": grant.dialect.map(|dialect| format!("{dialect:?}")),
    })
}

#[test]
fn looks_for_a_file_in_the_working_folder() {
    let find = |names: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        for (at, name) in names.iter().enumerate() {
            let text = format!("listen = {at}\n[retriever]\nkind = \"file\"\npath = \"f\"\n");
            let yaml = format!("listen: {at}\nretriever: {{kind: file, path: f}}\n");
            fs::write(
                folder.path().join(name),
                if name.ends_with("toml") { text } else { yaml },
            )
            .unwrap();
        }
        let sources = Sources {
            file: None,
            environment: Vec::new(),
            working_directory: folder.path().to_owned(),
        };
        config::load(&sources).map(|loaded| loaded.file.unwrap().display().to_string())
    };
    assert_eq!(
        find(&["goff-proxy.toml", "goff-proxy.yaml"]).unwrap(),
        "./goff-proxy.yaml"
    );
    assert_eq!(
        find(&["goff-proxy.json", "goff-proxy.toml"]).unwrap(),
        "./goff-proxy.toml"
    );
    assert_eq!(find(&["goff-proxy.yml"]).unwrap(), "./goff-proxy.yml");
    let error = find(&[]).unwrap_err().to_string();
    for expected in [
        "goff-proxy.yaml",
        "./",
        "/goff/",
        "/etc/opt/goff/",
        "--config",
        "kind: file",
    ] {
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_named_file_must_be_there_even_when_the_environment_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("goff-proxy.yaml"),
        "retriever: {kind: file, path: f}\n",
    )
    .unwrap();
    let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let load = |file: &str| {
        config::load(&Sources {
            file: Some(file.into()),
            environment: vec![variable("RETRIEVER_KIND", "file"), variable("RETRIEVER_PATH", "f")],
            working_directory: folder.path().to_owned(),
        })
    };
    assert!(load("nope.yaml").unwrap_err().to_string().contains("nope.yaml"));
    assert!(load(".").is_err());
    assert!(load("").unwrap().file.is_some(), "an empty name means the usual places");
}
