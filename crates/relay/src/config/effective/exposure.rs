//! How much of a value is shown.

use serde_json::Value;

use super::super::shape::Exposure;

const HIDDEN: &str = "***";

/// A value as it may be shown.
pub(super) fn shown(exposure: Exposure, value: Value) -> Value {
    let show: fn(&str) -> String = match exposure {
        Exposure::Plain => return value,
        Exposure::Url => url,
        Exposure::Webhook => webhook,
        Exposure::Secret => |_| HIDDEN.to_owned(),
    };
    match value {
        // that nothing was written is no secret
        Value::String(text) if text.is_empty() => Value::String(text),
        Value::String(text) => show(&text).into(),
        Value::Array(items) => items.into_iter().map(|item| shown(exposure, item)).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, shown(exposure, value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Null => Value::Null,
        Value::Bool(_) | Value::Number(_) => HIDDEN.into(),
    }
}

/// Scheme, host, port and path. Whatever may be a part of a password, be it because somebody forgot to escape a character, is
/// hidden.
fn url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        let is_address = text
            .split_once(':')
            .is_some_and(|(host, port)| is_plain(host) && is_port(port));
        return if is_address || is_plain(text) {
            text.to_owned()
        } else {
            HIDDEN.to_owned()
        };
    };
    let (rest, query) = match rest.split_once(['?', '#']) {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((_, hosts)) => ("***@", hosts),
        None => ("", authority),
    };
    // a database may have several hosts
    let is_host = |host: &str| match host.rsplit_once(':') {
        Some((name, port)) => is_port(port) && (is_plain(name) || name.starts_with('[')),
        None => is_plain(host),
    };
    let torn = path.contains('@') || (path.is_empty() && query.is_some_and(|query| query.contains('@')));
    if torn || !hosts.split(',').all(is_host) {
        return format!("{scheme}://{HIDDEN}");
    }
    let query = if query.is_some() { "?***" } else { "" };
    format!("{scheme}://{user}{hosts}{path}{query}")
}

/// Scheme and host: the path of a webhook is what opens it.
fn webhook(text: &str) -> String {
    let shown = url(text);
    let Some((scheme, rest)) = shown.split_once("://") else {
        return HIDDEN.to_owned();
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    format!("{scheme}://{}/{HIDDEN}", authority.trim_start_matches("***@"))
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

/// Whether a text can be the name of a host.
fn is_plain(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn urls_keep_their_secrets() {
        for (written, expected) in [
            ("http://host:8080/flags.yaml", "http://host:8080/flags.yaml"),
            ("https://user:pass@host/flags?key=1#x", "https://***@host/flags?***"),
            (
                "mongodb://u:p@a:1,b:2/db?authSource=admin",
                "mongodb://***@a:1,b:2/db?***",
            ),
            ("postgres://u:p/w@host/db", "postgres://***"),
            ("postgres://u:12?w@host/db", "postgres://***"),
            ("postgres://u:p#w@host/db", "postgres://***"),
            ("postgres://u:p@w@host/db", "postgres://***@host/db"),
            ("host=localhost password=x", "***"),
            ("u:p@host", "***"),
            ("localhost:4317", "localhost:4317"),
            ("http://[::1]:80/", "http://[::1]:80/"),
            ("", ""),
        ] {
            assert_eq!(shown(Exposure::Url, json!(written)), json!(expected), "{written}");
        }
        for (written, expected) in [
            (
                "https://hooks.slack.com/services/T0/B0/XX",
                "https://hooks.slack.com/***",
            ),
            (
                "https://u:p@hooks.example:8443?token=1",
                "https://hooks.example:8443/***",
            ),
            ("hooks.example/T0", "***"),
        ] {
            assert_eq!(shown(Exposure::Webhook, json!(written)), json!(expected), "{written}");
        }
    }

    #[test]
    fn secrets_are_hidden_at_any_depth() {
        let written = json!({"a": ["x", "", 1], "b": {"c": true, "d": null}});
        let expected = json!({"a": ["***", "", "***"], "b": {"c": "***", "d": null}});
        assert_eq!(shown(Exposure::Secret, written.clone()), expected);
        assert_eq!(shown(Exposure::Plain, written.clone()), written);
    }
}
