//! Formats of files: JSON, CSV, Parquet.

use flagstaff_backend::{Settings, SettingsError};
use flagstaff_events::{Event, EventType, Refusal};

use crate::kinds::Context;
use crate::templates::{EventTemplate, time_zone};

#[cfg(feature = "parquet")]
mod columns;
#[cfg(feature = "parquet")]
mod parquet;

/// No header, no quoting: what people rely on.
const FEATURE: &str = "{{ .Kind}};{{ .ContextKind}};{{ .UserKey}};{{ .CreationDate}};{{ .Key}};{{ .Variation}};{{ .Value}};{{ .Default}};{{ .Source}}\n";

const TRACKING: &str = "{{ .Kind}};{{ .ContextKind}};{{ .UserKey}};{{ .CreationDate}};{{ .Key}};{{ .EvaluationContext}};{{ .TrackingDetails}}\n";

/// How events are written into a file.
#[derive(Debug)]
pub(crate) enum Format {
    /// One event a line, as it is.
    Json,
    /// What a template prints for each event.
    Csv {
        /// The template.
        template: Box<EventTemplate>,
        /// Whether each event ends with a line.
        has_lines: bool,
    },
    /// Columns.
    #[cfg(feature = "parquet")]
    Parquet(parquet::Parquet),
}

/// Events in a format.
#[derive(Debug, Default)]
pub(crate) struct Encoded {
    /// What is written; empty when every event was refused.
    pub(crate) bytes: Vec<u8>,
    /// Events that cannot be written, by their place.
    pub(crate) refused: Vec<Refusal>,
}

impl Format {
    /// Reads `format` and what belongs to it.
    pub(crate) fn read(settings: Settings<'_>, context: &Context<'_>) -> Result<Self, SettingsError> {
        let name = settings.text("format")?;
        let codec = settings.text("parquetCompressionCodec")?;
        match name.to_ascii_lowercase().as_str() {
            "" | "json" => Ok(Self::Json),
            "csv" => Self::csv(settings, context),
            "parquet" => Self::parquet(settings, &codec, context.event_type),
            _ => Err(settings.invalid("format", "is not one of JSON, CSV, Parquet")),
        }
    }

    fn csv(settings: Settings<'_>, context: &Context<'_>) -> Result<Self, SettingsError> {
        let text = match settings.text("csvTemplate")? {
            text if !text.is_empty() => text,
            _ if context.event_type == EventType::Tracking => TRACKING.to_owned(),
            _ => FEATURE.to_owned(),
        };
        let zone = time_zone(context.surroundings);
        Ok(Self::Csv {
            template: EventTemplate::parse(settings, "csvTemplate", &text, context.event_type, zone)?.into(),
            has_lines: text.ends_with('\n'),
        })
    }

    #[cfg(feature = "parquet")]
    fn parquet(settings: Settings<'_>, codec: &str, event_type: EventType) -> Result<Self, SettingsError> {
        parquet::Parquet::new(codec, event_type)
            .map(Self::Parquet)
            .map_err(|problem| settings.invalid("parquetCompressionCodec", problem))
    }

    #[cfg(not(feature = "parquet"))]
    fn parquet(settings: Settings<'_>, _: &str, _: EventType) -> Result<Self, SettingsError> {
        Err(settings.invalid(
            "format",
            "is Parquet, which is not part of this build; build with `--features parquet`",
        ))
    }

    /// Its name in file names.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv { .. } => "csv",
            #[cfg(feature = "parquet")]
            Self::Parquet(_) => "parquet",
        }
    }

    /// What stores call it.
    #[cfg_attr(not(feature = "objects"), expect(dead_code, reason = "files have no type"))]
    pub(crate) fn media_type(&self) -> &'static str {
        match self {
            Self::Json => "application/x-ndjson",
            Self::Csv { .. } => "text/csv; charset=utf-8",
            #[cfg(feature = "parquet")]
            Self::Parquet(_) => "application/vnd.apache.parquet",
        }
    }

    /// Whether more events can be put behind others.
    pub(crate) fn can_be_appended(&self) -> bool {
        matches!(self, Self::Json | Self::Csv { .. })
    }

    /// Whether a file ends with the end of a line, unless somebody was interrupted.
    pub(crate) fn has_lines(&self) -> bool {
        matches!(self, Self::Json | Self::Csv { has_lines: true, .. })
    }

    /// Writes events. Takes long for many.
    pub(crate) fn encode(&self, events: &[&Event]) -> Encoded {
        match self {
            Self::Json => Encoded {
                bytes: lines(events),
                refused: Vec::new(),
            },
            Self::Csv { template, .. } => print(template, events),
            #[cfg(feature = "parquet")]
            Self::Parquet(parquet) => parquet.encode(events),
        }
    }
}

fn lines(events: &[&Event]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(events.iter().map(|event| event.text().len() + 1).sum());
    for event in events {
        bytes.extend_from_slice(event.text());
        bytes.push(b'\n');
    }
    bytes
}

fn print(template: &EventTemplate, events: &[&Event]) -> Encoded {
    let mut text = String::new();
    let mut refused = Vec::new();
    for (index, event) in events.iter().enumerate() {
        if let Err(reason) = template.print(&mut text, event) {
            refused.push(Refusal { index, reason });
        }
    }
    Encoded {
        bytes: text.into_bytes(),
        refused,
    }
}

#[cfg(test)]
mod tests;
