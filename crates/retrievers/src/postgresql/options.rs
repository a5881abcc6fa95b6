//! What people write about a table.

use std::fmt;
use std::time::Duration;

use flagstaff_databases::postgresql;
use sqlx::postgres::PgConnectOptions;

use crate::Surroundings;
use crate::settings::{Settings, SettingsError};

/// When nothing else is written.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Options of the kind `postgresql`. `Debug` hides the password.
#[derive(Clone)]
pub struct PostgresqlOptions {
    /// `uri`: where the database is, as a URL (`postgresql://user:password@host/database?sslmode=require`) or in keywords (`host=a
    /// dbname=b`), with the parameters of libpq; unknown ones, like those of pools, are left alone. What it does not say
    /// is taken from the variables of PostgreSQL (`PGHOST`, `PGPASSWORD`, ...) and from the password file. Mandatory.
    pub connection: PgConnectOptions,
    /// `table`: its name, or schema and name with a dot between. Mandatory.
    pub table: Vec<String>,
    /// `columns`: where the table calls its columns otherwise.
    pub columns: Columns,
    /// The flag set whose rows are read; `None` reads the rows of all.
    pub flag_set: Option<String>,
    /// `channel`: what triggers of the table `NOTIFY`; nothing is listened to by default.
    pub channel: Option<String>,
    /// `timeout`: milliseconds for the whole exchange; 10,000 by default, also for 0 and below.
    pub timeout: Duration,
}

/// The columns that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// `flag_name`: the key of a flag.
    pub flag_name: String,
    /// `flagset`: the name of the flag set that it belongs to.
    pub flag_set: String,
    /// `config`: the flag as JSON, in a column of the type `json`, `jsonb` or any text.
    pub config: String,
}

impl PostgresqlOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>, surroundings: &Surroundings) -> Result<Self, SettingsError> {
        let connection = postgresql::read(&settings, surroundings)?;
        let column = |property: &'static str, default: &str| {
            let written = settings.text(property)?;
            Ok::<_, SettingsError>(if written.is_empty() {
                default.to_owned()
            } else {
                written
            })
        };
        let timeout = match u64::try_from(settings.integer("timeout")?) {
            Err(_) | Ok(0) => DEFAULT_TIMEOUT,
            Ok(milliseconds) => Duration::from_millis(milliseconds),
        };
        Ok(Self {
            connection,
            table: settings.required("table")?.split('.').map(str::to_owned).collect(),
            columns: Columns {
                flag_name: column("columns.flag_name", "flag_name")?,
                flag_set: column("columns.flagset", "flagset")?,
                config: column("columns.config", "config")?,
            },
            flag_set: surroundings.flag_set().map(str::to_owned),
            channel: Some(settings.text("channel")?).filter(|channel| !channel.is_empty()),
            timeout,
        })
    }

    /// Where the table is, without user and password.
    pub(super) fn place(&self) -> String {
        let table = self.table.join(".");
        postgresql::place(&self.connection, &table)
    }
}

impl fmt::Debug for PostgresqlOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresqlOptions")
            .field("place", &self.place())
            .field("columns", &self.columns)
            .field("flag_set", &self.flag_set)
            .field("channel", &self.channel)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
