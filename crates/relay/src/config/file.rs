//! What people write: every section of `goff-proxy.yaml` with the names, spellings and types it accepts.

use std::time::Duration;

use flagstaff_engine::context::ContextMap;

use super::decode::{Decode, OptionTable, Options, Section, TextMap, Written, section, take};
use super::report::Report;
use super::shape::{Field, Shape};
use super::tree::Member;

section! {
    /// The whole file.
    RootFile with options: OptionsFile {
        /// Listeners and limits.
        server: ServerFile = "server";
        /// The page with the interactive API description.
        swagger: SwaggerFile = "swagger";
        /// Leaves out the banner on standard output.
        hide_banner: bool = "hideBanner";
        /// Offers the profiler.
        enable_pprof: bool = "enablePprof";
        /// The lowest severity that is logged: `debug`, `info` (default), `warn`, `error` or `fatal`.
        log_level: Box<str> = "logLevel";
        /// The form of a log line: `json` (default), `logfmt` or `text`.
        log_format: Box<str> = "logFormat";
        /// Leaves the version header out of answers.
        disable_version_header: bool = "disableVersionHeader";
        /// Keys of the whole relay.
        authorized_keys: AuthorizedKeysFile = "authorizedKeys";
        /// Older place of `otel.exporter.otlp.endpoint`.
        open_telemetry_otlp_endpoint: Box<str> = "openTelemetryOtlpEndpoint";
        /// Traces.
        otel: OtelFile = "otel";
        /// The `jaeger_remote` sampler.
        jaeger: JaegerFile = "jaeger";
        /// Counts bulk evaluations by flag.
        enable_bulk_metric_flag_names: bool = "enableBulkMetricFlagNames";
        /// Several flag sets, told apart by the key of a request.
        flag_sets: Vec<Written<FlagSetFile>> = "flagSets";
        /// Deprecated: `server.port`.
        listen: i64 = "listen";
        /// Deprecated: `server.monitoringPort`.
        monitoring_port: i64 = "monitoringPort";
        /// Deprecated: `swagger.enabled`.
        enable_swagger: bool = "enableSwagger";
        /// Deprecated: `swagger.host`.
        host: Box<str> = "host";
        /// Deprecated: `authorizedKeys.evaluation`.
        api_keys: Vec<Box<str>> = "apiKeys";
        /// Deprecated: `server.mode`.
        start_as_aws_lambda: bool = "startAsAwsLambda";
        /// Deprecated: `server.awsLambdaAdapter`.
        aws_lambda_adapter: Box<str> = "awsLambdaAdapter";
        /// Deprecated: `server.awsApiGatewayBasePath`.
        aws_api_gateway_base_path: Box<str> = "awsApiGatewayBasePath";
    }
    accepted {
        "exporterCleanQueueInterval": Duration;
        // Read before everything else: it says which variables belong to the tree.
        "envVariablePrefix": Box<str>;
        "version": Box<str>;
    }
}

section! {
    /// Listeners and limits.
    ServerFile {
        /// How requests come in: `http` (default), `unixsocket` or `lambda`.
        mode: Box<str> = "mode";
        /// Host of both listeners, `0.0.0.0` by default.
        host: Box<str> = "host";
        /// Port of the API, 1031 by default.
        port: i64 = "port";
        /// Port of a listener of its own for health and metrics.
        monitoring_port: i64 = "monitoringPort";
        /// Path of the Unix socket.
        unix_socket_path: Box<str> = "unixSocketPath";
        /// What invokes the Lambda function: `APIGatewayV1`, `APIGatewayV2` (default) or `ALB`.
        aws_lambda_adapter: Box<str> = "awsLambdaAdapter";
        /// Taken off the front of each path of a Lambda event.
        aws_api_gateway_base_path: Box<str> = "awsApiGatewayBasePath";
        /// How much a request may ask for.
        limits: LimitsFile = "limits";
        /// How long a stopping relay waits for requests in flight, 10s by default.
        drain_timeout: Duration = "drainTimeout";
        /// How long a relay that is told to stop goes on serving while `/readyz` says that it will not, so that load
        /// balancers notice; 0s by default.
        readiness_grace: Duration = "readinessGrace";
    }
}

section! {
    /// How much a request may ask for.
    LimitsFile {
        /// Bytes of a request body, 1 MiB by default.
        body: i64 = "maxBodyBytes";
        /// Bytes of a request body of the data collector, 16 MiB by default.
        collector_body: i64 = "maxCollectorBodyBytes";
    }
}

section! {
    /// The page with the interactive API description.
    SwaggerFile {
        /// Serves it.
        enabled: bool = "enabled";
        /// The host that it names, `localhost` by default.
        host: Box<str> = "host";
    }
}

section! {
    /// Keys of the whole relay.
    AuthorizedKeysFile {
        /// Keys that may evaluate.
        evaluation: Vec<Box<str>> = "evaluation";
        /// Keys that may evaluate and administrate.
        admin: Vec<Box<str>> = "admin";
    }
}

