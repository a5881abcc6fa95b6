//! What people write about a table.

use std::fmt;

use flagstaff_backend::{Settings, SettingsError};
use serde::de::IgnoredAny;

/// When nothing else is written.
const DEFAULT_TABLE: &str = "feature_flag_evaluations";

/// Options of the kind `bigquery`. `Debug` hides what is secret.
#[derive(Clone, PartialEq, Eq)]
pub struct BigqueryOptions {
    /// `projectID`
    pub project: String,
    /// `datasetID`
    pub data_set: String,
    /// `tableName`: `feature_flag_evaluations` by default.
    pub table: String,
    /// `googleCredentials`: JSON as Google gives it out; the account of this machine by default.
    pub credentials: Option<String>,
    /// `autoMigrate`: whether the data set and the table are made if they are missing.
    pub makes_table: bool,
}

impl BigqueryOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let name = |property: &'static str, others: &[u8]| {
            let name = settings.text(property)?;
            let is_known = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
            if name.bytes().all(is_known) {
                Ok(name)
            } else {
                Err(settings.invalid(property, "holds characters that are in no such name"))
            }
        };
        let table = name("tableName", b"-_$")?;
        let credentials = settings.text("googleCredentials")?;
        if !credentials.is_empty() && serde_json::from_str::<IgnoredAny>(&credentials).is_err() {
            return Err(settings.invalid("googleCredentials", "is not JSON"));
        }
        Ok(Self {
            project: name("projectID", b"-.:_")?,
            data_set: name("datasetID", b"_")?,
            table: if table.is_empty() {
                DEFAULT_TABLE.to_owned()
            } else {
                table
            },
            credentials: (!credentials.is_empty()).then_some(credentials),
            makes_table: settings.flag("autoMigrate")?,
        })
    }
}

impl fmt::Debug for BigqueryOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BigqueryOptions")
            .field("project", &self.project)
            .field("data_set", &self.data_set)
            .field("table", &self.table)
            .field("makes_table", &self.makes_table)
            .finish_non_exhaustive()
    }
}
