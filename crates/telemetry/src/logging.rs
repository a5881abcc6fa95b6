//! Structured logs with the member names that GO Feature Flag's users filter on: `level`, `ts`, `msg`, then the fields.
//!
//! A line is written whole, in one call, to standard error. Nothing is sampled.

mod access;
mod audit;
mod level;
mod line;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

pub use access::{AccessLog, AccessRecord};
pub use audit::AuditRecord;
pub use level::{LogFormat, LogLevel};

use line::Line;

/// Where lines go.
pub type Output = Box<dyn Fn(&[u8]) + Send + Sync>;

/// Changes the level of a running logger.
#[derive(Debug, Clone)]
pub struct LogHandle {
    level: Arc<AtomicU8>,
}

impl LogHandle {
    /// Logs from this level on.
    pub fn set_level(&self, level: LogLevel) {
        self.level.store(level as u8, Ordering::Relaxed);
        tracing::callsite::rebuild_interest_cache();
    }
}

/// The logger could not be installed because there is one already.
#[derive(Debug, thiserror::Error)]
#[error("a logger is installed already")]
pub struct AlreadyInstalled;

/// Installs the logger of the process, which writes to standard error.
///
/// # Errors
/// When another logger was installed before.
pub fn install(level: LogLevel, format: LogFormat) -> Result<LogHandle, AlreadyInstalled> {
    // A closed standard error must not end the process, and there is nowhere else to say it.
    let output: Output = Box::new(|line| drop(std::io::stderr().lock().write_all(line)));
    let (logger, handle) = logger(level, format, SystemTime::now, output);
    tracing::subscriber::set_global_default(logger).map_err(|_| AlreadyInstalled)?;
    Ok(handle)
}

/// A logger that reads this clock and writes its lines there.
pub fn logger(
    level: LogLevel,
    format: LogFormat,
    clock: fn() -> SystemTime,
    output: Output,
) -> (impl Subscriber + Send + Sync, LogHandle) {
    let level = Arc::new(AtomicU8::new(level as u8));
    let handle = LogHandle {
        level: Arc::clone(&level),
    };
    (
        tracing_subscriber::registry().with(Lines {
            level,
            format,
            clock,
            output,
        }),
        handle,
    )
}

/// Writes a line for each event.
struct Lines {
    level: Arc<AtomicU8>,
    format: LogFormat,
    clock: fn() -> SystemTime,
    output: Output,
}

impl Lines {
    fn filter(&self) -> LevelFilter {
        LogLevel::from_u8(self.level.load(Ordering::Relaxed)).into()
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.filter())
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        // Libraries below us only speak when something is wrong: their details are not what `debug` asks for.
        let is_ours = metadata.target().starts_with("flagstaff");
        *metadata.level() <= self.filter() && (is_ours || *metadata.level() <= Level::WARN)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line::new(self.format);
        event.record(&mut Fields(&mut line));
        let line = line.finish((self.clock)(), *event.metadata().level());
        (self.output)(line.as_bytes());
    }
}

/// Puts the fields of an event into a line.
struct Fields<'l>(&'l mut Line);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.text(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.literal(field.name(), &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.literal(field.name(), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.literal(field.name(), &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.0.literal(field.name(), &value);
        } else {
            self.0.text(field.name(), &value.to_string());
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        self.0.text(field.name(), &text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.text(field.name(), &format!("{value:?}"));
    }
}
