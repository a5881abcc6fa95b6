//! Templates that print an event.

use std::collections::BTreeMap;
use std::sync::Arc;

use flagstaff_backend::{Settings, SettingsError};
use flagstaff_events::{Event, EventType};
use gotmpl::Value;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value as Json};

use super::{Template, value};

/// A template that prints events of one type.
#[derive(Debug)]
pub(crate) struct EventTemplate {
    template: Template,
    event_type: EventType,
    /// In which the formatted date is; `None` when the template does not print it.
    zone: Option<TimeZone>,
    names: BTreeMap<&'static str, Arc<str>>,
}

/// What both types have.
const COMMON: [&str; 6] = ["Kind", "ContextKind", "UserKey", "CreationDate", "Key", "FormattedDate"];

const FEATURE: [&str; 6] = ["Variation", "Value", "Default", "Version", "Source", "Metadata"];

const TRACKING: [&str; 2] = ["EvaluationContext", "TrackingDetails"];

impl EventTemplate {
    /// Parses the template of a property.
    pub(crate) fn parse(
        settings: Settings<'_>,
        property: &'static str,
        text: &str,
        event_type: EventType,
        zone: TimeZone,
    ) -> Result<Self, SettingsError> {
        let own: &[&str] = match event_type {
            EventType::Feature => &FEATURE,
            EventType::Tracking => &TRACKING,
        };
        let names: BTreeMap<_, _> = COMMON.iter().chain(own).map(|name| (*name, Arc::from(*name))).collect();
        let blank = names.values().map(|name| (Arc::clone(name), Value::Nil));
        let template = Template::parse(settings, property, text, &Value::Map(Arc::new(blank.collect())))?;
        Ok(Self {
            template,
            event_type,
            zone: text.contains("FormattedDate").then_some(zone),
            names,
        })
    }

    /// Prints an event behind a text; why not, if that cannot be. Nothing is printed then.
    pub(crate) fn print(&self, text: &mut String, event: &Event) -> Result<(), String> {
        let length = text.len();
        let fields = match self.event_type {
            EventType::Feature => self.feature(event),
            EventType::Tracking => self.tracking(event),
        };
        let fields = fields.map_err(|error| format!("it is no {} event: {error}", self.event_type.name()))?;
        self.template.print(text, &fields).map_err(|error| {
            text.truncate(length);
            error.to_string()
        })
    }

    fn feature(&self, event: &Event) -> Result<Value, serde_json::Error> {
        let event = event.feature()?;
        let served: Json = serde_json::from_str(event.value.get())?;
        Ok(self.fields(
            event.creation_date,
            [
                ("Kind", text(&event.kind)),
                ("ContextKind", text(&event.context_kind)),
                ("UserKey", text(&event.user_key)),
                ("Key", text(&event.key)),
                ("Variation", text(&event.variation)),
                ("Value", value::of_json(&served)),
                ("Default", Value::Bool(event.default)),
                ("Version", text(&event.version)),
                ("Source", text(&event.source)),
                ("Metadata", members(event.metadata.as_ref())),
            ],
        ))
    }

    fn tracking(&self, event: &Event) -> Result<Value, serde_json::Error> {
        let event = event.tracking()?;
        Ok(self.fields(
            event.creation_date,
            [
                ("Kind", text(&event.kind)),
                ("ContextKind", text(&event.context_kind)),
                ("UserKey", text(&event.user_key)),
                ("Key", text(&event.key)),
                ("EvaluationContext", members(event.evaluation_context.as_ref())),
                ("TrackingDetails", members(event.tracking_event_details.as_ref())),
            ],
        ))
    }

    fn fields<const N: usize>(&self, creation_date: i64, fields: [(&'static str, Value); N]) -> Value {
        let date = match &self.zone {
            Some(zone) => text(&formatted_date(creation_date, zone)),
            None => Value::Nil,
        };
        let dates = [("CreationDate", Value::Int(creation_date)), ("FormattedDate", date)];
        let fields = fields.into_iter().chain(dates);
        Value::Map(Arc::new(
            fields
                .map(|(name, value)| (Arc::clone(&self.names[name]), value))
                .collect(),
        ))
    }
}

fn text(text: &str) -> Value {
    Value::String(text.into())
}

/// What is absent prints as an empty map.
fn members(members: Option<&Map<String, Json>>) -> Value {
    value::of_map(members.into_iter().flatten())
}

/// RFC 3339 as Go writes it: without fractions, and `Z` where the offset is zero.
fn formatted_date(seconds: i64, zone: &TimeZone) -> String {
    let Ok(moment) = Timestamp::from_second(seconds) else {
        return seconds.to_string();
    };
    let moment = moment.to_zoned(zone.clone());
    if moment.offset().is_zero() {
        moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    } else {
        moment.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}
