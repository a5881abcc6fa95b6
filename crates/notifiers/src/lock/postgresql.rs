//! Claims as rows of a PostgreSQL table.
//!
//! ```yaml
//! notifierLock:
//!   kind: postgresql
//!   uri: postgresql://relay@db.internal/flags
//!   table: flagstaff_notifier_claims
//! ```
//!
//! The table is made when it is missing. Rows that nobody asks for any more are deleted with each claim.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flagstaff_backend::{Settings, SettingsError, Surroundings};
use flagstaff_databases::postgresql::{self, OneLine, identifier};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Error};

use super::{Claiming, Lock, MEMORY};

const DEFAULT_TABLE: &str = "flagstaff_notifier_claims";

/// Inserts rows.
pub(super) struct PostgresqlLock {
    options: PgConnectOptions,
    /// As it is written.
    table: String,
    /// The connection of the last claim.
    connection: Mutex<Option<PgConnection>>,
}

impl PostgresqlLock {
    pub(super) fn read(settings: Settings<'_>, surroundings: &Surroundings) -> Result<Self, SettingsError> {
        let table = settings.text("table")?;
        Ok(Self {
            options: postgresql::read(&settings, surroundings)?,
            table: if table.is_empty() {
                DEFAULT_TABLE.to_owned()
            } else {
                table
            },
            connection: Mutex::new(None),
        })
    }

    async fn run(&self, subjects: &[String], lookback: Duration, owner: &str) -> Result<Vec<bool>, Error> {
        let kept = self.kept().take();
        if let Some(mut connection) = kept
            && let Ok(granted) = self.insert(&mut connection, subjects, lookback, owner).await
        {
            *self.kept() = Some(connection);
            return Ok(granted);
        }
        // none was kept, or it was closed while nobody looked
        let mut connection = self.options.connect().await?;
        let granted = match self.insert(&mut connection, subjects, lookback, owner).await {
            Err(error) if is_missing(&error) => {
                self.create(&mut connection).await?;
                self.insert(&mut connection, subjects, lookback, owner).await?
            }
            granted => granted?,
        };
        *self.kept() = Some(connection);
        Ok(granted)
    }

    async fn insert(
        &self,
        connection: &mut PgConnection,
        subjects: &[String],
        lookback: Duration,
        owner: &str,
    ) -> Result<Vec<bool>, Error> {
        let table = self.identifiers();
        // rows are locked in the order of their subjects, so that two replicas never wait for each other
        let insert = format!(
            "INSERT INTO {table} AS held (subject, owner, claimed_at) \
             SELECT subject, $2, now() FROM unnest($1) AS wanted (subject) ORDER BY subject \
             ON CONFLICT (subject) DO UPDATE SET owner = excluded.owner, claimed_at = excluded.claimed_at \
             WHERE held.owner = excluded.owner OR held.claimed_at <= now() - make_interval(secs => $3) \
             RETURNING subject"
        );
        let granted: Vec<String> = sqlx::query_scalar(AssertSqlSafe(insert))
            .bind(subjects)
            .bind(owner)
            .bind(lookback.as_secs_f64())
            .fetch_all(&mut *connection)
            .await?;
        let delete = format!("DELETE FROM {table} WHERE claimed_at < now() - make_interval(secs => $1)");
        sqlx::query(AssertSqlSafe(delete))
            .bind(MEMORY.as_secs_f64())
            .execute(connection)
            .await?;
        Ok(subjects.iter().map(|subject| granted.contains(subject)).collect())
    }

    async fn create(&self, connection: &mut PgConnection) -> Result<(), Error> {
        let table = self.identifiers();
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {table} \
             (subject text PRIMARY KEY, owner text NOT NULL, claimed_at timestamp with time zone NOT NULL)"
        );
        match sqlx::query(AssertSqlSafe(create)).execute(connection).await {
            // another replica makes it at the same moment
            Err(Error::Database(error)) if error.code().as_deref() == Some("23505") => Ok(()),
            made => made.map(drop),
        }
    }

    /// The table's name, or schema and name, in quotes.
    fn identifiers(&self) -> String {
        let names = self.table.split('.').map(identifier);
        names.collect::<Vec<_>>().join(".")
    }

    fn kept(&self) -> MutexGuard<'_, Option<PgConnection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lock for PostgresqlLock {
    fn claim<'a>(&'a self, subjects: &'a [String], lookback: Duration, owner: &'a str) -> Claiming<'a> {
        Box::pin(async move {
            let granted = self.run(subjects, lookback, owner).await;
            granted.map_err(|error| OneLine::of(&error).to_string())
        })
    }

    fn place(&self) -> String {
        postgresql::place(&self.options, &self.table)
    }
}

impl fmt::Debug for PostgresqlLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresqlLock").field(&self.place()).finish()
    }
}

/// Whether the table does not exist.
fn is_missing(error: &Error) -> bool {
    matches!(error, Error::Database(error) if error.code().as_deref() == Some("42P01"))
}
