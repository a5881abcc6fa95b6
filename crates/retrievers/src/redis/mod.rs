//! The keys of a Redis database, one flag each.
//!
//! ```yaml
//! retriever:
//!   kind: redis
//!   redisPrefix: "goff:"          # goff:my-flag holds the flag my-flag, as JSON
//!   redisOptions:
//!     addr: redis.internal:6379
//!     username: relay
//!     password: s3cr3t
//!     db: 1
//!     tlsEnabled: true
//!   keyspaceEvents: true          # where the server has notify-keyspace-events Kg$x
//!   channel: flags-changed        # or where flags are announced by PUBLISH
//! ```
//!
//! Keys are found with `SCAN` and read in batches with `MGET`, over one connection that is kept. Whatever is below the prefix and holds no
//! text is left out. No keys are no flags.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flagstaff_databases::redis::{Connection, Protocol, client, is_lost};
use futures_util::StreamExt;
use redis::RedisResult;
use tokio::time::sleep;

use crate::entries::Entries;
use crate::listening::{self, Teller};
use crate::{Changes, Fetched, Retrieval, RetrieveError, Retriever, Revision};
use failure::explain;

pub use options::RedisOptions;

mod failure;
mod options;

/// How many keys the server looks at for one step of a scan, so that nobody else waits for it.
const SCANNED: usize = 1000;

/// How many values are asked for at once.
const BATCH: usize = 256;

/// Reads keys.
pub struct RedisRetriever {
    options: Arc<RedisOptions>,
    /// The connection of the last fetch.
    connection: Mutex<Option<Connection>>,
}

impl RedisRetriever {
    /// A retriever of the keys with a prefix. It connects with the first fetch.
    pub fn new(options: RedisOptions) -> Self {
        Self {
            options: Arc::new(options),
            connection: Mutex::new(None),
        }
    }

    async fn fetch(&self, previous: Option<&Revision>) -> Result<Fetched, RetrieveError> {
        let (mut pause, longest) = self.options.pauses;
        let mut tries = 0;
        let texts = loop {
            match self.texts().await {
                Ok(texts) => break texts,
                Err(error) if is_lost(&error) && tries < self.options.retries => {
                    tracing::debug!(source = self.options.place(), %error, "lost the connection: trying again");
                    sleep(pause).await;
                    pause = (pause * 2).min(longest);
                    tries += 1;
                }
                Err(error) => return Err(explain(&error, &self.options.place())),
            }
        };
        let mut entries = Entries::default();
        for (key, text) in texts {
            entries
                .insert(key, &text)
                .map_err(|error| error.context("place", self.options.place()))?;
        }
        Ok(Fetched::new(entries.into_content(None), previous))
    }

    /// The flags by their names.
    async fn texts(&self) -> RedisResult<Vec<(String, String)>> {
        let kept = self
            .kept()
            .take()
            .and_then(|connection| connection.reuse(&self.options.server));
        let mut connection = match kept {
            Some(connection) => connection,
            None => Connection::open(&self.options.server).await?,
        };
        let keys = self.keys(&mut connection).await?;
        let mut texts = Vec::with_capacity(keys.len());
        for batch in keys.iter().collect::<Vec<_>>().chunks(BATCH) {
            let mut command = redis::cmd("MGET");
            batch.iter().for_each(|key| {
                command.arg(key);
            });
            let values: Vec<Option<Vec<u8>>> = command.query_async(&mut connection.channel).await?;
            for (key, value) in batch.iter().zip(values) {
                let name = key.strip_prefix(self.options.prefix.as_bytes()).unwrap_or(key);
                let name = String::from_utf8_lossy(name).into_owned();
                match value {
                    Some(value) => texts.push((name, String::from_utf8_lossy(&value).into_owned())),
                    // Another type, or it has gone since.
                    None => tracing::warn!(
                        source = self.options.place(),
                        key = name,
                        "a key without text is left out"
                    ),
                }
            }
        }
        *self.kept() = Some(connection);
        Ok(texts)
    }

    /// The keys with the prefix, each once and in order.
    async fn keys(&self, connection: &mut Connection) -> RedisResult<BTreeSet<Vec<u8>>> {
        let pattern = format!("{}*", escaped(&self.options.prefix));
        let mut keys = BTreeSet::new();
        let mut cursor = 0_u64;
        loop {
            let mut command = redis::cmd("SCAN");
            command.arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(SCANNED);
            let (next, found): (u64, Vec<Vec<u8>>) = command.query_async(&mut connection.channel).await?;
            keys.extend(found);
            cursor = next;
            if cursor == 0 {
                return Ok(keys);
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Option<Connection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Retriever for RedisRetriever {
    fn retrieve<'a>(&'a self, previous: Option<&'a Revision>) -> Retrieval<'a> {
        Box::pin(self.fetch(previous))
    }

    fn place(&self) -> String {
        self.options.place()
    }

    fn changes(&self) -> Option<Changes> {
        if !self.options.keyspace_events && self.options.channel.is_none() {
            return None;
        }
        let options = Arc::clone(&self.options);
        Some(listening::listen(self.options.place(), move |teller| {
            let options = Arc::clone(&options);
            async move {
                let told = published(&options, teller).await;
                told.map_err(|error| explain(&error, &options.place()))
            }
        }))
    }
}

impl fmt::Debug for RedisRetriever {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRetriever")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Tells of each message on the channels, until the connection breaks.
async fn published(options: &RedisOptions, teller: Teller) -> RedisResult<()> {
    let mut subscriber = client(&options.server, Protocol::Two)?.get_async_pubsub().await?;
    if let Some(channel) = &options.channel {
        subscriber.subscribe(channel).await?;
    }
    if options.keyspace_events {
        let pattern = format!("__keyspace@{}__:{}*", options.server.database, escaped(&options.prefix));
        subscriber.psubscribe(pattern).await?;
    }
    teller.tell();
    let mut messages = subscriber.into_on_message();
    while messages.next().await.is_some() {
        teller.tell();
    }
    Ok(())
}

/// A text that stands for itself in a pattern.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests;
