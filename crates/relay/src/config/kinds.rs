//! What exporters and notifiers of each kind must have. None of them is active yet; their options are checked all the same, so
//! that a configuration that is served today can be served when they are.

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
    /// All of them, named together.
    All(&'static [&'static str]),
    /// One of them; the message names the last one.
    One(&'static [&'static str]),
    /// One of them; the message names all.
    Either(&'static [&'static str]),
}

const EXPORTERS: &[Kind] = &[
    kind("file", Needs::Each(&["outputDir"]), &[BATCHES, FILES]),
    kind(
        "webhook",
        Needs::Each(&["endpointUrl"]),
        &[BATCHES, &["secret", "meta", "headers"]],
    ),
    kind("log", Needs::Each(&[]), &[&["logFormat"]]),
    kind("s3", Needs::Each(&["bucket"]), &[BATCHES, FILES, &["path"]]),
    kind("kinesis", Needs::Either(&["streamArn", "streamName"]), &[]),
    kind("googleStorage", Needs::Each(&["bucket"]), &[BATCHES, FILES, &["path"]]),
    kind("sqs", Needs::Each(&["queueUrl"]), &[]),
    kind("kafka", Needs::All(&["kafka.topic", "kafka.addresses"]), &[]),
    kind("pubsub", Needs::All(&["projectID", "topic"]), &[]),
    kind(
        "bigquery",
        Needs::All(&["projectID", "datasetID"]),
        &[BATCHES, &["tableName", "googleCredentials", "autoMigrate"]],
    ),
    kind(
        "azureBlobStorage",
        Needs::Each(&["container", "accountName"]),
        &[BATCHES, FILES, &["accountKey", "path"]],
    ),
    kind("opentelemetry", Needs::Each(&[]), &[&["tracerName"]]),
];

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

/// Options of exporters that send batches.
const BATCHES: &[&str] = &["flushInterval", "maxEventInMemory"];

/// Options of exporters that write files.
const FILES: &[&str] = &["format", "filename", "csvTemplate", "parquetCompressionCodec"];

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

const fn kind(name: &'static str, needs: Needs, optional: &'static [&'static [&'static str]]) -> Kind {
    Kind { name, needs, optional }
}

/// What retrievers of each kind can be told.
pub(super) fn retrievers() -> Vec<KindOptions> {
    let describe = |kind: &flagstaff_retrievers::kinds::Kind| KindOptions {
        name: kind.name,
        active: kind.feature.is_some(),
        required: listed(kind.required, ", "),
        options: sections(kind.required.iter().chain(kind.optional), &["kind", "fileFormat"]),
    };
    flagstaff_retrievers::kinds::KINDS.iter().map(describe).collect()
}

/// What exporters of each kind can be told.
pub(super) fn exporters() -> Vec<KindOptions> {
    EXPORTERS
        .iter()
        .map(|kind| kind.describe(&["kind", "eventType"]))
        .collect()
}

/// What notifiers of each kind can be told.
pub(super) fn notifiers() -> Vec<KindOptions> {
    NOTIFIERS.iter().map(|kind| kind.describe(&["kind"])).collect()
}

impl Kind {
    fn describe(&self, always: &[&'static str]) -> KindOptions {
        let (names, word) = match self.needs {
            Needs::Each(names) | Needs::All(names) => (names, ", "),
            Needs::One(names) | Needs::Either(names) => (names, " or "),
        };
        KindOptions {
            name: self.name,
            active: false,
            required: listed(names, word),
            options: sections(names.iter().chain(self.optional.iter().copied().flatten()), always),
        }
    }
}

fn listed(names: &[&str], word: &str) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(word)
}

/// The options of a backend that dotted paths begin with, each once.
fn sections<'n>(paths: impl Iterator<Item = &'n &'static str>, always: &[&'static str]) -> Vec<&'static str> {
    let mut names = always.to_vec();
    for path in paths {
        let name = path.split_once('.').map_or(*path, |(first, _)| first);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

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
