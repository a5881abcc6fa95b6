//! The list of exporters: one line each. An unknown kind is answered with the known ones.

use std::sync::Arc;
use std::time::SystemTime;

use flagstaff_backend::Needs::{All, Each, Either};
use flagstaff_backend::{Kind, Settings, SettingsError, Surroundings, find};
use flagstaff_events::{EventType, Exporter};
use flagstaff_telemetry::traces::TraceSettings;
use serde_json::{Map, Value};

/// What an exporter may know besides its options.
#[derive(Clone)]
pub struct Context<'a> {
    /// Which events it will get.
    pub event_type: EventType,
    /// The name of this machine, for names of files and for webhooks.
    pub hostname: &'a str,
    /// The environment.
    pub surroundings: &'a Surroundings,
    /// Where traces go; nowhere without.
    pub traces: Option<&'a TraceSettings>,
    /// Tells the time.
    pub clock: Clock,
}

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Builds an exporter from its options. `None` in the list: this build does not have it.
type Constructor = fn(Settings<'_>, &Context<'_>) -> Result<Arc<dyn Exporter>, SettingsError>;

/// When events leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// After `flushInterval`, or when there are `maxEventInMemory` of them.
    Batches,
    /// At once.
    Each,
}

/// What an exporter of a kind is built with.
#[derive(Debug, Clone, Copy)]
pub struct Backend {
    /// When its events leave.
    pub mode: Mode,
    constructor: Option<Constructor>,
}

impl Backend {
    /// Whether this build does something with it.
    pub fn is_active(&self) -> bool {
        self.constructor.is_some()
    }
}

/// Every kind, in the order in which they are shown.
pub const KINDS: &[Kind<Backend>] = &[
    kind("file", "file", Each(&["outputDir"]), &[BATCHES, FILES], batches(FILE)),
    kind(
        "webhook",
        "webhook",
        Each(&["endpointUrl"]),
        &[BATCHES, &["secret", "meta", "headers"]],
        batches(WEBHOOK),
    ),
    kind("log", "log", Each(&[]), &[&["logFormat"]], each(LOG)),
    kind("s3", "s3", Each(&["bucket"]), &[BATCHES, FILES, &["path"]], batches(S3)),
    kind(
        "kinesis",
        "kinesis",
        Either(&["streamArn", "streamName"]),
        &[],
        each(KINESIS),
    ),
    kind(
        "googleStorage",
        "gcs",
        Each(&["bucket"]),
        &[BATCHES, FILES, &["path"]],
        batches(GOOGLE_STORAGE),
    ),
    kind("sqs", "sqs", Each(&["queueUrl"]), &[], each(SQS)),
    kind(
        "kafka",
        "kafka",
        All(&["kafka.topic", "kafka.addresses"]),
        &[],
        each(KAFKA),
    ),
    kind("pubsub", "pubsub", All(&["projectID", "topic"]), &[], each(PUBSUB)),
    kind(
        "bigquery",
        "bigquery",
        All(&["projectID", "datasetID"]),
        &[BATCHES, &["tableName", "googleCredentials", "autoMigrate"]],
        batches(BIGQUERY),
    ),
    kind(
        "azureBlobStorage",
        "azure",
        Each(&["container", "accountName"]),
        &[BATCHES, FILES, &["accountKey", "path", "serviceUrl"]],
        batches(AZURE),
    ),
    kind(
        "opentelemetry",
        "opentelemetry",
        Each(&[]),
        &[&["tracerName"]],
        each(OPENTELEMETRY),
    ),
];

/// Options of exporters that send batches.
const BATCHES: &[&str] = &["flushInterval", "maxEventInMemory"];

/// Options of exporters that write files.
const FILES: &[&str] = &[
    "format",
    "filename",
    "csvTemplate",
    "parquetCompressionCodec",
    "partition",
];

#[cfg(feature = "file")]
const FILE: Option<Constructor> = Some(|settings, context| {
    let options = crate::file::FileExporterOptions::read(settings, context)?;
    Ok(Arc::new(crate::file::FileExporter::new(
        options,
        Arc::clone(&context.clock),
    )))
});
#[cfg(not(feature = "file"))]
const FILE: Option<Constructor> = None;

#[cfg(feature = "webhook")]
const WEBHOOK: Option<Constructor> = Some(|settings, context| {
    let options = crate::webhook::WebhookOptions::read(settings, context)?;
    Ok(Arc::new(crate::webhook::WebhookExporter::new(
        options,
        Arc::clone(&context.clock),
    )))
});
#[cfg(not(feature = "webhook"))]
const WEBHOOK: Option<Constructor> = None;

#[cfg(feature = "log")]
const LOG: Option<Constructor> = Some(|settings, context| {
    Ok(Arc::new(crate::log::LogExporter::new(crate::log::LogOptions::read(
        settings, context,
    )?)))
});
#[cfg(not(feature = "log"))]
const LOG: Option<Constructor> = None;

