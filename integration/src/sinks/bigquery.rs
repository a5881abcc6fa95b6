//! `bigquery` on an emulator.

use anyhow::{Context as _, Result, ensure};
use flagstaff_events::{ErrorKind, EventType};
use serde_json::{Map, Value, json};

use crate::case::{Case, Role, Stage};
use crate::contract::Setup;
use crate::contract::exporter::{Refusal, Sink};
use crate::meter::Meter;
use crate::servers::bqemulator::{self, Bqemulator, PROJECT};

pub(super) const CASES: &[Case] = &[Case {
    role: Role::Exporter,
    kind: "bigquery",
    variant: "",
    needs: &[&bqemulator::PACKAGE],
    run: prove,
}];

const DATA_SET: &str = "flags";

/// The name of each column, and of the member that it holds.
const COLUMNS: &[(&str, &str)] = &[
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

fn prove(stage: &Stage) -> Result<()> {
    let server = Bqemulator::start(stage.cache(), stage.folder())?;
    let meter = Meter::before(server.port)?;
    stage.prove_exporter(&mut Bigquery { server, meter })
}

struct Bigquery {
    server: Bqemulator,
    meter: Meter,
}

impl Bigquery {
    fn setup(&self, makes_table: bool, table: &str) -> Setup {
        let emulator = format!("127.0.0.1:{}", self.meter.port());
        Setup {
            options: json!({
                "kind": "bigquery", "projectID": PROJECT, "datasetID": DATA_SET, "tableName": table,
                "autoMigrate": makes_table,
            }),
            variables: vec![("BIGQUERY_EMULATOR_HOST".to_owned(), emulator)],
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
        let column = |(name, _): &(&str, &str)| match *name {
            "value" | "metadata" => format!("TO_JSON_STRING({name})"),
            _ => format!("`{name}`"),
        };
        let columns: Vec<_> = COLUMNS.iter().map(column).collect();
        let query = format!("SELECT {} FROM `{PROJECT}.{DATA_SET}.evaluations`", columns.join(", "));
        let event = |row: Vec<Option<String>>| {
            ensure!(row.len() == COLUMNS.len(), "a row has {} columns", row.len());
            let mut event = Map::new();
            for ((_, member), cell) in COLUMNS.iter().zip(row) {
                let cell = cell.with_context(|| format!("{member} is null"))?;
                let value = match *member {
                    "value" | "metadata" | "creationDate" | "default" => serde_json::from_str(&cell)?,
                    _ => Value::String(cell),
                };
                event.insert((*member).to_owned(), value);
            }
            Ok(Value::Object(event))
        };
        self.server.query(&query)?.into_iter().map(event).collect()
    }

    /// The other type wants a table of its own.
    fn takes(&self, event_type: EventType) -> bool {
        event_type == EventType::Feature
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

    fn kill(&mut self) -> Result<()> {
        self.meter.cut();
        Ok(())
    }

    fn revive(&mut self) -> Result<()> {
        self.meter.mend();
        Ok(())
    }
}
