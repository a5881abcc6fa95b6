//! What people write about the log.

use flagstaff_backend::{Settings, SettingsError};
use flagstaff_events::EventType;

use crate::kinds::Context;
use crate::templates::{EventTemplate, time_zone};

const FEATURE: &str = r#"[{{ .FormattedDate}}] user="{{ .UserKey}}", flag="{{ .Key}}", value="{{ .Value}}""#;

const TRACKING: &str =
    r#"[{{ .FormattedDate}}] user="{{ .UserKey}}", event="{{ .Key}}", details="{{ .TrackingDetails}}""#;

/// Options of the kind `log`.
#[derive(Debug)]
pub struct LogOptions {
    /// `logFormat`: a template of the message. By default date, user, flag and value; date, user, event and details for tracking events.
    pub(super) format: EventTemplate,
}

impl LogOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>, context: &Context<'_>) -> Result<Self, SettingsError> {
        let format = match settings.text("logFormat")? {
            text if !text.is_empty() => text,
            _ if context.event_type == EventType::Tracking => TRACKING.to_owned(),
            _ => FEATURE.to_owned(),
        };
        let zone = time_zone(context.surroundings);
        Ok(Self {
            format: EventTemplate::parse(settings, "logFormat", &format, context.event_type, zone)?,
        })
    }
}
