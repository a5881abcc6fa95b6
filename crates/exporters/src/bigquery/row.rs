//! Rows and columns.

use flagstaff_events::{Event, EventType, FeatureEvent, TrackingEvent};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Columns of evaluations, in their order.
const FEATURE: &[(&str, &str)] = &[
    ("kind", "STRING"),
    ("context_kind", "STRING"),
    ("user_key", "STRING"),
    ("creation_date", "INTEGER"),
    ("key", "STRING"),
    ("variation", "STRING"),
    ("value", "JSON"),
    ("default", "BOOLEAN"),
    ("version", "STRING"),
    ("source", "STRING"),
    ("metadata", "JSON"),
];

/// Columns of tracking, in their order.
const TRACKING: &[(&str, &str)] = &[
    ("kind", "STRING"),
    ("context_kind", "STRING"),
    ("user_key", "STRING"),
    ("creation_date", "INTEGER"),
    ("key", "STRING"),
    ("tracking_details", "JSON"),
    ("evaluation_context", "JSON"),
];

/// No identifier is longer.
const LONGEST_IDENTIFIER: usize = 128;

/// One event.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    #[serde(rename = "insertId")]
    identifier: String,
    json: Value,
}

/// The schema of a table.
pub(super) fn schema(event_type: EventType) -> Value {
    let columns = match event_type {
        EventType::Feature => FEATURE,
        EventType::Tracking => TRACKING,
    };
    let fields: Vec<_> = columns
        .iter()
        .map(|(name, column)| json!({"name": name, "type": column, "mode": "NULLABLE"}))
        .collect();
    json!({"fields": fields})
}

impl Row {
    /// The row of an event, which BigQuery takes once under a name that no other event has.
    pub(super) fn new(event_type: EventType, event: &Event, name: &str) -> Result<Self, serde_json::Error> {
        match event_type {
            EventType::Feature => event.feature().map(|event| Self::of_feature(&event, name)),
            EventType::Tracking => event.tracking().map(|event| Self::of_tracking(&event, name)),
        }
    }

    fn of_feature(event: &FeatureEvent<'_>, name: &str) -> Self {
        Self {
            identifier: identifier([&event.key, &event.user_key], event.creation_date, name),
            json: json!({
                "kind": event.kind, "context_kind": event.context_kind, "user_key": event.user_key,
                "creation_date": event.creation_date, "key": event.key, "variation": event.variation,
                "value": event.value.get(), "default": event.default, "version": event.version,
                "source": event.source, "metadata": text(event.metadata.as_ref()),
            }),
        }
    }

    fn of_tracking(event: &TrackingEvent<'_>, name: &str) -> Self {
        Self {
            identifier: identifier([&event.key, &event.user_key], event.creation_date, name),
            json: json!({
                "kind": event.kind, "context_kind": event.context_kind, "user_key": event.user_key,
                "creation_date": event.creation_date, "key": event.key,
                "tracking_details": text(event.tracking_event_details.as_ref()),
                "evaluation_context": text(event.evaluation_context.as_ref()),
            }),
        }
    }
}

/// As GO Feature Flag forms it, by which events of one second are the same; the name tells them apart.
fn identifier([key, user]: [&str; 2], date: i64, name: &str) -> String {
    let identifier = format!("{key}|{user}|{date}|{name}");
    if identifier.len() <= LONGEST_IDENTIFIER {
        identifier
    } else {
        name.to_owned()
    }
}

/// A column of JSON holds text.
fn text(members: Option<&Map<String, Value>>) -> String {
    members.map_or_else(
        || "null".to_owned(),
        |members| serde_json::to_string(members).expect("what was read from JSON can be written as JSON"),
    )
}
