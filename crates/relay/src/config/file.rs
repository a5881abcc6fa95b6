//! What people write: every section of `goff-proxy.yaml` with the names, spellings and types it accepts.

use std::time::Duration;

use flagstaff_engine::context::ContextMap;

use super::decode::{Decode, Options, Section, TextMap, Written, section, take};
use super::key_list::KeyList;
use super::report::Report;
use super::shape::Field;
use super::tree::Member;

mod exporter;
mod notifier;
mod notifier_lock;
mod retriever;

pub(super) use exporter::ExporterTable;
pub(super) use notifier::NotifierTable;
pub(super) use notifier_lock::NotifierLockTable;
pub(super) use retriever::RetrieverTable;

section! {
    /// The whole file.
    RootFile with options: OptionsFile {
        /// Listeners and limits.
        server: ServerFile = "server";
        /// The page with the interactive API description.
        swagger: SwaggerFile = "swagger";
        /// Leaves out the banner on standard output.
        hide_banner: bool = "hideBanner", restart;
        /// Offers the profiler.
        enable_pprof: bool = "enablePprof", restart;
        /// The lowest severity that is logged: `debug`, `info`, `warn`, `error` or `fatal`.
        log_level: Box<str> = "logLevel", default "info";
        /// The form of a log line: `json`, `logfmt` or `text`.
        log_format: Box<str> = "logFormat", default "json", restart;
        /// Which requests are logged: `problems` (4xx as warnings, 5xx as errors, the rest at level debug), `all` (the rest at level
        /// info, but for health and metrics) or `none`.
        access_log: Box<str> = "accessLog", default "problems";
        /// Leaves the version header out of answers.
        disable_version_header: bool = "disableVersionHeader", restart;
        /// Streams of changes.
        streams: StreamsFile = "streams";
        /// OpenFeature's protocol.
        ofrep: OfrepFile = "ofrep";
        /// Keys of the whole relay.
        authorized_keys: AuthorizedKeysFile = "authorizedKeys";
        /// Other ways to be let in than keys.
        authentication: AuthenticationFile = "authentication";
        /// Where spans are sent.
        open_telemetry_otlp_endpoint: Box<str> = "openTelemetryOtlpEndpoint", deprecated "otel.exporter.otlp.endpoint", url, restart;
        /// Traces.
        otel: OtelFile = "otel";
        /// The `jaeger_remote` sampler.
        jaeger: JaegerFile = "jaeger";
        /// Counts bulk evaluations by flag.
        enable_bulk_metric_flag_names: bool = "enableBulkMetricFlagNames";
        /// Several flag sets, told apart by the key of a request.
        flag_sets: Vec<Written<FlagSetFile>> = "flagSets";
        /// Port of the API.
        listen: i64 = "listen", deprecated "server.port", restart;
        /// Port of a listener of its own for health and metrics.
        monitoring_port: i64 = "monitoringPort", deprecated "server.monitoringPort", restart;
        /// Serves the page with the interactive API description.
        enable_swagger: bool = "enableSwagger", deprecated "swagger.enabled", restart;
        /// The host that the API description names.
        host: Box<str> = "host", deprecated "swagger.host", restart;
        /// Keys that may evaluate, beside those of `authorizedKeys.evaluation`.
        api_keys: KeyList = "apiKeys", deprecated "authorizedKeys.evaluation", secret;
        /// Runs as an AWS Lambda function.
        start_as_aws_lambda: bool = "startAsAwsLambda", deprecated "server.mode", means "lambda", restart;
        /// What invokes the Lambda function.
        aws_lambda_adapter: Box<str> = "awsLambdaAdapter", deprecated "server.awsLambdaAdapter", restart;
        /// Taken off the front of each path of a Lambda event.
        aws_api_gateway_base_path: Box<str> = "awsApiGatewayBasePath", deprecated "server.awsApiGatewayBasePath", restart;
    }
    accepted {
        /// Set by GO Feature Flag's own examples; queues of exporters need no cleaning.
        "exporterCleanQueueInterval": Duration, ignored;
        // Read before everything else: it says which variables belong to the tree.
        /// Only environment variables that begin with it count, without it. Write the underscore: `GOFF_`. Not itself taken from
        /// the environment.
        "envVariablePrefix": Box<str>, restart;
        /// The version is that of the program.
        "version": Box<str>, ignored;
    }
}

