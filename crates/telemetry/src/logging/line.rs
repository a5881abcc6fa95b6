//! One line of a log.

use std::fmt::{Display, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use tracing::Level;

use super::LogFormat;

/// A line while its fields arrive. The message may be any of them and is written first.
pub(super) struct Line {
    format: LogFormat,
    message: String,
    fields: String,
}

impl Line {
    pub(super) fn new(format: LogFormat) -> Self {
        Self {
            format,
            message: String::new(),
            fields: String::with_capacity(256),
        }
    }

    /// Adds a text.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        if name == "message" {
            value.clone_into(&mut self.message);
            return;
        }
        self.name(name);
        match self.format {
            LogFormat::Json => write_json(&mut self.fields, value),
            LogFormat::Logfmt | LogFormat::Text => write_logfmt(&mut self.fields, value),
        }
    }

    /// Adds a number or a boolean.
    pub(super) fn literal(&mut self, name: &str, value: &dyn Display) {
        self.name(name);
        write(&mut self.fields, format_args!("{value}"));
    }

    /// The whole line.
    pub(super) fn finish(self, now: SystemTime, level: Level) -> String {
        let mut line = String::with_capacity(64 + self.message.len() + self.fields.len());
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (seconds, microseconds) = (since.as_secs(), since.subsec_micros());
        match self.format {
            LogFormat::Json => {
                let level = name_of(level);
                write(
                    &mut line,
                    format_args!(r#"{{"level":"{level}","ts":{seconds}.{microseconds:06},"msg":"#),
                );
                write_json(&mut line, &self.message);
                line.push_str(&self.fields);
                line.push('}');
            }
            LogFormat::Logfmt => {
                let level = name_of(level);
                write(
                    &mut line,
                    format_args!("ts={seconds}.{microseconds:06} level={level} msg="),
                );
                write_logfmt(&mut line, &self.message);
                line.push_str(&self.fields);
            }
            LogFormat::Text => {
                // For somebody who looks on: the time of day, in UTC.
                let (hours, minutes, seconds) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
                let milliseconds = microseconds / 1000;
                write(
                    &mut line,
                    format_args!("{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03} {level:5} "),
                );
                line.extend(
                    self.message
                        .chars()
                        .flat_map(|letter| letter.is_control().then_some(' ').or(Some(letter))),
                );
                line.push_str(&self.fields);
            }
        }
        line.push('\n');
        line
    }

    fn name(&mut self, name: &str) {
        let name = name.strip_prefix("r#").unwrap_or(name);
        match self.format {
            LogFormat::Json => {
                self.fields.push(',');
                write_json(&mut self.fields, name);
                self.fields.push(':');
            }
            LogFormat::Logfmt | LogFormat::Text => write(&mut self.fields, format_args!(" {name}=")),
        }
    }
}

/// GO Feature Flag's names of the levels.
fn name_of(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG | Level::TRACE => "debug",
    }
}

fn write_json(into: &mut String, value: &str) {
    write(into, format_args!("{}", serde_json::Value::from(value)));
}

/// Quotes what would not read back as one value.
fn write_logfmt(into: &mut String, value: &str) {
    let is_plain = |letter: char| letter > ' ' && !matches!(letter, '"' | '=' | '\u{7f}'..='\u{9f}' | '\u{fffd}');
    if value.chars().all(is_plain) {
        into.push_str(value);
    } else {
        write_json(into, value);
    }
}

fn write(into: &mut String, arguments: std::fmt::Arguments<'_>) {
    into.write_fmt(arguments).expect("a string takes everything");
}