section! {
    /// Where flags come from and how they are served; at the top of the file, or in each entry of `flagSets`.
    OptionsFile {
        /// A source.
        retriever: Options<RetrieverTable> = "retriever";
        /// Sources; later ones override the flags of earlier ones.
        retrievers: Vec<Written<Options<RetrieverTable>>> = "retrievers";
        /// Where events go.
        exporter: Options<ExporterTable> = "exporter";
        /// Where events go.
        exporters: Vec<Written<Options<ExporterTable>>> = "exporters";
        /// Who is told about changes.
        notifiers: Vec<Written<Options<NotifierTable>>> = "notifiers";
        /// Older spelling of `notifiers`, read when that has none.
        notifier: Vec<Written<Options<NotifierTable>>> = "notifier";
        /// Format of the sources: `yaml` (default), `json` or `toml`.
        file_format: Box<str> = "fileFormat";
        /// Milliseconds between two polls, 60000 by default and at least 1000; negative switches polling off.
        polling_interval: i64 = "pollingInterval";
        /// Starts with what could be fetched.
        start_with_retriever_error: bool = "startWithRetrieverError";
        /// Moves the polls of replicas apart.
        enable_polling_jitter: bool = "enablePollingJitter";
        /// Does not tell notifiers about the flags of the start.
        disable_notifier_on_init: bool = "disableNotifierOnInit";
        /// Attributes laid over those of each request.
        evaluation_context_enrichment: ContextMap<'static> = "evaluationContextEnrichment";
        /// Where the last good flags are kept.
        persistent_flag_configuration_file: Box<str> = "persistentFlagConfigurationFile";
        /// Lets a request choose the time at which it is evaluated, `true` by default.
        allow_client_time: bool = "allowClientTime";
    }
    accepted {
        "environment": Box<str>;
    }
}

section! {
    /// A flag set.
    FlagSetFile with options: OptionsFile {
        /// Its name.
        name: Box<str> = "name";
        /// Its keys, at least one.
        api_keys: Vec<Box<str>> = "apiKeys";
    }
}

section! {
    /// Traces.
    OtelFile {
        /// The software development kit.
        sdk: OtelSdkFile = "sdk";
        /// Where spans are sent.
        exporter: OtelExporterFile = "exporter";
        /// The service.
        service: OtelServiceFile = "service";
        /// Sampling.
        traces: OtelTracesFile = "traces";
        /// The resource.
        resource: OtelResourceFile = "resource";
    }
}

section! {
    /// `otel.sdk`
    OtelSdkFile {
        /// Switches tracing off.
        disabled: bool = "disabled";
    }
}

section! {
    /// `otel.exporter`
    OtelExporterFile {
        /// The OpenTelemetry protocol.
        otlp: OtelOtlpFile = "otlp";
    }
}

section! {
    /// `otel.exporter.otlp`
    OtelOtlpFile {
        /// Where spans are sent; without one there is no tracing.
        endpoint: Box<str> = "endpoint";
        /// `http/protobuf` (default) or `grpc`.
        protocol: Box<str> = "protocol";
    }
}

section! {
    /// `otel.service`
    OtelServiceFile {
        /// Name of the service, `go-feature-flag` by default.
        name: Box<str> = "name";
    }
}

section! {
    /// `otel.traces`
    OtelTracesFile {
        /// Name of the sampler.
        sampler: Box<str> = "sampler";
    }
}

section! {
    /// `otel.resource`
    OtelResourceFile {
        /// Further attributes.
        attributes: TextMap = "attributes";
    }
}

section! {
    /// `jaeger`
    JaegerFile {
        /// The `jaeger_remote` sampler.
        sampler: JaegerSamplerFile = "sampler";
    }
}

section! {
    /// `jaeger.sampler`
    JaegerSamplerFile {
        /// Who hands out strategies.
        manager: JaegerManagerFile = "manager";
        /// How often it is asked.
        refresh: JaegerRefreshFile = "refresh";
        /// What it tells apart.
        max: JaegerMaxFile = "max";
    }
}

section! {
    /// `jaeger.sampler.manager`
    JaegerManagerFile {
        /// Its host.
        host: JaegerHostFile = "host";
    }
}

section! {
    /// `jaeger.sampler.manager.host`
    JaegerHostFile {
        /// Its URL.
        port: Box<str> = "port";
    }
}

section! {
    /// `jaeger.sampler.refresh`
    JaegerRefreshFile {
        /// Time between two questions, 1m by default.
        interval: Duration = "interval";
    }
}

section! {
    /// `jaeger.sampler.max`
    JaegerMaxFile {
        /// How many operations are told apart, 256 by default.
        operations: i64 = "operations";
    }
}

/// Options of a retriever.
#[derive(Clone, Default)]
pub(super) struct RetrieverTable;