section! {
    /// Listeners and limits.
    ServerFile {
        /// How requests come in: `http`, `unixsocket` or `lambda`.
        mode: Box<str> = "mode", default "http", restart;
        /// Host of both listeners.
        host: Box<str> = "host", default "0.0.0.0", restart;
        /// Port of the API.
        port: i64 = "port", default "1031", restart;
        /// Port of a listener of its own for health and metrics; none in mode `lambda`.
        monitoring_port: i64 = "monitoringPort", restart;
        /// Path of the Unix socket, mandatory in mode `unixsocket`. A stale socket there is replaced; anything else stays and is an
        /// error.
        unix_socket_path: Box<str> = "unixSocketPath", restart;
        /// What invokes the Lambda function: `APIGatewayV1` (REST, payload 1.0), `APIGatewayV2` (HTTP, payload 2.0, and function URLs)
        /// or `ALB`.
        aws_lambda_adapter: Box<str> = "awsLambdaAdapter", default "APIGatewayV2", restart;
        /// Taken off the front of each path of a Lambda event.
        aws_api_gateway_base_path: Box<str> = "awsApiGatewayBasePath", restart;
        /// Where clients reach the relay, path included, such as `https://flags.example.com/relay`. Needed where they cannot come back to
        /// the address that they asked.
        public_url: Box<str> = "publicUrl";
        /// TLS of the API.
        tls: TlsFile = "tls";
        /// Sends answers of 1 KiB and more as zstd, brotli or gzip to clients that accept that.
        compression: bool = "compression", default "true", keeps_zero;
        /// How much a request may ask for.
        limits: LimitsFile = "limits";
        /// Put before every path of the API, like `/flags`. Health checks and metrics answer without it too.
        base_path: Box<str> = "basePath";
        /// What browsers may do with answers that pages of other origins ask for.
        cross_origin: CrossOriginFile = "cors";
        /// How often somebody may ask. Off unless written.
        rate_limits: RateLimitsFile = "rateLimits";
        /// Proxies whose `X-Forwarded-For` and `Forwarded` count: addresses and networks like `10.0.0.0/8`, and `unix` for whoever
        /// is at the other end of a Unix socket. None unless written. The address of a client is the last one that no trusted
        /// proxy has; logs and rate limits go by it.
        trusted_proxies: Vec<Box<str>> = "trustedProxies";
        /// How long a stopping relay waits for requests in flight.
        drain_timeout: Duration = "drainTimeout", default "10s", keeps_zero, restart;
        /// How long a relay that is told to stop goes on serving while `/readyz` says that it will not, so that load balancers
        /// notice.
        readiness_grace: Duration = "readinessGrace", default "0s", restart;
    }
}

section! {
    /// What browsers may do with answers that pages of other origins ask for.
    CrossOriginFile {
        /// Origins whose pages may read answers, like `https://app.example.com`; `*`, or nothing written, for all.
        origins: Vec<Box<str>> = "origins";
        /// Headers that pages may send; whatever they ask for when it is not written.
        headers: Vec<Box<str>> = "headers";
        /// Lets pages send cookies and what else a browser knows of its user.
        credentials: bool = "credentials";
        /// How long a browser may remember all that; as long as it likes when it is not written.
        max_age: Duration = "maxAge";
    }
}

section! {
    /// TLS of the API. All its files are in PEM, and are read again when they change.
    TlsFile {
        /// File with the certificate, and with those that vouch for it. Without one there is no TLS.
        certificate: Box<str> = "certPath";
        /// File with the private key of the certificate.
        key: Box<str> = "keyPath";
        /// File with certificates of authorities, of which clients must show one.
        client_authorities: Box<str> = "clientCaPath";
        /// Whether clients must show a certificate where `clientCaPath` is set: `require`, or `request` to check one that is
        /// shown and to let others in without.
        client_auth: Box<str> = "clientAuth", default "require";
        /// The oldest version that is spoken: `1.2` or `1.3`.
        minimum_version: Box<str> = "minVersion", default "1.2";
        /// Speaks TLS on the monitoring listener too.
        monitoring: bool = "monitoring";
    }
}

