//! What the relay works with: every value checked, every default filled in.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use flagstaff_backend::{SettingsError, Surroundings};
use flagstaff_definition::format::Format;
use flagstaff_engine::context::ContextMap;
use flagstaff_events::{Aggregated, Clock, EventType, Exporter, OnFull, Sampled};
use flagstaff_exporters::kinds;
use flagstaff_flagset::Duplicates;
use flagstaff_notifiers::{NotifierLock, Recipient};
use flagstaff_telemetry::logging::{AccessLog, LogFormat, LogLevel};
use flagstaff_telemetry::traces::TraceSettings;
use http::HeaderValue;
use ipnet::IpNet;
use sha2::{Digest, Sha256};

use super::keys::{ApiKey, Keys, Scope};
use super::tls::Tls;

/// The whole configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Listeners.
    pub server: Server,
    /// The page with the interactive API description.
    pub swagger: Swagger,
    /// Logs.
    pub logging: Logging,
    /// Streams of changes.
    pub streams: Streams,
    /// OpenFeature's protocol.
    pub ofrep: Ofrep,
    /// Leaves out the banner on standard output.
    pub hide_banner: bool,
    /// Offers the profiler.
    pub enable_pprof: bool,
    /// Sends `X-GOFEATUREFLAG-VERSION` with each answer.
    pub version_header: bool,
    /// Counts bulk evaluations by flag.
    pub bulk_metric_flag_names: bool,
    /// Who may ask.
    pub keys: Keys,
    /// Whose tokens open the relay too.
    pub tokens: Option<TokenSettings>,
    /// Files and folders beside the configuration file that the settings were read from, as absolute as the working folder is:
    /// a change of one of them is a reason to read them again.
    pub files: Vec<PathBuf>,
    /// The flag sets.
    pub flag_sets: FlagSets,
    /// Traces; `None` where they are off.
    pub traces: Option<TraceSettings>,
}

/// How OFREP answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Dialect {
    /// Exactly as GO Feature Flag.
    #[default]
    Goff,
    /// Exactly as OFREP is published.
    Standard,
}

impl Dialect {
    /// The names.
    pub const NAMES: &'static [&'static str] = &["goff", "standard"];

    /// The dialect of a name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "goff" => Some(Self::Goff),
            "standard" => Some(Self::Standard),
            _ => None,
        }
    }
}

/// Where the relay listens, and its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// How requests come in.
    pub mode: Mode,
    /// Host of both listeners: an address or a name, IPv6 with or without brackets.
    pub host: Box<str>,
    /// The monitoring listener's port, when it is not the same listener.
    pub monitoring_port: Option<u16>,
    /// TLS over TCP; `None` without.
    pub tls: Option<Tls>,
    /// Encodes answers as clients want them.
    pub compression: bool,
    /// How much a request may ask for.
    pub limits: Limits,
    /// Put before every path of the API: empty, or with a leading slash and none at its end.
    pub base_path: Box<str>,
    /// What browsers may do with answers that pages of other origins ask for.
    pub cross_origin: CrossOrigin,
    /// How often somebody may ask.
    pub rate_limits: RateLimits,
    /// Proxies that are believed.
    pub trusted_proxies: TrustedProxies,
    /// How long a stopping relay waits for requests in flight.
    pub drain_timeout: Duration,
    /// How long a relay that is told to stop goes on serving while `/readyz` says that it will not.
    pub readiness_grace: Duration,
}

impl Server {
    /// `host:port` as a socket address is written.
    pub fn address(&self, port: u16) -> String {
        if self.host.contains(':') && !self.host.starts_with('[') {
            format!("[{}]:{port}", self.host)
        } else {
            format!("{}:{port}", self.host)
        }
    }
}

/// What browsers may do with answers that pages of other origins ask for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CrossOrigin {
    /// Whose pages may read answers.
    pub origins: Origins,
    /// Headers that pages may send; `None` for whatever they ask for.
    pub headers: Option<Vec<Box<str>>>,
    /// Whether pages may send what a browser knows of its user.
    pub credentials: bool,
    /// How long a browser may remember that; `None` as long as it likes.
    pub max_age: Option<Duration>,
}

/// Whose pages may read answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Origins {
    /// Everybody's.
    #[default]
    Any,
    /// Those of these origins.
    Only(Arc<[HeaderValue]>),
}

