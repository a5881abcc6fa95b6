//! `kafka.config`: the names of sarama, the client of GO Feature Flag, and what they are called in librdkafka.

use flagstaff_backend::{Settings, SettingsError, Surroundings};
use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use serde_json::{Map, Value};

use super::value::{Shape, is_zero};

const ROOT: &str = "kafka.config";

/// What a key of sarama becomes.
enum Meaning {
    /// Another name for the same.
    Named(&'static str, Shape),
    /// Nothing: the client needs no such thing, or does it by itself.
    Nothing,
    /// It cannot be done, which is said unless the value is empty, zero or `false`.
    Impossible(&'static str),
    /// Read elsewhere in this file.
    Elsewhere,
}

use Meaning::{Elsewhere, Impossible, Named, Nothing};

/// Every key, in lower case. One that ends in a dot stands for all that begin with it; the first that fits counts.
const KEYS: &[(&str, Meaning)] = &[
    ("clientid", Named("client.id", Shape::Text)),
    ("rackid", Named("client.rack", Shape::Text)),
    ("net.maxopenrequests", Named("max.in.flight", Shape::Integer)),
    (
        "net.dialtimeout",
        Named("socket.connection.setup.timeout.ms", Shape::Milliseconds),
    ),
    ("net.readtimeout", Named("socket.timeout.ms", Shape::Milliseconds)),
    ("net.writetimeout", Nothing),
    (
        "net.resolvecanonicalbootstrapservers",
        Named(
            "client.dns.lookup",
            Shape::Either("resolve_canonical_bootstrap_servers_only", "use_all_dns_ips"),
        ),
    ),
    ("net.keepalive", Named("socket.keepalive.enable", Shape::IsPositive)),
    (
        "net.localaddr",
        Impossible("the client does not choose its own address"),
    ),
    ("net.proxy.", Impossible("brokers are not spoken to through a proxy")),
    ("net.tls.enable", Elsewhere),
    ("net.tls.cacertpath", Elsewhere),
    ("net.tls.clientcertpath", Elsewhere),
    ("net.tls.clientkeypath", Elsewhere),
    (
        "net.tls.config.insecureskipverify",
        Named("enable.ssl.certificate.verification", Shape::Either("false", "true")),
    ),
    (
        "net.tls.config.",
        Impossible("write net.tls.caCertPath, clientCertPath and clientKeyPath instead"),
    ),
    ("net.sasl.enable", Elsewhere),
    ("net.sasl.mechanism", Elsewhere),
    ("net.sasl.user", Named("sasl.username", Shape::Text)),
    ("net.sasl.password", Named("sasl.password", Shape::Text)),
    ("net.sasl.handshake", Nothing),
    ("net.sasl.version", Nothing),
    ("net.sasl.authidentity", Impossible("nobody can be acted for")),
    ("net.sasl.scramauthzid", Impossible("nobody can be acted for")),
    ("net.sasl.gssapi.", Impossible("Kerberos is not part of this build")),
    ("net.sasl.", Impossible("it takes code")),
    (
        "metadata.retry.backoff",
        Named("topic.metadata.refresh.fast.interval.ms", Shape::Milliseconds),
    ),
    (
        "metadata.refreshfrequency",
        Named("topic.metadata.refresh.interval.ms", Shape::Milliseconds),
    ),
    (
        "metadata.full",
        Named("topic.metadata.refresh.sparse", Shape::Either("false", "true")),
    ),
    ("metadata.", Nothing),
    ("producer.maxmessagebytes", Named("message.max.bytes", Shape::Integer)),
    ("producer.requiredacks", Named("acks", Shape::Acks)),
    ("producer.timeout", Named("request.timeout.ms", Shape::Milliseconds)),
    ("producer.compression", Named("compression.type", Shape::Codec)),
    ("producer.compressionlevel", Named("compression.level", Shape::Level)),
    (
        "producer.idempotent",
        Named("enable.idempotence", Shape::Either("true", "false")),
    ),
    ("producer.partitioner", Impossible("it takes code")),
    ("producer.interceptors", Impossible("it takes code")),
    (
        "producer.transaction.id",
        Impossible("events are not sent in transactions"),
    ),
    ("producer.transaction.", Nothing),
    ("producer.return.", Nothing),
    ("producer.flush.bytes", Named("batch.size", Shape::Integer)),
    ("producer.flush.frequency", Named("linger.ms", Shape::Milliseconds)),
    (
        "producer.flush.maxmessages",
        Named("batch.num.messages", Shape::Integer),
    ),
    ("producer.flush.messages", Nothing),
    ("producer.retry.max", Named("message.send.max.retries", Shape::Integer)),
    ("producer.retry.backoff", Named("retry.backoff.ms", Shape::Milliseconds)),
    ("producer.retry.", Nothing),
    ("admin.", Nothing),
    ("consumer.", Nothing),
    ("apiversionsrequest", Nothing),
    ("channelbuffersize", Nothing),
    ("metricregistry", Nothing),
    ("version", Nothing),
];

/// What holds unless it is written otherwise: sarama's own, and limits of memory and time. Partitions are chosen as sarama does.
const DEFAULTS: &[(&str, &str)] = &[
    ("acks", "1"),
    ("client.id", "flagstaff"),
    ("message.max.bytes", "1048576"),
    ("message.send.max.retries", "3"),
    ("message.timeout.ms", "20000"),
    ("partitioner", "fnv1a_random"),
    ("queue.buffering.max.kbytes", "65536"),
    ("request.timeout.ms", "10000"),
    ("retry.backoff.ms", "100"),
    ("socket.connection.setup.timeout.ms", "10000"),
    ("topic.metadata.propagation.max.ms", "5000"),
];

/// Reads `kafka.config`, and checks that the client takes it. Values are never shown: some are secrets.
pub(super) fn read(settings: Settings<'_>, surroundings: &Surroundings) -> Result<ClientConfig, SettingsError> {
    let mut client = ClientConfig::new();
    for (name, value) in DEFAULTS {
        client.set(*name, *value);
    }
    let written = match settings.value(ROOT) {
        None | Some(Value::Null) => &Map::new(),
        Some(Value::Object(written)) => written,
        Some(_) => return Err(settings.invalid(ROOT, "is not a map of settings")),
    };
    let mut entries = Vec::new();
    flatten(written, "", &mut entries);
    for (key, value) in &entries {
        apply(&mut client, settings, key, value)?;
    }
    if client.get("enable.idempotence") == Some("true")
        && !entries
            .iter()
            .any(|(key, _)| key.eq_ignore_ascii_case("producer.requiredAcks"))
    {
        client.set("acks", "all");
    }
    secure(&mut client, settings, surroundings)?;
    match client.create_native_config() {
        Ok(_) => Ok(client),
        Err(KafkaError::ClientConfig(_, _, name, _)) => {
            let key = KEYS
                .iter()
                .find(|(_, meaning)| matches!(meaning, Named(known, _) if *known == name));
            let key = key.map_or(name.as_str(), |(key, _)| key);
            Err(settings.invalid(format!("{ROOT}.{key}"), "holds a value that the client does not take"))
        }
        Err(_) => Err(settings.invalid(ROOT, "is not taken by the client")),
    }
}

fn apply(client: &mut ClientConfig, settings: Settings<'_>, key: &str, value: &Value) -> Result<(), SettingsError> {
    let path = || format!("{ROOT}.{key}");
    let lower = key.to_ascii_lowercase();
    let fits = |known: &&(&str, Meaning)| match known.0.strip_suffix('.') {
        Some(section) => lower
            .strip_prefix(section)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.')),
        None => lower == known.0,
    };
    match KEYS.iter().find(fits).map(|(_, meaning)| meaning) {
        None => {
            let property = path();
            tracing::warn!(
                property,
                "a setting of the kafka exporter is not known, it has no effect"
            );
        }
        Some(Nothing | Elsewhere) => {}
        Some(Impossible(reason)) => {
            if !is_zero(value) {
                return Err(settings.invalid(path(), format!("cannot be honoured: {reason}")));
            }
        }
        Some(Named(name, shape)) => match shape.text(value) {
            Ok(Some(text)) => {
                client.set(*name, text);
            }
            Ok(None) => {}
            Err(problem) => return Err(settings.invalid(path(), problem)),
        },
    }
    Ok(())
}

/// TLS and SASL.
fn secure(client: &mut ClientConfig, settings: Settings<'_>, surroundings: &Surroundings) -> Result<(), SettingsError> {
    let is_encrypted = settings.flag("kafka.config.net.tls.enable")?;
    let logs_in = settings.flag("kafka.config.net.sasl.enable")?;
    let protocol = match (logs_in, is_encrypted) {
        (false, false) => "plaintext",
        (false, true) => "ssl",
        (true, false) => "sasl_plaintext",
        (true, true) => "sasl_ssl",
    };
    client.set("security.protocol", protocol);
    if logs_in {
        let mechanism = settings.text("kafka.config.net.sasl.mechanism")?;
        let mechanism = match mechanism.to_ascii_uppercase().as_str() {
            "" | "PLAIN" => "PLAIN",
            "SCRAM-SHA-256" => "SCRAM-SHA-256",
            "SCRAM-SHA-512" => "SCRAM-SHA-512",
            _ => {
                let known = "must be PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512";
                return Err(settings.invalid("kafka.config.net.sasl.mechanism", known));
            }
        };
        client.set("sasl.mechanism", mechanism);
    }
    let mut is_trusted = false;
    for (property, name) in [
        ("kafka.config.net.tls.caCertPath", "ssl.ca.location"),
        ("kafka.config.net.tls.clientCertPath", "ssl.certificate.location"),
        ("kafka.config.net.tls.clientKeyPath", "ssl.key.location"),
    ] {
        let Some(path) = settings.file(property)? else {
            continue;
        };
        if !is_encrypted {
            return Err(settings.invalid(property, "has no effect without net.tls.enable"));
        }
        let path = path
            .to_str()
            .ok_or_else(|| settings.invalid(property, "is not a text"))?;
        client.set(name, path);
        is_trusted |= name == "ssl.ca.location";
    }
    if client.get("ssl.certificate.location").is_some() != client.get("ssl.key.location").is_some() {
        return Err(settings.invalid(
            "kafka.config.net.tls.clientCertPath",
            "and clientKeyPath belong together: write both or neither",
        ));
    }
    if is_encrypted && !is_trusted {
        let preset = surroundings
            .variable("SSL_CERT_FILE")
            .or_else(|| surroundings.variable("SSL_CERT_DIR"));
        client.set("ssl.ca.location", preset.unwrap_or("probe"));
    }
    Ok(())
}

/// Every value by its dotted path.
fn flatten<'v>(map: &'v Map<String, Value>, prefix: &str, entries: &mut Vec<(String, &'v Value)>) {
    for (name, value) in map {
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            Value::Object(members) => flatten(members, &path, entries),
            value => entries.push((path, value)),
        }
    }
}