section! {
    /// How much a request may ask for.
    LimitsFile {
        /// Bytes of a request body; more is answered with 413.
        body: i64 = "maxBodyBytes", default "1048576";
        /// Bytes of a request body of the data collector; more is answered with 413.
        collector_body: i64 = "maxCollectorBodyBytes", default "16777216";
        /// How deep lists and objects of a request body may be nested, from 1 to 300; more is answered with 400.
        depth: i64 = "maxJsonDepth", default "256";
        /// Bytes of the head of a request; more is answered with 431.
        head: i64 = "maxHeaderBytes", default "1052672";
        /// How long the head of a request may take from its first byte on; more is answered with 408. 0 for as long as it likes.
        head_timeout: Duration = "readHeaderTimeout", default "10s", keeps_zero;
        /// How long the body of a request may take; more is answered with 408. 0 for as long as it likes.
        body_timeout: Duration = "readBodyTimeout", default "30s", keeps_zero;
        /// How long a connection may wait for its next request. 0 for as long as it likes.
        idle_timeout: Duration = "idleTimeout", default "75s", keeps_zero;
        /// How long a client may take not a byte of its answer. 0 for as long as it likes.
        write_timeout: Duration = "writeTimeout", default "60s", keeps_zero;
        /// Connections at a time; on those beyond it all but health checks and metrics are answered with 503. There are never
        /// more than file descriptors allow, and 0 sets no other bound.
        connections: i64 = "maxConnections", default "32768", keeps_zero;
        /// Requests that are read and answered at a time; all but health checks and metrics beyond it are answered with 503. 0
        /// sets no bound.
        requests: i64 = "maxConcurrentRequests", default "10000", keeps_zero;
        /// How long work may have to wait for a processor; while it waits longer all requests but health checks and metrics are
        /// answered with 503. 0 for as long as it likes.
        queue_delay: Duration = "maxQueueDelay", default "1s", keeps_zero;
    }
}

section! {
    /// Streams of changes: server-sent events and web sockets.
    StreamsFile {
        /// Time between two signs of life on a stream, at least 1s. A web socket that takes or answers nothing for four of them is
        /// closed.
        heartbeat: Duration = "heartbeat", default "15s";
        /// About how long clients of server-sent events are asked to wait before they come back.
        retry: Duration = "retry", default "3s", keeps_zero;
        /// How many streams may be open; more are refused with 503.
        max_open: i64 = "maxOpen", default "20000", keeps_zero;
    }
}

section! {
    /// How often somebody may ask; more is answered with 429 and `Retry-After`. Health checks and metrics are not limited.
    RateLimitsFile {
        /// How often each key may ask.
        per_key: RateFile = "perKey";
        /// How often each address may ask, before its key is looked at. Addresses of an IPv6 network of 64 bits count as one.
        per_address: RateFile = "perAddress";
    }
}

section! {
    /// A rate.
    RateFile {
        /// How many requests there may be in a period, spread evenly; 0 switches the limit off.
        requests: i64 = "requests", default "0";
        /// The period, from 1ms to 24h; 1s unless written.
        period: Duration = "period";
        /// How many requests may come at once after a pause; as many as in a period unless written.
        burst: i64 = "burst";
    }
}

section! {
    /// OpenFeature's protocol.
    OfrepFile {
        /// How it is spoken: `goff`, exactly as GO Feature Flag, or `standard`, exactly as it is published and with event streams.
        /// Flag sets and keys may have a dialect of their own.
        dialect: Box<str> = "dialect", default "goff";
        /// Signs the tokens that open event streams. Replicas must have the same one, as long and random as a key; by default it is
        /// another one in each process.
        token_secret: Box<str> = "tokenSecret", secret;
        /// How long such a token is good for; it may be up to twice as long.
        token_lifetime: Duration = "tokenLifetime", default "1h";
        /// How long clients that nobody looks at keep an event stream open.
        inactivity_delay: Duration = "inactivityDelay", default "2m";
    }
}