impl OptionTable for RetrieverTable {
    const FIELDS: &'static [Field] = &[
        option(&["kind"], Shape::Text),
        option(&["path"], Shape::Text),
        option(&["fileFormat"], Shape::Text),
        option(&["url"], Shape::Text),
        option(&["method"], Shape::Text),
        option(&["body"], Shape::Text),
        option(&["headers"], Shape::TextsMap),
        option(&["timeout"], Shape::Integer),
        option(&["clientCertPath"], Shape::Text),
        option(&["clientKeyPath"], Shape::Text),
        option(&["caCertPath"], Shape::Text),
        option(&["repositorySlug"], Shape::Text),
        option(&["branch"], Shape::Text),
        option(&["token"], Shape::Text),
        option(&["githubToken"], Shape::Text),
        option(&["baseUrl"], Shape::Text),
        option(&["bucket"], Shape::Text),
        option(&["item"], Shape::Text),
        option(&["object"], Shape::Text),
        option(&["configmap"], Shape::Text),
        option(&["namespace"], Shape::Text),
        option(&["key"], Shape::Text),
        option(&["uri"], Shape::Text),
        option(&["database"], Shape::Text),
        option(&["collection"], Shape::Text),
        option(&["redisOptions", "options"], Shape::Section(&[REDIS])),
        option(&["redisPrefix", "prefix"], Shape::Text),
        option(&["accountName"], Shape::Text),
        option(&["accountKey"], Shape::Text),
        option(&["container"], Shape::Text),
        option(&["table"], Shape::Text),
        option(&["columns"], Shape::TextMap),
    ];
}

const REDIS: &[Field] = &[
    option(&["network"], Shape::Text),
    option(&["addr"], Shape::Text),
    option(&["clientName"], Shape::Text),
    option(&["protocol"], Shape::Integer),
    option(&["username"], Shape::Text),
    option(&["password"], Shape::Text),
    option(&["db"], Shape::Integer),
    option(&["maxRetries"], Shape::Integer),
    option(&["minRetryBackoff"], Shape::Integer),
    option(&["maxRetryBackoff"], Shape::Integer),
    option(&["dialTimeout"], Shape::Integer),
    option(&["readTimeout"], Shape::Integer),
    option(&["writeTimeout"], Shape::Integer),
    option(&["contextTimeoutEnabled"], Shape::Bool),
    option(&["poolFIFO"], Shape::Bool),
    option(&["poolSize"], Shape::Integer),
    option(&["poolTimeout"], Shape::Integer),
    option(&["minIdleConns"], Shape::Integer),
    option(&["maxIdleConns"], Shape::Integer),
    option(&["connMaxIdleTime"], Shape::Integer),
    option(&["connMaxLifetime"], Shape::Integer),
    option(&["tlsEnabled"], Shape::Bool),
    option(&["disableIndentity"], Shape::Bool),
    option(&["identitySuffix"], Shape::Text),
];

/// Options of an exporter.
#[derive(Clone, Default)]
pub(super) struct ExporterTable;

impl OptionTable for ExporterTable {
    const FIELDS: &'static [Field] = &[
        option(&["kind"], Shape::Text),
        option(&["eventType"], Shape::Text),
        option(&["flushInterval"], Shape::Integer),
        option(&["maxEventInMemory"], Shape::Integer),
        option(&["format"], Shape::Text),
        option(&["filename"], Shape::Text),
        option(&["csvTemplate"], Shape::Text),
        option(&["parquetCompressionCodec"], Shape::Text),
        option(&["outputDir"], Shape::Text),
        option(&["path"], Shape::Text),
        option(&["bucket"], Shape::Text),
        option(&["endpointUrl"], Shape::Text),
        option(&["secret"], Shape::Text),
        option(&["meta"], Shape::TextMap),
        option(&["headers"], Shape::TextsMap),
        option(&["logFormat"], Shape::Text),
        option(&["container"], Shape::Text),
        option(&["accountName"], Shape::Text),
        option(&["accountKey"], Shape::Text),
        option(&["streamArn"], Shape::Text),
        option(&["streamName"], Shape::Text),
        option(&["queueUrl"], Shape::Text),
        option(&["kafka"], Shape::Section(&[KAFKA])),
        option(&["projectID"], Shape::Text),
        option(&["topic"], Shape::Text),
        option(&["datasetID"], Shape::Text),
        option(&["tableName"], Shape::Text),
        option(&["googleCredentials"], Shape::Text),
        option(&["autoMigrate"], Shape::Bool),
        option(&["tracerName"], Shape::Text),
    ];
}

const KAFKA: &[Field] = &[
    option(&["topic"], Shape::Text),
    option(&["addresses"], Shape::Texts),
    option(&["config"], Shape::Free),
];

/// Options of a notifier.
#[derive(Clone, Default)]
pub(super) struct NotifierTable;

impl OptionTable for NotifierTable {
    const FIELDS: &'static [Field] = &[
        option(&["kind"], Shape::Text),
        option(&["webhookUrl"], Shape::Text),
        option(&["slackWebhookUrl"], Shape::Text),
        option(&["endpointUrl"], Shape::Text),
        option(&["secret"], Shape::Text),
        option(&["meta"], Shape::TextMap),
        option(&["headers"], Shape::TextsMap),
    ];
}

const fn option(names: &'static [&'static str], shape: Shape) -> Field {
    Field { names, shape }
}
