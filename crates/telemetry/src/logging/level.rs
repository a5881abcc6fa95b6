//! How much is logged, and in which form.

use tracing::level_filters::LevelFilter;

/// The lowest severity that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LogLevel {
    /// Everything, each request included.
    Debug,
    /// Life cycle, flag changes, requests that were refused.
    #[default]
    Info,
    /// What deserves attention.
    Warn,
    /// What failed.
    Error,
    /// Nothing while the server runs. GO Feature Flag's `dpanic`, `panic` and `fatal`: none of them is ever logged here.
    Fatal,
}

impl LogLevel {
    /// The spellings a configuration may use.
    pub const NAMES: &[&str] = &["debug", "info", "warn", "warning", "error", "dpanic", "panic", "fatal"];

    /// Reads a level in any case; empty means info.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "debug" => Self::Debug,
            "info" | "" => Self::Info,
            "warn" | "warning" => Self::Warn,
            "error" => Self::Error,
            "dpanic" | "panic" | "fatal" => Self::Fatal,
            _ => return None,
        })
    }
}

impl LogLevel {
    /// The level behind `level as u8`.
    pub(super) fn from_u8(level: u8) -> Self {
        [Self::Debug, Self::Info, Self::Warn, Self::Error]
            .get(usize::from(level))
            .copied()
            .unwrap_or(Self::Fatal)
    }
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Info => Self::INFO,
            LogLevel::Warn => Self::WARN,
            LogLevel::Error => Self::ERROR,
            LogLevel::Fatal => Self::OFF,
        }
    }
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// `key=value` pairs.
    Logfmt,
    /// For people at a terminal.
    Text,
}

impl LogFormat {
    /// The spellings a configuration may use.
    pub const NAMES: &[&str] = &["json", "logfmt", "text"];

    /// Reads a format in any case; empty means JSON.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "json" | "" => Self::Json,
            "logfmt" => Self::Logfmt,
            "text" => Self::Text,
            _ => return None,
        })
    }
}