section! {
    /// The page with the interactive API description.
    SwaggerFile {
        /// Serves the page under `/swagger/` and its document under `/swagger/doc.json`.
        enabled: bool = "enabled", restart;
        /// The host that the document names.
        host: Box<str> = "host", default "localhost", restart;
    }
}

section! {
    /// Keys of the whole relay.
    AuthorizedKeysFile {
        /// Keys that may evaluate.
        evaluation: KeyList = "evaluation", secret;
        /// Keys that may evaluate and administrate.
        admin: KeyList = "admin", secret;
    }
}

section! {
    /// Other ways to be let in than keys.
    AuthenticationFile {
        /// Bearer tokens of an OpenID provider, as JSON Web Tokens. Where this is written, evaluations need a key or a token.
        jwt: JwtFile = "jwt";
    }
}

section! {
    /// Bearer tokens of an OpenID provider.
    JwtFile {
        /// Who issues tokens: what they have as their `iss`. Mandatory.
        issuer: Box<str> = "issuer";
        /// Whom tokens are for: one of these must be in their `aud`. Mandatory.
        audience: Vec<Box<str>> = "audience";
        /// Where the keys of the issuer are, a JSON Web Key Set. The issuer is asked for it unless it is written
        /// (`/.well-known/openid-configuration`).
        jwks_url: Box<str> = "jwksUrl", url;
        /// A PEM file of authorities to trust besides those of the system.
        ca_certificates: Box<str> = "caCertPath";
        /// What tokens may be signed with: `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384` and `EdDSA`;
        /// `RS256` and `ES256` unless written.
        algorithms: Vec<Box<str>> = "algorithms";
        /// How far the clocks of issuer and relay may be apart, at most 10m.
        leeway: Duration = "leeway", default "1m", keeps_zero;
        /// Time between two looks at the keys, at least 10s. A token with an unknown key has them looked at sooner.
        refresh_interval: Duration = "refreshInterval";
        /// The claim that says what a token may do: words in a text, or a list of texts. Names joined by dots lead into objects,
        /// like `realm_access.roles`.
        scope_claim: Box<str> = "scopeClaim", default "scope";
        /// What the words mean: each with `client`, `server` or `admin`, which mean themselves unless this is written. The
        /// greatest counts.
        scopes: TextMap = "scopes";
        /// What a token without any of the words may do: `client`, `server` or `admin`. Nothing unless written.
        default_scope: Box<str> = "defaultScope";
        /// The claim that names the flag set of a token.
        flag_set_claim: Box<str> = "flagSetClaim", default "flagset";
    }
}

section! {
    /// Where flags come from and how they are served; at the top of the file, or in each entry of `flagSets`.
    OptionsFile {
        /// A source.
        retriever: Options<RetrieverTable> = "retriever";
        /// Sources; later ones override the flags of earlier ones, unless `onDuplicate` says otherwise.
        retrievers: Vec<Written<Options<RetrieverTable>>> = "retrievers";
        /// What becomes of a flag that stands in several sources: `override` lets the later one count, with a warning; `error` refuses
        /// the later one.
        on_duplicate: Box<str> = "onDuplicate", default "override";
        /// Where events go.
        exporter: Options<ExporterTable> = "exporter";
        /// Where events go.
        exporters: Vec<Written<Options<ExporterTable>>> = "exporters";
        /// The log that exporters read.
        events: EventsFile = "events", restart;
        /// Records the flags of bulk evaluations too, not only those of single ones.
        export_bulk_evaluations: bool = "exportBulkEvaluations";
        /// Who is told about changes.
        notifiers: Vec<Written<Options<NotifierTable>>> = "notifiers";
        /// Who is told about changes; read when `notifiers` has none.
        notifier: Vec<Written<Options<NotifierTable>>> = "notifier", deprecated "notifiers";
        /// Lets only one of several replicas tell a change: what they agree through. Without it each of them tells.
        notifier_lock: Options<NotifierLockTable> = "notifierLock";
        /// Format of the sources: `yaml`, `json` or `toml`.
        file_format: Box<str> = "fileFormat", default "yaml";
        /// Milliseconds between two polls, at least 1000; negative switches polling off.
        polling_interval: i64 = "pollingInterval", default "60000";
        /// Starts with what could be fetched.
        start_with_retriever_error: bool = "startWithRetrieverError";
        /// Moves the polls of replicas apart.
        enable_polling_jitter: bool = "enablePollingJitter";
        /// Does not tell notifiers about the flags of the start.
        disable_notifier_on_init: bool = "disableNotifierOnInit";
        /// Tells notifiers and the log too when a flag changes by itself: a scheduled step, the beginning and end of an experiment, the end
        /// of a progressive rollout.
        announce_schedule: bool = "announceSchedule";
        /// Attributes laid over those of each request.
        evaluation_context_enrichment: ContextMap<'static> = "evaluationContextEnrichment";
        /// Where the last good flags are kept.
        persistent_flag_configuration_file: Box<str> = "persistentFlagConfigurationFile";
        /// Secret of `POST /hooks/v1/refresh/NAME`, by which whoever keeps the flags tells that they changed; without one there is no
        /// such hook.
        refresh_hook_secret: Box<str> = "refreshHookSecret", secret;
        /// Lets a request choose the time at which it is evaluated.
        allow_client_time: bool = "allowClientTime", default "true", keeps_zero;
    }
    accepted {
        /// Documented by GO Feature Flag, which does nothing with it; write it into `evaluationContextEnrichment`.
        "environment": Box<str>, ignored;
    }
}