/// Bearer tokens of an OpenID provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSettings {
    /// What tokens have as their `iss`.
    pub issuer: Box<str>,
    /// What tokens have as, or in, their `aud`: one of these, at least one.
    pub audiences: Vec<Box<str>>,
    /// Where the issuer's keys are; `None` where it is to be asked for that.
    pub jwks_url: Option<Box<str>>,
    /// A PEM file of authorities to trust besides those of the system.
    pub ca_certificates: Option<Box<str>>,
    /// Names of algorithms as in RFC 7518, none of them symmetric.
    pub algorithms: Vec<&'static str>,
    /// How far clocks may be apart.
    pub leeway: Duration,
    /// Time between two looks at the keys.
    pub refresh_interval: Duration,
    /// The claim that says what a token may do.
    pub scope_claim: Box<str>,
    /// What its words mean.
    pub scopes: Vec<(Box<str>, Scope)>,
    /// What a token without any of them may do.
    pub default_scope: Option<Scope>,
    /// The claim that names the flag set.
    pub flag_set_claim: Box<str>,
}

impl TokenSettings {
    /// Where the issuer describes itself (OpenID Connect Discovery 1.0, section 4).
    pub fn discovery_url(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'))
    }

    /// The options with which `flagstaff_retrievers::kinds::build` fetches a document of the issuer.
    pub fn source(&self, url: &str) -> serde_json::Map<String, serde_json::Value> {
        let options = [
            ("kind", Some("http")),
            ("url", Some(url)),
            ("caCertPath", self.ca_certificates.as_deref()),
        ];
        options
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
            .collect()
    }
}

/// How often somebody may ask, where that is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateLimits {
    /// Each key.
    pub per_key: Option<Rate>,
    /// Each address.
    pub per_address: Option<Rate>,
}

/// A rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests in a period, at most a million.
    pub requests: NonZeroU32,
    /// The period, from a millisecond to a day.
    pub period: Duration,
    /// Requests that may come at once after a pause.
    pub burst: NonZeroU32,
}

/// Proxies that are believed when they say for whom they ask.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrustedProxies {
    /// Where they are.
    pub networks: Vec<IpNet>,
    /// Whether whoever is at the other end of a Unix socket is one.
    pub unix_socket: bool,
}

impl TrustedProxies {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && !self.unix_socket
    }

    /// Whether there is one at an address; `None` is the other end of a Unix socket.
    pub fn trust(&self, address: Option<IpAddr>) -> bool {
        match address {
            Some(address) => {
                let address = address.to_canonical();
                self.networks.iter().any(|network| network.contains(&address))
            }
            None => self.unix_socket,
        }
    }
}

/// How requests come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Over TCP.
    Http {
        /// Port of the API.
        port: u16,
    },
    /// Over a Unix socket.
    UnixSocket {
        /// Path of the socket.
        path: PathBuf,
    },
    /// As an AWS Lambda function.
    Lambda(LambdaFunction),
}

/// An AWS Lambda function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LambdaFunction {
    /// What invokes the function.
    pub event: LambdaEvent,
    /// Taken off the front of each path: empty, or with a leading slash and none at its end.
    pub base_path: Box<str>,
    /// Host and port that hand out events; `None` outside of AWS Lambda.
    pub runtime_api: Option<Box<str>>,
}

/// What invokes a Lambda function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LambdaEvent {
    /// API Gateway, payload 1.0.
    ApiGatewayV1,
    /// API Gateway, payload 2.0.
    #[default]
    ApiGatewayV2,
    /// An application load balancer.
    Alb,
}

/// How much a request may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request body.
    pub body: usize,
    /// Bytes of a request body of the data collector.
    pub collector_body: usize,
    /// How deep lists and objects of a request body may be nested.
    pub depth: usize,
    /// Bytes of the head of a request.
    pub head: usize,
    /// How long the head of a request may take from its first byte on.
    pub head_timeout: Option<Duration>,
    /// How long the body of a request may take.
    pub body_timeout: Option<Duration>,
    /// How long a connection may wait for its next request.
    pub idle_timeout: Option<Duration>,
    /// How long a client may take no byte of its answer.
    pub write_timeout: Option<Duration>,
    /// Connections of a listener.
    pub connections: usize,
    /// Requests that are answered at a time.
    pub requests: usize,
    /// How long work may have to wait for a processor.
    pub queue_delay: Option<Duration>,
}

/// OpenFeature's protocol.
#[derive(Clone, PartialEq, Eq)]
pub struct Ofrep {
    /// How it is spoken to those who have no dialect of their own.
    pub dialect: Dialect,
    /// Signs the tokens of event streams; `None` stands for one that is made up at the start.
    pub token_secret: Option<Box<str>>,
    /// How long a token is good for at least.
    pub token_lifetime: Duration,
    /// How long clients that nobody looks at keep an event stream open.
    pub inactivity_delay: Duration,
    /// Where clients reach the relay, without a slash at its end; `None` is where they ask.
    pub public_url: Option<Box<str>>,
}

