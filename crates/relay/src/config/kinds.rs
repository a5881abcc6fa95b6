//! What exporters and notifiers of each kind must have. None of them is active yet; their options are checked all the same, so
//! that a configuration that is served today can be served when they are.

use serde_json::Value;

use super::decode::Options;

/// A kind and what it needs.
struct Kind {
    name: &'static str,
    needs: Needs,
}

/// Which properties must be there.
enum Needs {
    /// Each of them; the first that is missing is named alone.
    Each(&'static [&'static str]),
    /// All of them, named together.
    All(&'static [&'static str]),
    /// One of them; the message names the last one.
    One(&'static [&'static str]),
    /// One of them; the message names all.
    Either(&'static [&'static str]),
}

const EXPORTERS: &[Kind] = &[
    Kind {
        name: "file",
        needs: Needs::Each(&["outputDir"]),
    },
    Kind {
        name: "webhook",
        needs: Needs::Each(&["endpointUrl"]),
    },
    Kind {
        name: "log",
        needs: Needs::Each(&[]),
    },
    Kind {
        name: "s3",
        needs: Needs::Each(&["bucket"]),
    },
    Kind {
        name: "kinesis",
        needs: Needs::Either(&["streamArn", "streamName"]),
    },
    Kind {
        name: "googleStorage",
        needs: Needs::Each(&["bucket"]),
    },
    Kind {
        name: "sqs",
        needs: Needs::Each(&["queueUrl"]),
    },
    Kind {
        name: "kafka",
        needs: Needs::All(&["kafka.topic", "kafka.addresses"]),
    },
    Kind {
        name: "pubsub",
        needs: Needs::All(&["projectID", "topic"]),
    },
    Kind {
        name: "bigquery",
        needs: Needs::All(&["projectID", "datasetID"]),
    },
    Kind {
        name: "azureBlobStorage",
        needs: Needs::Each(&["container", "accountName"]),
    },
    Kind {
        name: "opentelemetry",
        needs: Needs::Each(&[]),
    },
];

const NOTIFIERS: &[Kind] = &[
    Kind {
        name: "slack",
        needs: Needs::One(&["webhookUrl", "slackWebhookUrl"]),
    },
    Kind {
        name: "microsoftteams",
        needs: Needs::Each(&["webhookUrl"]),
    },
    Kind {
        name: "webhook",
        needs: Needs::Each(&["endpointUrl"]),
    },
    Kind {
        name: "discord",
        needs: Needs::Each(&["webhookUrl"]),
    },
];

const CODECS: &[&str] = &[
    "UNCOMPRESSED",
    "SNAPPY",
    "GZIP",
    "LZO",
    "BROTLI",
    "LZ4",
    "ZSTD",
    "LZ4_RAW",
];

/// What is wrong with an exporter or a notifier: the property it is about, and a message.
pub(super) type Finding = (&'static str, String);

/// Checks an exporter; `shown` says how a property's value may be called in a message.
pub(super) fn check_exporter<T>(options: &Options<T>, shown: &dyn Fn(&str) -> String) -> Result<&'static str, Finding> {
    let kind = find(EXPORTERS, options, shown)?;
    let one_of = |property: &'static str, known: &[&str]| {
        let written = options.text(property);
        let accepted = written.is_empty() || known.iter().any(|known| written.eq_ignore_ascii_case(known));
        let message = || format!("{property} {} is not one of {}", shown(property), known.join(", "));
        if accepted { Ok(()) } else { Err((property, message())) }
    };
    one_of("format", &["JSON", "CSV", "Parquet"])?;
    one_of("eventType", &["feature", "tracking"])?;
    let codec = options.text("parquetCompressionCodec");
    if !codec.is_empty() && !CODECS.contains(&codec) {
        let expected = CODECS.join(", ");
        let message = format!(
            "\"parquetCompressionCodec\" err: {} is not one of {expected}",
            shown("parquetCompressionCodec")
        );
        return Err(("parquetCompressionCodec", message));
    }
    Ok(kind)
}

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
        Needs::All(properties) if properties.iter().all(&is_there) => Ok(kind.name),
        Needs::All(properties) => Err((
            "kind",
            format!(
                "{} are required for kind \"{}\"",
                quoted(properties, " and "),
                kind.name
            ),
        )),
        Needs::One(properties) | Needs::Either(properties) if properties.iter().any(is_there) => Ok(kind.name),
        Needs::One(properties) => Err(("kind", missing(quoted(&properties[properties.len() - 1..], "")))),
        Needs::Either(properties) => Err(("kind", missing(quoted(properties, " or ")))),
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
