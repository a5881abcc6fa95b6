//! `bigquery` on an emulator.

use anyhow::{Context as _, Result, ensure};
use flagstaff_events::{ErrorKind, EventType};
use serde_json::{Map, Value, json};

use crate::case::{Case, Role, Stage};
use crate::contract::Setup;
use crate::contract::exporter::{Lifeline, Refusal, Sink};
use crate::meter::Meter;
use crate::servers::bqemulator::{self, Bqemulator, PROJECT};

pub(super) const CASES: &[Case] = &[
    Case {
        role: Role::Exporter,
        kind: "bigquery",
        variant: "",
        needs: &[&bqemulator::PACKAGE],
        run: |stage| prove(stage, EventType::Feature),
    },
    Case {
        role: Role::Exporter,
        kind: "bigquery",
        variant: "tracking",
        needs: &[&bqemulator::PACKAGE],
        run: |stage| prove(stage, EventType::Tracking),
    },
];

const DATA_SET: &str = "flags";

/// The name of each column, and of the member that it holds.
type Columns = &'static [(&'static str, &'static str)];

const FEATURE: Columns = &[
    ("kind", "kind"),
    ("context_kind", "contextKind"),
    ("user_key", "userKey"),
    ("creation_date", "creationDate"),
    ("key", "key"),
    ("variation", "variation"),
    ("value", "value"),
    ("default", "default"),
    ("version", "version"),
    ("source", "source"),
    ("metadata", "metadata"),
];

const TRACKING: Columns = &[
    ("kind", "kind"),
    ("context_kind", "contextKind"),
    ("user_key", "userKey"),
    ("creation_date", "creationDate"),
    ("key", "key"),
    ("evaluation_context", "evaluationContext"),
    ("tracking_details", "trackingEventDetails"),
];

/// Members that are JSON in their columns.
const JSON: &[&str] = &["value", "metadata", "evaluationContext", "trackingEventDetails"];

fn prove(stage: &Stage, event_type: EventType) -> Result<()> {
    let server = Bqemulator::start(stage.cache(), stage.folder())?;
    let meter = Meter::before(server.port)?;
    stage.prove_exporter(&mut Bigquery {
        server,
        meter,
        event_type,
    })
}

struct Bigquery {
    server: Bqemulator,
    meter: Meter,
    /// What the table is for: the other type wants one of its own.
    event_type: EventType,
}

impl Bigquery {
    fn columns(&self) -> Columns {
        match self.event_type {
            EventType::Feature => FEATURE,
            EventType::Tracking => TRACKING,
        }
    }

    fn setup(&self, makes_table: bool, table: &str) -> Setup {
        let emulator = format!("127.0.0.1:{}", self.meter.port());
        Setup {
            options: json!({
                "kind": "bigquery", "projectID": PROJECT, "datasetID": DATA_SET, "tableName": table,
                "autoMigrate": makes_table,
            }),
            variables: vec![("BIGQUERY_EMULATOR_HOST".to_owned(), emulator)],
            ..Setup::default()
        }
    }
}

impl Sink for Bigquery {
    fn setup(&self) -> Setup {
        self.setup(true, "evaluations")
    }

    fn prepare(&mut self) -> Result<()> {
        Ok(())
    }

    fn read(&mut self) -> Result<Vec<Value>> {
        let columns = self.columns();
        let column = |(name, member): &(&str, &str)| {
            if JSON.contains(member) {
                format!("TO_JSON_STRING({name})")
            } else {
                format!("`{name}`")
            }
        };
        let names: Vec<_> = columns.iter().map(column).collect();
        let query = format!("SELECT {} FROM `{PROJECT}.{DATA_SET}.evaluations`", names.join(", "));
        let event = |row: Vec<Option<String>>| {
            ensure!(row.len() == columns.len(), "a row has {} columns", row.len());
            let mut event = Map::new();
            for ((_, member), cell) in columns.iter().zip(row) {
                let cell = cell.with_context(|| format!("{member} is null"))?;
                let is_text = !JSON.contains(member) && !["creationDate", "default"].contains(member);
                let value = if is_text {
                    Value::String(cell)
                } else {
                    serde_json::from_str(&cell)?
                };
                event.insert((*member).to_owned(), value);
            }
            Ok(Value::Object(event))
        };
        self.server.query(&query)?.into_iter().map(event).collect()
    }

    /// Every column has a value.
    fn shape(&self, event: &Value) -> Value {
        let member = |(_, member): &(&str, &str)| {
            let value = match event[*member].clone() {
                Value::Null if *member == "contextKind" => "".into(),
                value => value,
            };
            ((*member).to_owned(), value)
        };
        Value::Object(self.columns().iter().map(member).collect())
    }

    fn takes(&self, event_type: EventType) -> bool {
        event_type == self.event_type
    }

    fn refusals(&self) -> Vec<Refusal> {
        vec![Refusal {
            what: "no such table",
            setup: self.setup(false, "nobodys"),
            kind: ErrorKind::NotFound,
        }]
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    fn lifeline(&mut self) -> &mut dyn Lifeline {
        &mut self.meter
    }
}