impl fmt::Debug for Ofrep {
    /// Leaves the secret out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ofrep")
            .field("dialect", &self.dialect)
            .field("token_lifetime", &self.token_lifetime)
            .field("inactivity_delay", &self.inactivity_delay)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

/// Streams of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    /// Time between two signs of life on a stream.
    pub heartbeat: Duration,
    /// About how long clients of server-sent events are asked to wait before they come back.
    pub retry: Duration,
    /// How many may be open.
    pub max_open: usize,
}

/// The page with the interactive API description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swagger {
    /// Whether it is served.
    pub enabled: bool,
    /// The host that it names.
    pub host: Box<str>,
}

/// Logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Logging {
    /// The lowest severity that is logged.
    pub level: LogLevel,
    /// The form of a line.
    pub format: LogFormat,
    /// Which requests are logged.
    pub access: AccessLog,
}

/// The flag sets: one without keys of its own, or several that are told apart by the key of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum FlagSets {
    /// Default mode.
    Default(Box<FlagSetSettings>),
    /// Flag-set mode, at least one.
    Named(Vec<FlagSetSettings>),
}

impl FlagSets {
    /// All sets; [`super::Grant::flag_set`] counts in this order.
    pub fn all(&self) -> &[FlagSetSettings] {
        match self {
            Self::Default(set) => std::slice::from_ref(set),
            Self::Named(sets) => sets,
        }
    }

    /// Tells exporters where traces go.
    pub(super) fn lead_traces(&mut self, traces: Option<&TraceSettings>) {
        let sets = match self {
            Self::Default(set) => std::slice::from_mut(&mut **set),
            Self::Named(sets) => sets,
        };
        let traces = traces.cloned().map(Arc::new);
        for exporter in sets.iter_mut().flat_map(|set| &mut set.exporters) {
            // an edit of traces is none of those that do not send any
            if exporter.kind() == "opentelemetry" {
                exporter.traces.clone_from(&traces);
            }
        }
    }
}

/// One flag set.
#[derive(Debug, Clone, PartialEq)]
pub struct FlagSetSettings {
    /// Its name; `None` in default mode, and for a set that was given none (or `default`).
    pub name: Option<Arc<str>>,
    /// Its keys; none in default mode.
    pub api_keys: Vec<ApiKey>,
    /// Its sources in their order, at least one.
    pub retrievers: Vec<RetrieverSettings>,
    /// Where its events go.
    pub exporters: Vec<ExporterSettings>,
    /// Which events are recorded, and how many may wait.
    pub events: EventSettings,
    /// Which of two sources counts that have the same flag.
    pub duplicates: Duplicates,
    /// Time between two polls; `None` switches polling off.
    pub polling_interval: Option<Duration>,
    /// Adds or takes up to a tenth of the interval, once, so that replicas do not poll together.
    pub polling_jitter: bool,
    /// Starts with what could be fetched.
    pub start_with_retriever_error: bool,
    /// Who is told about changes.
    pub notifiers: Vec<Recipient>,
    /// What replicas agree through who of them tells a change; `None`: each of them does.
    pub notifier_lock: Option<NotifierLock>,
    /// Does not tell notifiers about the flags of the start.
    pub disable_notifier_on_init: bool,
    /// Tells notifiers when flags change by themselves.
    pub announce_schedule: bool,
    /// Attributes laid over those of each request; names keep their case.
    pub enrichment: ContextMap<'static>,
    /// Where the last good flags are kept.
    pub persistent_file: Option<PathBuf>,
    /// What calls of the hook are signed with that has the flags fetched.
    pub refresh_hook: Option<HookSecret>,
    /// Lets a request choose the time at which it is evaluated.
    pub allow_client_time: bool,
    /// How OFREP is spoken, where that is not as everywhere.
    pub ofrep_dialect: Option<Dialect>,
}

/// A secret that those who call a hook share with the relay. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct HookSecret(Box<str>);

impl HookSecret {
    /// A secret; `None` for an empty one, which would keep nobody out.
    pub fn new(secret: Box<str>) -> Option<Self> {
        (!secret.is_empty()).then_some(Self(secret))
    }

    /// The secret itself.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for HookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookSecret(***)")
    }
}

