//! The options of exporters of all kinds.

use super::super::decode::OptionTable;
use super::super::kinds;
use super::super::shape::{Field, Shape};

/// Options of an exporter.
#[derive(Clone, Default)]
pub(in super::super) struct ExporterTable;

impl OptionTable for ExporterTable {
    const FIELDS: &'static [Field] = &[
        text(&["kind"], "What kind of exporter it is.").picks(kinds::exporters),
        text(&["eventType"], "Which events it gets: `feature` or `tracking`.").default("feature"),
        text(
            &["name"],
            "What it is called in logs and metrics, and what its place in the log of events belongs to; by default its kind and \
             a digest of where it sends to.",
        ),
        text(
            &["deadLetterFile"],
            "File to which events are appended that the sink refuses for good; without one they are dropped and counted.",
        ),
        text(
            &["sampling"],
            "Share of the users whose events it gets, from `0` to `1`: all events of a user, and always of the same users.",
        )
        .default("1")
        .keeps_zero(),
        Field::new(
            &["aggregate"],
            Shape::Duration,
            "Sends one event with a `count` in its metadata for the evaluations of a flag, variation and version in a window of this time, \
             without their users, instead of each of them.",
        ),
        Field::new(&["flushInterval"], Shape::Integer, "Milliseconds between two batches.").default("60000"),
        Field::new(
            &["maxEventInMemory"],
            Shape::Integer,
            "How many events make up a batch.",
        )
        .default("100000"),
        text(&["format"], "Format of a file: `JSON`, `CSV` or `Parquet`.").default("JSON"),
        text(&["filename"], "Template of the name of a file.")
            .default("flag-variation-{{ .Hostname}}-{{ .Timestamp}}.{{ .Format}}"),
        text(&["csvTemplate"], "Template of a line in CSV."),
        text(
            &["parquetCompressionCodec"],
            "How columns are compressed: `UNCOMPRESSED`, `SNAPPY`, `GZIP`, `BROTLI`, `LZ4`, `ZSTD` or `LZ4_RAW`.",
        )
        .default("SNAPPY"),
        text(
            &["partition"],
            "Folders by creation date in UTC that Hive and others read as columns: `none`, `date` or `hour`.",
        )
        .default("none"),
        text(&["outputDir"], "The folder."),
        text(&["path"], "Put in front of the name of a file."),
        text(&["bucket"], "The bucket."),
        text(&["endpointUrl"], "Where events are sent.").webhook(),
        text(
            &["secret"],
            "Signs each request: its HMAC-SHA256 is sent as `X-Hub-Signature-256`.",
        )
        .secret(),
        Field::new(&["meta"], Shape::TextMap, "Sent with each request."),
        Field::new(
            &["headers"],
            Shape::TextsMap,
            "Headers of each request: names with one value or a list of them.",
        )
        .secret(),
        text(&["logFormat"], "Template of a line."),
        text(&["container"], "The container."),
        text(&["accountName"], "Name of the storage account."),
        text(
            &["accountKey"],
            "Key of the storage account; without one the identity of the machine counts.",
        )
        .secret(),
        text(
            &["serviceUrl"],
            "Where the storage account is, if it is not in Azure's public cloud.",
        )
        .url(),
        text(&["streamArn"], "The stream, by its ARN."),
        text(&["streamName"], "The stream, by its name."),
        text(&["queueUrl"], "The queue.").url(),
        Field::new(&["kafka"], Shape::Section(&[KAFKA]), "Where events are sent."),
        text(&["projectID"], "The project."),
        text(&["topic"], "The topic."),
        text(&["datasetID"], "The data set."),
        text(&["tableName"], "The table.").default("feature_flag_evaluations"),
        text(
            &["googleCredentials"],
            "Credentials as JSON; without them those of the machine count.",
        )
        .secret(),
        Field::new(
            &["autoMigrate"],
            Shape::Bool,
            "Makes the data set and the table if they are missing.",
        ),
        text(&["tracerName"], "Name of the tracer.").default("go-feature-flag"),
    ];
}

const KAFKA: &[Field] = &[
    text(&["topic"], "The topic."),
    Field::new(&["addresses"], Shape::Texts, "The brokers: hosts and ports."),
    Field::new(
        &["config"],
        Shape::Free,
        "Settings of the client; their values are never shown.",
    )
    .secret(),
];

const fn text(names: &'static [&'static str], about: &'static str) -> Field {
    Field::new(names, Shape::Text, about)
}
