//! The rows of a table in a PostgreSQL database, one flag each.
//!
//! ```yaml
//! retriever:
//!   kind: postgresql
//!   uri: postgresql://relay@db.internal/flags?sslmode=verify-full   # the password from PGPASSWORD or ~/.pgpass
//!   table: public.go_feature_flag
//!   columns: {flag_name: name, flagset: team, config: body}          # where they are not called so
//!   channel: flags_changed                                           # what a trigger notifies
//! ```
//!
//! A flag set with a name reads the rows that carry it in the column `flagset`; all other sets read every row. The server sums
//! up the rows first, and they are sent only when they are not the same as last time. One connection is opened with the first
//! fetch and kept for the next ones; a server that is down is a failed fetch, not a failed start.
//!
//! With `channel`, a second connection listens, so that a change is seen at once:
//!
//! ```sql
//! CREATE FUNCTION tell_flags_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NOTIFY flags_changed; RETURN NULL; END $$;
//! CREATE TRIGGER flags_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON go_feature_flag
//!   FOR EACH STATEMENT EXECUTE FUNCTION tell_flags_changed();
//! ```

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnection, PgListener, PgPoolOptions};
use sqlx::query::{QueryAs, QueryScalar};
use sqlx::{AssertSqlSafe, ConnectOptions};
use tokio::time::timeout;

use crate::entries::Entries;
use crate::listening::{self, Teller};
use crate::{Changes, ErrorKind, Fetched, Retrieval, RetrieveError, Retriever, Revision};
use failure::Failure;

pub use options::{Columns, PostgresqlOptions};

mod failure;
mod options;
mod query;

/// Reads a table.
#[derive(Debug)]
pub struct PostgresqlRetriever {
    options: PostgresqlOptions,
    /// The connection of the last fetch, while none is under way.
    connection: Mutex<Option<PgConnection>>,
}

impl PostgresqlRetriever {
    /// A retriever of one table. It connects with the first fetch.
    pub fn new(options: PostgresqlOptions) -> Self {
        Self {
            options,
            connection: Mutex::new(None),
        }
    }

    async fn fetch(&self, previous: Option<&Revision>) -> Result<Fetched, RetrieveError> {
        let limit = self.options.timeout;
        let fetched = timeout(limit, self.exchange(previous)).await.unwrap_or_else(|_| {
            let message = format!("deadline exceeded: no complete answer within {} ms", limit.as_millis());
            Err(Failure::Retrieval(RetrieveError::new(ErrorKind::TimedOut, message)))
        });
        fetched.map_err(|failure| failure.explain(&self.options.place()))
    }

    /// Reads over the connection that was kept, or else over a new one, and keeps it when that works.
    async fn exchange(&self, previous: Option<&Revision>) -> Result<Fetched, Failure> {
        let kept = self.kept().take();
        if let Some(mut connection) = kept {
            match self.read(&mut connection, previous).await {
                // It was closed while nobody looked: a server that restarted, a firewall that forgets.
                Err(failure) if failure.is_disconnection() => {}
                read => {
                    *self.kept() = read.is_ok().then_some(connection);
                    return read;
                }
            }
        }
        let mut connection = self.options.connection.connect().await?;
        let fetched = self.read(&mut connection, previous).await?;
        *self.kept() = Some(connection);
        Ok(fetched)
    }

    async fn read(&self, connection: &mut PgConnection, previous: Option<&Revision>) -> Result<Fetched, Failure> {
        // Before the rows: should they change in between, the next summary is another one and they are read again.
        let summary = self.summary(connection).await?;
        match previous {
            Some(previous) if summary.is_some() && previous.token() == summary.as_deref() => {
                return Ok(Fetched::Unchanged(previous.clone()));
            }
            _ => {}
        }
        let mut entries = Entries::default();
        let query = sqlx::query_as(AssertSqlSafe(query::rows(&self.options)));
        let query = self.options.flag_set.iter().fold(query, QueryAs::bind);
        let mut rows = query.fetch(connection);
        while let Some(row) = rows.try_next().await? {
            let (key, text): (Option<String>, Option<String>) = row;
            match key {
                Some(key) => entries.insert(key, text.as_deref().unwrap_or("null"))?,
                None => tracing::warn!(
                    source = self.options.place(),
                    "a row without the name of a flag is left out"
                ),
            }
        }
        Ok(Fetched::new(entries.into_content(summary), previous))
    }

    /// What the rows come to, as the server sums it up; `None` where it cannot.
    async fn summary(&self, connection: &mut PgConnection) -> Result<Option<Arc<str>>, Failure> {
        let query = sqlx::query_scalar(AssertSqlSafe(query::summary(&self.options)));
        let query = self.options.flag_set.iter().fold(query, QueryScalar::bind);
        match query.fetch_one(connection).await {
            Ok(summary) => Ok(Some(String::into(summary))),
            // A server that may not compute MD5, or that only speaks like PostgreSQL. Whatever else it is, the rows will tell.
            Err(sqlx::Error::Database(error)) => {
                tracing::debug!(%error, "the server does not sum up the rows: they are read each time");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Option<PgConnection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Retriever for PostgresqlRetriever {
    fn retrieve<'a>(&'a self, previous: Option<&'a Revision>) -> Retrieval<'a> {
        Box::pin(self.fetch(previous))
    }

    fn place(&self) -> String {
        self.options.place()
    }

    fn changes(&self) -> Option<Changes> {
        let channel = self.options.channel.clone()?;
        let (options, place) = (self.options.clone(), self.options.place());
        Some(listening::listen(place, move |teller| {
            notified(options.clone(), channel.clone(), teller)
        }))
    }
}

/// Tells of each notification on the channel, until the connection breaks.
async fn notified(options: PostgresqlOptions, channel: String, teller: Teller) -> Result<(), RetrieveError> {
    let listen = async {
        let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(options.timeout);
        let pool = pool.connect_lazy_with(options.connection.clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.eager_reconnect(false);
        listener.listen(&channel).await?;
        teller.tell();
        while listener.try_recv().await?.is_some() {
            teller.tell();
        }
        Ok::<_, Failure>(())
    };
    listen.await.map_err(|failure| failure.explain(&options.place()))
}

#[cfg(test)]
mod tests;