impl FlagSetSettings {
    /// Whether a set with these settings and one with the others serve the same in the same way, whatever their keys are.
    pub fn serves_as(&self, other: &Self) -> bool {
        let Self {
            name: _,
            api_keys: _,
            retrievers,
            exporters: _,
            events: _,
            duplicates,
            polling_interval,
            polling_jitter,
            start_with_retriever_error,
            notifiers: _,
            notifier_lock: _,
            disable_notifier_on_init: _,
            announce_schedule: _,
            enrichment,
            persistent_file,
            refresh_hook: _,
            allow_client_time,
            ofrep_dialect: _,
        } = self;
        *retrievers == other.retrievers
            && *duplicates == other.duplicates
            && *polling_interval == other.polling_interval
            && *polling_jitter == other.polling_jitter
            && *start_with_retriever_error == other.start_with_retriever_error
            && *enrichment == other.enrichment
            && *persistent_file == other.persistent_file
            && *allow_client_time == other.allow_client_time
    }
}

/// One source of flags: options that `flagstaff_retrievers::kinds::build` accepts.
#[derive(Clone, PartialEq)]
pub struct RetrieverSettings {
    /// What was written: `kind` and its properties in their canonical spelling.
    pub options: serde_json::Map<String, serde_json::Value>,
    /// The format of its documents: its own, or that of its flag set.
    pub format: Format,
    /// The flag set that it serves, and the environment.
    pub surroundings: Surroundings,
}

impl RetrieverSettings {
    /// The kind, like `file`.
    pub fn kind(&self) -> &str {
        self.options
            .get("kind")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    }
}

impl fmt::Debug for RetrieverSettings {
    /// Leaves the options out: headers, URLs and tokens may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetrieverSettings")
            .field("kind", &self.kind())
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// An exporter: options that `flagstaff_exporters::kinds::build` accepts, and when it is given events.
#[derive(Clone, PartialEq)]
pub struct ExporterSettings {
    /// What its place in the log belongs to.
    pub name: Arc<str>,
    /// What was written: `kind` and its properties in their canonical spelling.
    pub options: serde_json::Map<String, serde_json::Value>,
    /// Which events it gets.
    pub event_type: EventType,
    /// Time between two batches; `None` sends each event at once.
    pub interval: Option<Duration>,
    /// Number of events of a batch.
    pub batch: usize,
    /// Share of the users whose events it gets, below 1; `None`: all of them.
    pub share: Option<f64>,
    /// Evaluations in windows of this time are counted; `None`: each is sent.
    pub window: Option<Duration>,
    /// Where events are kept that it will never get rid of.
    pub dead_letters: Option<PathBuf>,
    /// Where it runs.
    pub surroundings: Surroundings,
    /// Where traces go; nowhere without.
    pub traces: Option<Arc<TraceSettings>>,
}

impl ExporterSettings {
    /// The kind, like `webhook`.
    pub fn kind(&self) -> &str {
        self.options
            .get("kind")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    }

    /// Builds it for a machine of this name: what it sends to, behind a sample and counts where these are wanted.
    pub fn build(&self, hostname: &str, clock: Clock) -> Result<Arc<dyn Exporter>, SettingsError> {
        let mut exporter = self.build_sink(hostname, clock)?;
        if let Some(window) = self.window {
            exporter = Arc::new(Aggregated::new(exporter, window));
        }
        if let Some(share) = self.share {
            exporter = Arc::new(Sampled::new(exporter, share));
        }
        Ok(exporter)
    }

    /// Builds what it sends to, which gets every event as it is.
    pub fn build_sink(&self, hostname: &str, clock: Clock) -> Result<Arc<dyn Exporter>, SettingsError> {
        let context = kinds::Context {
            event_type: self.event_type,
            hostname,
            surroundings: &self.surroundings,
            traces: self.traces.as_deref(),
            clock,
        };
        kinds::build(&self.options, &context)
    }

    /// A name for one that was given none: it is the same for as long as it sends to the same place.
    pub(super) fn default_name(&self, target: &str) -> String {
        let place = format!("{}\0{target}", self.event_type.name());
        let digest = Sha256::digest(place.as_bytes());
        format!("{}-{}", self.kind(), data_encoding::HEXLOWER.encode(&digest[..4]))
    }
}

/// The values are hidden: many of them are secrets.
impl fmt::Debug for ExporterSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExporterSettings")
            .field("name", &self.name)
            .field("kind", &self.kind())
            .finish_non_exhaustive()
    }
}

/// What is recorded, and how much of it may wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSettings {
    /// Bytes of memory, for each type of events.
    pub memory: usize,
    /// What happens when there is no room.
    pub on_full: OnFull,
    /// What is kept on a disk.
    pub spool: Option<Spool>,
    /// Records the flags of bulk evaluations.
    pub bulk: bool,
}

/// Events on a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spool {
    /// The folder; each log has a file in it.
    pub folder: PathBuf,
    /// Whether events are written before they are acknowledged.
    pub durable: bool,
    /// Bytes that it may hold.
    pub max_bytes: u64,
    /// How long an event may lie there.
    pub max_age: Duration,
}
