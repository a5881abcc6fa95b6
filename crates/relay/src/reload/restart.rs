//! Settings that take effect at the next start only.

use crate::config::Settings;

/// Puts the settings in effect in place of those that cannot change while the relay runs. The answer names those that the
/// new configuration changes.
pub(super) fn keep(new: &mut Settings, current: &Settings) -> Vec<&'static str> {
    let mut changed = Vec::new();
    macro_rules! keep {
        ($($name:literal: $($field:ident).+;)*) => {
            $(if new.$($field).+ != current.$($field).+ {
                new.$($field).+ = current.$($field).+.clone();
                changed.push($name);
            })*
        };
    }
    keep! {
        "server.mode or server.port": server.mode;
        "server.host": server.host;
        "server.monitoringPort": server.monitoring_port;
        "server.drainTimeout": server.drain_timeout;
        "server.readinessGrace": server.readiness_grace;
        "swagger": swagger;
        "logFormat": logging.format;
        "enablePprof": enable_pprof;
        "disableVersionHeader": version_header;
        "otel": traces;
    }
    changed
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::keep;
    use crate::config::reference::{Holds, Setting, reference};
    use crate::config::{self, Settings, Sources};

    /// Values that are not the defaults, of settings that hold texts.
    const TEXTS: &[(&str, &str)] = &[
        ("server.host", "127.0.0.1"),
        ("server.basePath", "/flags"),
        ("server.publicUrl", "https://flags.example.com"),
        ("swagger.host", "docs.example.com"),
        ("logLevel", "error"),
        ("logFormat", "text"),
        ("accessLog", "all"),
        ("ofrep.dialect", "standard"),
        ("ofrep.tokenSecret", "a-long-and-random-secret-for-tokens"),
        ("otel.exporter.otlp.endpoint", "http://127.0.0.1:1"),
        ("otel.service.name", "flags"),
    ];

    /// Settings that mean nothing by themselves.
    const ALONE: &[&str] = &[
        "streams.",
        "jaeger.",
        "server.tls.",
        "server.rateLimits.",
        "authorizedKeys.",
        "authentication.jwt.",
    ];

    /// Shown at a start and never again, so that there is nothing to keep.
    const BANNER: &str = "hideBanner";

    #[test]
    fn the_reference_knows_what_needs_a_restart() {
        let mut tried = 0;
        let (plain, reference, mut settings) = (load(&json!({})).unwrap(), reference(), Vec::new());
        collect(&reference[0], "", &mut settings);
        for (path, setting) in settings {
            let Some(value) = other(&path, setting).filter(|_| path != BANNER) else {
                continue;
            };
            let edit = path.rsplit('.').fold(value, |value, name| json!({ name: value }));
            let Some(mut new) = load(&edit).filter(|new| *new != plain) else {
                assert!(
                    ALONE.iter().any(|alone| path.starts_with(alone)),
                    "{edit} changes nothing"
                );
                continue;
            };
            let kept = keep(&mut new, &plain);
            assert_eq!(!kept.is_empty(), setting.restart, "{path}: {kept:?}");
            tried += 1;
        }
        assert!(tried > 20, "{tried}");
    }

    fn collect<'s>(settings: &'s [Setting], path: &str, found: &mut Vec<(String, &'s Setting)>) {
        for setting in settings
            .iter()
            .filter(|setting| setting.successor.is_none() && !setting.ignored)
        {
            let path = format!("{path}{}", setting.name);
            match setting.holds {
                Holds::Section => setting
                    .members
                    .iter()
                    .for_each(|group| collect(group, &format!("{path}."), found)),
                _ => found.push((path, setting)),
            }
        }
    }

    /// A value that is not the default.
    fn other(path: &str, setting: &Setting) -> Option<Value> {
        let text = TEXTS
            .iter()
            .find(|(known, _)| *known == path)
            .map(|(_, text)| json!(text));
        match setting.holds {
            Holds::Bool => Some(json!(setting.default != Some("true"))),
            Holds::Integer => Some(json!(
                setting
                    .default
                    .and_then(|text| text.parse::<i64>().ok())
                    .unwrap_or(5000)
                    + 1
            )),
            Holds::Duration => Some(json!("90s")),
            Holds::Text => text,
            _ => None,
        }
    }

    /// `None` for a configuration that is none.
    fn load(edit: &Value) -> Option<Settings> {
        let folder = tempfile::tempdir().unwrap();
        let mut file = json!({
            "retriever": {"kind": "file", "path": "flags.yaml"},
            "otel": {"exporter": {"otlp": {"endpoint": "http://127.0.0.1:4318"}}},
        });
        merge(&mut file, edit);
        let path = folder.path().join("goff-proxy.json");
        std::fs::write(&path, file.to_string()).unwrap();
        let sources = Sources {
            file: Some(path),
            environment: Vec::new(),
            working_directory: "/".into(),
        };
        let mut settings = config::load(&sources).ok()?.settings;
        settings.files.clear();
        Some(settings)
    }

    fn merge(into: &mut Value, edit: &Value) {
        match (into, edit) {
            (Value::Object(into), Value::Object(edit)) => {
                for (name, value) in edit {
                    merge(into.entry(name.clone()).or_insert(Value::Null), value);
                }
            }
            (into, edit) => *into = edit.clone(),
        }
    }
}
