//! What GO Feature Flag wrote, and how tests are built.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use flagstaff_backend::{SettingsError, Surroundings};
use flagstaff_events::{Event, EventType, Exporter};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::kinds::{self, Context};

/// When everything happens in tests: seconds since 1970.
pub(crate) const NOW: u64 = 1_700_000_000;

/// One recorded configuration, what was sent, and what became of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Sample {
    pub(crate) scenario: String,
    events: Value,
    #[cfg_attr(not(feature = "file"), expect(dead_code, reason = "only files are compared with it"))]
    pub(crate) files: Map<String, Value>,
    pub(crate) log: Vec<String>,
}

impl Sample {
    /// A sample by its name.
    pub(crate) fn named(scenario: &str) -> Self {
        let all = read("samples.jsonl");
        let mut all = all
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line is a sample"));
        all.find(|sample: &Self| sample.scenario == scenario)
            .expect("the sample was recorded")
    }

    /// The events as they are stored.
    pub(crate) fn events(&self) -> Vec<Event> {
        match &self.events {
            Value::String(name) => recorded(name),
            list => list.as_array().expect("a list of events").iter().map(stored).collect(),
        }
    }
}

/// A recorded list of events: `FE` or `TE`.
pub(crate) fn recorded(name: &str) -> Vec<Event> {
    let all: Value = serde_json::from_str(&read("events.json")).expect("the file is JSON");
    all[name]
        .as_array()
        .expect("a list of events")
        .iter()
        .map(stored)
        .collect()
}

/// A file of the recorded cases.
pub(crate) fn read(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../conformance/exporters", name]
        .iter()
        .collect();
    std::fs::read_to_string(path).expect("the cases are there")
}

/// The text of an event that was sent to the collector.
pub(crate) fn stored(sent: &Value) -> Event {
    let is_tracking = sent["kind"] == "tracking";
    let members: &[(&str, Option<Value>)] = if is_tracking {
        &[
            ("kind", None),
            ("contextKind", None),
            ("userKey", Some(json!(""))),
            ("creationDate", Some(json!(0))),
            ("key", Some(json!(""))),
            ("evaluationContext", Some(Value::Null)),
            ("trackingEventDetails", Some(Value::Null)),
        ]
    } else {
        &[
            ("kind", None),
            ("contextKind", None),
            ("userKey", Some(json!(""))),
            ("creationDate", Some(json!(0))),
            ("key", Some(json!(""))),
            ("variation", Some(json!(""))),
            ("value", Some(Value::Null)),
            ("default", Some(json!(false))),
            ("version", Some(json!(""))),
            ("source", Some(json!("PROVIDER_CACHE"))),
            ("metadata", None),
        ]
    };
    let present = members.iter().filter_map(|(name, default)| {
        let value = sent.get(name).cloned().or_else(|| default.clone())?;
        Some(format!("\"{name}\":{value}"))
    });
    Event::new(format!("{{{}}}", present.collect::<Vec<_>>().join(",")))
}

/// Builds an exporter on a machine called `host` in UTC at [`NOW`].
pub(crate) fn exporter(options: &Value, event_type: EventType) -> Result<Arc<dyn Exporter>, SettingsError> {
    exporter_in(options, event_type, &[("TZ", "UTC")])
}

/// Builds an exporter in an environment.
pub(crate) fn exporter_in(
    options: &Value,
    event_type: EventType,
    variables: &[(&str, &str)],
) -> Result<Arc<dyn Exporter>, SettingsError> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let context = Context {
        event_type,
        hostname: "host",
        surroundings: &Surroundings::new(variables),
        traces: None,
        clock: Arc::new(|| UNIX_EPOCH + Duration::from_secs(NOW)),
    };
    kinds::build(options.as_object().expect("options are an object"), &context)
}