#[cfg(feature = "s3")]
const S3: Option<Constructor> = Some(|settings, context| Ok(Arc::new(crate::s3::read(settings, context)?)));
#[cfg(not(feature = "s3"))]
const S3: Option<Constructor> = None;
#[cfg(feature = "kinesis")]
const KINESIS: Option<Constructor> = Some(|settings, context| {
    use crate::kinesis::{KinesisExporter, KinesisOptions};
    let options = KinesisOptions::read(settings)?;
    Ok(Arc::new(KinesisExporter::new(options, context.surroundings)))
});
#[cfg(not(feature = "kinesis"))]
const KINESIS: Option<Constructor> = None;
#[cfg(feature = "gcs")]
const GOOGLE_STORAGE: Option<Constructor> =
    Some(|settings, context| Ok(Arc::new(crate::google_storage::read(settings, context)?)));
#[cfg(not(feature = "gcs"))]
const GOOGLE_STORAGE: Option<Constructor> = None;
#[cfg(feature = "sqs")]
const SQS: Option<Constructor> = Some(|settings, context| {
    use crate::sqs::{SqsExporter, SqsOptions};
    let options = SqsOptions::read(settings)?;
    Ok(Arc::new(SqsExporter::new(options, context.surroundings)))
});
#[cfg(not(feature = "sqs"))]
const SQS: Option<Constructor> = None;
#[cfg(feature = "kafka")]
const KAFKA: Option<Constructor> = Some(|settings, context| {
    use crate::kafka::{KafkaExporter, KafkaOptions};
    let options = KafkaOptions::read(settings, context.surroundings)?;
    Ok(Arc::new(KafkaExporter::new(options)))
});
#[cfg(not(feature = "kafka"))]
const KAFKA: Option<Constructor> = None;
#[cfg(feature = "pubsub")]
const PUBSUB: Option<Constructor> = Some(|settings, context| {
    use crate::pubsub::{PubsubExporter, PubsubOptions};
    let options = PubsubOptions::read(settings)?;
    Ok(Arc::new(PubsubExporter::new(options, context.surroundings)))
});
#[cfg(not(feature = "pubsub"))]
const PUBSUB: Option<Constructor> = None;
#[cfg(feature = "bigquery")]
const BIGQUERY: Option<Constructor> = Some(|settings, context| {
    use crate::bigquery::{BigqueryExporter, BigqueryOptions};
    let options = BigqueryOptions::read(settings)?;
    Ok(Arc::new(BigqueryExporter::new(
        options,
        context.event_type,
        context.surroundings,
    )))
});
#[cfg(not(feature = "bigquery"))]
const BIGQUERY: Option<Constructor> = None;
#[cfg(feature = "azure")]
const AZURE: Option<Constructor> =
    Some(|settings, context| Ok(Arc::new(crate::azure_blob_storage::read(settings, context)?)));
#[cfg(not(feature = "azure"))]
const AZURE: Option<Constructor> = None;
#[cfg(feature = "opentelemetry")]
const OPENTELEMETRY: Option<Constructor> = Some(|settings, context| {
    use crate::opentelemetry::OpentelemetryExporter;
    let exporter = OpentelemetryExporter::read(settings, context.event_type, context.traces)?;
    Ok(Arc::new(exporter))
});
#[cfg(not(feature = "opentelemetry"))]
const OPENTELEMETRY: Option<Constructor> = None;

/// Builds the exporter that a configuration block describes: `kind` and its properties, names in any case.
///
/// Nothing is opened or asked yet. Errors name the property; values are never shown.
pub fn build(options: &Map<String, Value>, context: &Context<'_>) -> Result<Arc<dyn Exporter>, SettingsError> {
    let kind = find(KINDS, options)?;
    match kind.backend.constructor {
        Some(constructor) => constructor(Settings::new(kind.name, options), context),
        None => Err(kind.not_compiled()),
    }
}

/// Whether the kind exists and its mandatory properties are there.
pub fn check(options: &Map<String, Value>) -> Result<&'static Kind<Backend>, SettingsError> {
    find(KINDS, options)
}

const fn kind(
    name: &'static str,
    feature: &'static str,
    needs: flagstaff_backend::Needs,
    optional: &'static [&'static [&'static str]],
    backend: Backend,
) -> Kind<Backend> {
    Kind {
        name,
        feature,
        needs,
        optional,
        backend,
    }
}

const fn batches(constructor: Option<Constructor>) -> Backend {
    Backend {
        mode: Mode::Batches,
        constructor,
    }
}

const fn each(constructor: Option<Constructor>) -> Backend {
    Backend {
        mode: Mode::Each,
        constructor,
    }
}
