//! A table of BigQuery: one row for each event.
//!
//! ```yaml
//! exporter:
//!   kind: bigquery
//!   projectID: my-project
//!   datasetID: flags
//!   tableName: feature_flag_evaluations
//!   autoMigrate: true               # makes the data set and the table
//! ```
//!
//! Rows are streamed with `insertAll`, up to 10,000 with one request. Columns are those of GO Feature Flag; `value`, `metadata` and
//! the other JSON columns hold JSON. A row that the table does not take is refused for good, and its neighbours are taken. BigQuery
//! drops the second copy of a row that is sent again.
//!
//! The token is that of `googleCredentials`, or else of the application default credentials. `BIGQUERY_EMULATOR_HOST` names an
//! emulator, which gets none.

use std::sync::atomic::{AtomicBool, Ordering};

use flagstaff_backend::Surroundings;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::google::{GoogleService, Identity};
use crate::identities::Identities;
use crate::{
    Contact, Contacting, ErrorKind, Event, EventType, Export, ExportError, Exporter, Limits, Receipt, Refusal,
};

use row::Row;

pub use options::BigqueryOptions;

mod options;
mod row;

const SERVICE: &str = "https://bigquery.googleapis.com";

const SCOPE: &str = "https://www.googleapis.com/auth/bigquery";

/// A request holds 10,000 rows, and 10 MB of what JSON in JSON becomes.
const LIMITS: Limits = Limits {
    events: 10_000,
    bytes: 4_000_000,
};

/// Rows that were not looked at because of another one, or that the service had no time for.
const NOT_THIS_TIME: &[&str] = &[
    "stopped",
    "timeout",
    "backendError",
    "internalError",
    "rateLimitExceeded",
    "quotaExceeded",
];

/// Streams into a table.
#[derive(Debug)]
pub struct BigqueryExporter {
    options: BigqueryOptions,
    event_type: EventType,
    service: GoogleService,
    identities: Identities,
    /// Whether data set and table were made.
    is_made: AtomicBool,
}

#[derive(Serialize)]
struct Insertion {
    #[serde(rename = "skipInvalidRows")]
    skip_invalid_rows: bool,
    rows: Vec<Row>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Inserted {
    insert_errors: Vec<Failed>,
}

#[derive(Deserialize)]
struct Failed {
    #[serde(default)]
    index: usize,
    #[serde(default)]
    errors: Vec<Problem>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    reason: String,
    location: String,
    message: String,
}

impl BigqueryExporter {
    /// An exporter of one type of events to one table. Credentials are looked for with the first batch, and again until they are
    /// found.
    pub fn new(options: BigqueryOptions, event_type: EventType, surroundings: &Surroundings) -> Self {
        let identity = match &options.credentials {
            Some(credentials) => Identity::Written {
                credentials: credentials.clone(),
                scope: SCOPE,
            },
            None => Identity::Machine { scope: SCOPE },
        };
        let service = match surroundings.variable("BIGQUERY_EMULATOR_HOST") {
            Some(host) => GoogleService::emulator(host),
            None => GoogleService::new(SERVICE, identity),
        };
        Self {
            options,
            event_type,
            service,
            identities: Identities::new(),
            is_made: AtomicBool::new(false),
        }
    }

    async fn insert(&self, batch: &[Event]) -> Result<Receipt, ExportError> {
        if self.options.makes_table && !self.is_made.load(Ordering::Relaxed) {
            self.make().await?;
            self.is_made.store(true, Ordering::Relaxed);
        }
        let names = self.identities.of(batch);
        let mut receipt = Receipt::delivered();
        let (mut rows, mut places) = (Vec::new(), Vec::new());
        for (index, (event, name)) in batch.iter().zip(&names).enumerate() {
            match Row::new(self.event_type, event, name) {
                Ok(row) => {
                    rows.push(row);
                    places.push(index);
                }
                Err(error) => {
                    let reason = format!("it is no {} event: {error}", self.event_type.name());
                    receipt.refused.push(Refusal { index, reason });
                }
            }
        }
        if !rows.is_empty() {
            let insertion = Insertion {
                skip_invalid_rows: true,
                rows,
            };
            let path = format!("{}/insertAll", self.table());
            let inserted: Inserted = self.service.post(&path, &insertion).await?;
            settle(&mut receipt, &places, inserted.insert_errors);
        }
        self.identities.settle(batch, &names, &receipt);
        Ok(receipt)
    }

    /// Makes the data set and the table, unless they are there.
    async fn make(&self) -> Result<(), ExportError> {
        let BigqueryOptions {
            project,
            data_set,
            table,
            ..
        } = &self.options;
        let reference = json!({"projectId": project, "datasetId": data_set});
        let path = format!("/bigquery/v2/projects/{project}/datasets");
        self.service
            .make(&path, &json!({"datasetReference": reference}))
            .await?;
        let reference = json!({"projectId": project, "datasetId": data_set, "tableId": table});
        let table = json!({"tableReference": reference, "schema": row::schema(self.event_type)});
        self.service.make(&format!("{}/tables", self.data_set()), &table).await
    }

    fn table(&self) -> String {
        format!("{}/tables/{}", self.data_set(), self.options.table)
    }

    fn data_set(&self) -> String {
        let BigqueryOptions { project, data_set, .. } = &self.options;
        format!("/bigquery/v2/projects/{project}/datasets/{data_set}")
    }
}

impl Exporter for BigqueryExporter {
    fn export<'a>(&'a self, batch: &'a [Event]) -> Export<'a> {
        Box::pin(async move {
            let inserted = self.insert(batch).await;
            if inserted
                .as_ref()
                .is_err_and(|error| error.kind() == ErrorKind::NotFound)
            {
                // somebody may have taken it away
                self.is_made.store(false, Ordering::Relaxed);
            }
            inserted.map_err(|error| error.context("table", self.target()))
        })
    }

    fn contact(&self) -> Contacting<'_> {
        Box::pin(async {
            match self.service.contact(&self.table()).await {
                Err(error) if error.kind() == ErrorKind::NotFound && self.options.makes_table => {
                    Ok(Contact::Answers("will be made".to_owned()))
                }
                contact => contact.map_err(|error| error.context("table", self.target())),
            }
        })
    }

    fn target(&self) -> String {
        let BigqueryOptions {
            project,
            data_set,
            table,
            ..
        } = &self.options;
        format!("{project}.{data_set}.{table}")
    }

    fn limits(&self) -> Limits {
        LIMITS
    }
}

/// Adds what became of rows; `places` are those of their events.
fn settle(receipt: &mut Receipt, places: &[usize], failures: Vec<Failed>) {
    for failed in failures {
        let Some(index) = places.get(failed.index).copied() else {
            continue;
        };
        let is_passing = |problem: &Problem| NOT_THIS_TIME.contains(&&*problem.reason);
        match failed.errors.into_iter().find(|problem| !is_passing(problem)) {
            Some(problem) => {
                let Problem {
                    reason,
                    location,
                    message,
                } = problem;
                let reason = format!("{reason} in column {location:?}: {message}");
                receipt.refused.push(Refusal { index, reason });
            }
            None => receipt.again.push(index),
        }
    }
}

#[cfg(test)]
mod tests;