section! {
    /// The log of events that wait for exporters.
    EventsFile {
        /// Bytes of memory for events, those of evaluations and those of tracking each.
        max_memory: i64 = "maxMemoryBytes", default "67108864", restart;
        /// What happens when there is no room: `drop` (the exporters that are behind lose their oldest events, and new ones while none
        /// of them takes anything) or `refuse` (new events are refused; the collector answers 503).
        on_full: Box<str> = "onFull", default "drop", restart;
        /// Keeps on a disk what finds no room in memory, and what is left at the end.
        spool: SpoolFile = "spool", restart;
    }
}

section! {
    /// Events on a disk.
    SpoolFile {
        /// Folder of the spool. Each relay needs one of its own.
        path: Box<str> = "path", restart;
        /// Writes each event before the collector acknowledges it, so that a crash loses none.
        durable: bool = "durable", restart;
        /// Bytes of events that it may hold; the oldest go first.
        max_bytes: i64 = "maxBytes", default "1073741824", restart;
        /// How long an event may lie there.
        max_age: Duration = "maxAge", default "168h", restart;
    }
}

section! {
    /// A flag set.
    FlagSetFile with options: OptionsFile {
        /// Its name.
        name: Box<str> = "name";
        /// How OFREP is spoken: `goff` or `standard`; by default as `ofrep.dialect` says.
        ofrep_dialect: Box<str> = "ofrepDialect";
        /// Its keys, at least one.
        api_keys: KeyList = "apiKeys", secret;
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
        disabled: bool = "disabled", restart;
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
        endpoint: Box<str> = "endpoint", url, restart;
        /// How spans are sent: `http/protobuf` or `grpc`.
        protocol: Box<str> = "protocol", default "http/protobuf", restart;
    }
}

section! {
    /// `otel.service`
    OtelServiceFile {
        /// Name of the service in traces.
        name: Box<str> = "name", default "go-feature-flag", restart;
    }
}

section! {
    /// `otel.traces`
    OtelTracesFile {
        /// Name of the sampler, like `parentbased_traceidratio` or `jaeger_remote`; every trace is sampled without one.
        sampler: Box<str> = "sampler", restart;
    }
}

section! {
    /// `otel.resource`
    OtelResourceFile {
        /// Further attributes of the service.
        attributes: TextMap = "attributes", restart;
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
    }
    accepted {
        /// What it tells apart.
        "max": JaegerMaxFile;
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
        /// Where the sampler asks for its strategy.
        port: Box<str> = "port", default "http://localhost:5778/sampling", url, restart;
    }
}

section! {
    /// `jaeger.sampler.refresh`
    JaegerRefreshFile {
        /// Time between two questions of the sampler.
        interval: Duration = "interval", default "1m", restart;
    }
}

section! {
    /// `jaeger.sampler.max`
    JaegerMaxFile {
    }
    accepted {
        /// The sampler tells all routes apart, whatever this says.
        "operations": i64, ignored;
    }
}
