//! The access log.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::traces::SpanReference;

/// Which requests are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AccessLog {
    /// Errors and warnings as such, everything else for debugging.
    #[default]
    Problems,
    /// Those that went well too, among what is logged at info; health and metrics only for debugging.
    All,
    /// None.
    None,
}

impl AccessLog {
    /// The spellings a configuration may use.
    pub const NAMES: &[&str] = &["problems", "all", "none"];

    /// Reads a choice in any case; empty means problems.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "problems" | "" => Self::Problems,
            "all" => Self::All,
            "none" => Self::None,
            _ => return None,
        })
    }
}

/// A request that was answered.
#[derive(Debug, Clone, Copy)]
pub struct AccessRecord<'a> {
    /// Address of the caller; none on a Unix socket.
    pub remote_ip: Option<IpAddr>,
    /// Time from the request's head to the answer's end.
    pub latency: Duration,
    /// `Host` header.
    pub host: &'a str,
    /// Method.
    pub method: &'a str,
    /// Path and query string as they were sent.
    pub uri: &'a str,
    /// Status.
    pub status: u16,
    /// Bytes of the answer's body.
    pub size: u64,
    /// `User-Agent` header.
    pub user_agent: &'a str,
    /// `X-Request-Id` of the answer.
    pub request_id: &'a str,
    /// The span of the request; none when it has none.
    pub trace: Option<SpanReference>,
}

/// The parts of the outcome that pick level and message.
enum Outcome {
    ServerError,
    ClientError,
    Redirection,
    Success,
}

impl Outcome {
    fn of(status: u16) -> Self {
        match status {
            500.. => Self::ServerError,
            400.. => Self::ClientError,
            300.. => Self::Redirection,
            _ => Self::Success,
        }
    }
}

impl AccessRecord<'_> {
    /// Whether an answer of this status is logged at all; ask before building a record.
    #[inline]
    pub fn is_logged(log: AccessLog, status: u16) -> bool {
        match (log, Outcome::of(status)) {
            (AccessLog::None, _) => false,
            (_, Outcome::ServerError) => tracing::enabled!(target: "flagstaff::access", tracing::Level::ERROR),
            (_, Outcome::ClientError) => tracing::enabled!(target: "flagstaff::access", tracing::Level::WARN),
            (AccessLog::All, _) => tracing::enabled!(target: "flagstaff::access", tracing::Level::INFO),
            (AccessLog::Problems, _) => tracing::enabled!(target: "flagstaff::access", tracing::Level::DEBUG),
        }
    }

    /// Writes the line: an error for 5xx, a warning for 4xx.
    pub fn log(&self, log: AccessLog) {
        macro_rules! line {
            ($level:ident, $message:literal) => {
                tracing::event!(
                    target: "flagstaff::access",
                    tracing::Level::$level,
                    remote_ip = self.remote_ip.map(tracing::field::display),
                    latency = ?self.latency,
                    host = self.host,
                    request = %Request { method: self.method, uri: &hide_keys(self.uri) },
                    status = self.status,
                    size = self.size,
                    user_agent = self.user_agent,
                    request_id = self.request_id,
                    trace_id = self.trace.map(|span| tracing::field::display(span.trace)),
                    $message
                )
            };
        }
        match (log, Outcome::of(self.status)) {
            (_, Outcome::ServerError) => line!(ERROR, "Server error"),
            (_, Outcome::ClientError) => line!(WARN, "Client error"),
            (AccessLog::All, Outcome::Redirection) => line!(INFO, "Redirection"),
            (AccessLog::All, Outcome::Success) => line!(INFO, "Success"),
            (_, Outcome::Redirection) => line!(DEBUG, "Redirection"),
            (_, Outcome::Success) => line!(DEBUG, "Success"),
        }
    }
}

/// `METHOD uri`
struct Request<'a> {
    method: &'a str,
    uri: &'a str,
}

impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.uri)
    }
}

/// A URI without the values of `apiKey` parameters, in whatever way their name is written.
fn hide_keys(uri: &str) -> Cow<'_, str> {
    let Some((path, query)) = uri.split_once('?') else {
        return Cow::Borrowed(uri);
    };
    let mut hidden = format!("{path}?");
    for (at, parameter) in query.split('&').enumerate() {
        if at > 0 {
            hidden.push('&');
        }
        match parameter.split_once('=') {
            Some((name, _)) if is_key(name) => {
                hidden.push_str(name);
                hidden.push_str("=***");
            }
            _ => hidden.push_str(parameter),
        }
    }
    Cow::Owned(hidden)
}

/// Whether a percent-encoded name is `apiKey` in any case.
fn is_key(name: &str) -> bool {
    let (bytes, mut at, mut decoded) = (name.as_bytes(), 0, Vec::with_capacity(name.len()));
    while let Some(byte) = bytes.get(at) {
        let escape = name.get(at + 1..at + 3).filter(|_| *byte == b'%');
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(escaped) => {
                decoded.push(escaped);
                at += 3;
            }
            None => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    decoded.eq_ignore_ascii_case(b"apiKey")
}
