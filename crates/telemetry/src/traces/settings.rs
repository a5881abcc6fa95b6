//! Where spans go, and which of them.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Everything about traces.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceSettings {
    /// Where spans go.
    pub destination: Destination,
    /// Which requests are traced.
    pub sampler: Sampler,
    /// What is said about the process with each batch, its service's name and version included.
    pub resource: Vec<(Box<str>, Box<str>)>,
    /// How spans are put together.
    pub batches: Batches,
}

/// Where spans go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// To a collector.
    Collector(Box<Collector>),
    /// To standard output, for people.
    Console,
}

/// A collector that speaks OpenTelemetry's protocol.
#[derive(Clone, PartialEq, Eq)]
pub struct Collector {
    /// How it is spoken to.
    pub transport: Transport,
    /// The whole URL that batches are sent to.
    pub url: Box<str>,
    /// Sent with each batch; values may be secret.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// How long a batch may take, repetitions included.
    pub timeout: Duration,
    /// Compresses batches with gzip.
    pub gzip: bool,
    /// Certificates that are trusted beside the system's.
    pub certificates: Option<PathBuf>,
    /// A certificate and its key for the collector to see.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// How a collector is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Binary protocol buffers over HTTP.
    Http,
    /// gRPC.
    Grpc,
}

/// Which requests are traced.
#[derive(Debug, Clone, PartialEq)]
pub enum Sampler {
    /// All.
    AlwaysOn,
    /// None.
    AlwaysOff,
    /// A share between 0 and 1, by the trace's identity.
    Ratio(f64),
    /// What the caller decided; for callers without a trace, what another sampler decides.
    ParentBased(Box<Sampler>),
    /// What a Jaeger agent or collector decides.
    JaegerRemote {
        /// URL that is asked.
        manager: Box<str>,
        /// How often.
        refresh_interval: Duration,
    },
}

/// How spans are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batches {
    /// Spans that wait at most; more are lost.
    pub queue: usize,
    /// Spans of a batch at most.
    pub size: usize,
    /// Time after which a batch is sent even if it is not full.
    pub delay: Duration,
    /// How long sending one may take.
    pub timeout: Duration,
}

impl Default for Batches {
    /// As OpenTelemetry specifies them.
    fn default() -> Self {
        Self {
            queue: 2048,
            size: 512,
            delay: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
        }
    }
}

impl Destination {
    /// What may be shown of it.
    pub fn place(&self) -> String {
        match self {
            Self::Collector(collector) => collector.place(),
            Self::Console => "standard output".to_owned(),
        }
    }
}

impl Collector {
    /// Scheme, host and port: what may be shown of the URL.
    pub fn place(&self) -> String {
        match self.url.parse::<http::Uri>() {
            Ok(url) => {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                let (scheme, host) = (url.scheme_str().unwrap_or_default(), url.host().unwrap_or_default());
                format!("{scheme}://{host}{port}")
            }
            Err(_) => String::new(),
        }
    }
}

impl fmt::Debug for Collector {
    /// Shows no secret: of the URL its place, of the headers their names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Collector")
            .field("transport", &self.transport)
            .field("place", &self.place())
            .field("headers", &headers)
            .field("timeout", &self.timeout)
            .field("gzip", &self.gzip)
            .field("certificates", &self.certificates)
            .field("identity", &self.identity)
            .finish()
    }
}
