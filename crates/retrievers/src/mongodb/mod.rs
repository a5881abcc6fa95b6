//! The documents of a collection in MongoDB, one flag each.
//!
//! ```yaml
//! retriever:
//!   kind: mongodb
//!   uri: mongodb+srv://relay:s3cr3t@cluster0.example.net/?appName=relay
//!   database: team
//!   collection: flags
//!   changeStream: true            # where the server is a replica set
//! ```
//!
//! A document is a flag with one field more: `{"flag": "my-flag", "variations": ..., "defaultRule": ...}`. One whose `flag` is no text is
//! left out. The driver connects with the first fetch; a server that is down is a failed fetch.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt};
use mongodb::bson::{Document, RawDocumentBuf};
use mongodb::error::{Error, ErrorKind as DriverErrorKind};
use mongodb::options::ClientOptions;
use mongodb::{Client, Collection};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::entries::Entries;
use crate::listening::{self, Teller};
use crate::{Changes, ErrorKind, ErrorStatus, Fetched, Retrieval, RetrieveError, Retriever, Revision};

pub use options::MongodbOptions;

mod flag;
mod options;

/// Error codes of the server: unauthorized, authentication failed, and of an unknown mechanism.
const DENIED: [i32; 3] = [13, 18, 334];

/// Reads a collection.
#[derive(Debug)]
pub struct MongodbRetriever {
    shared: Arc<Shared>,
}

/// What fetching and listening have in common.
#[derive(Debug)]
struct Shared {
    options: MongodbOptions,
    client: OnceCell<Client>,
}

impl MongodbRetriever {
    /// A retriever of one collection.
    pub fn new(options: MongodbOptions) -> Self {
        let client = OnceCell::new();
        Self {
            shared: Arc::new(Shared { options, client }),
        }
    }

    async fn fetch(&self, previous: Option<&Revision>) -> Result<Fetched, RetrieveError> {
        let options = &self.shared.options;
        let limit = options.timeout;
        let read = timeout(limit, self.shared.read()).await.unwrap_or_else(|_| {
            let message = format!("deadline exceeded: no complete answer within {} ms", limit.as_millis());
            Err(RetrieveError::new(ErrorKind::TimedOut, message))
        });
        let entries = read.map_err(|error| error.context("place", options.place()))?;
        Ok(Fetched::new(entries.into_content(None), previous))
    }
}

impl Shared {
    async fn read(&self) -> Result<Entries, RetrieveError> {
        let collection = self.collection().await?;
        // As they came over the wire: one that cannot be decoded is its own problem.
        let mut documents = collection
            .find(Document::new())
            .await
            .map_err(|error| explain(&error))?;
        let mut entries = Entries::default();
        while let Some(document) = documents.try_next().await.map_err(|error| explain(&error))? {
            let flag = Document::try_from(document.as_ref()).ok().and_then(flag::flag);
            match flag {
                Some((key, text)) => entries.insert(key, &text)?,
                None => {
                    tracing::warn!(
                        source = self.options.place(),
                        "a document without the name of a flag is left out"
                    );
                }
            }
        }
        Ok(entries)
    }

    /// Tells of each event of a change stream, until it breaks.
    async fn watch(&self, teller: Teller) -> Result<(), RetrieveError> {
        let failed = |error: Error| explain(&error);
        let mut events = self.collection().await?.watch().await.map_err(failed)?;
        teller.tell();
        while let Some(event) = events.next().await {
            event.map_err(failed)?;
            teller.tell();
        }
        Ok(())
    }

    async fn collection(&self) -> Result<Collection<RawDocumentBuf>, RetrieveError> {
        let connect = || async {
            let mut options = ClientOptions::parse(self.options.connection.clone()).await?;
            options.app_name.get_or_insert_with(|| "flagstaff".to_owned());
            Client::with_options(options)
        };
        let client = self
            .client
            .get_or_try_init(connect)
            .await
            .map_err(|error| explain(&error))?;
        Ok(client
            .database(&self.options.database)
            .collection(&self.options.collection))
    }
}

impl Retriever for MongodbRetriever {
    fn retrieve<'a>(&'a self, previous: Option<&'a Revision>) -> Retrieval<'a> {
        Box::pin(self.fetch(previous))
    }

    fn place(&self) -> String {
        self.shared.options.place()
    }

    fn changes(&self) -> Option<Changes> {
        let shared = &self.shared;
        shared.options.change_stream.then(|| {
            let shared = Arc::clone(shared);
            listening::listen(self.place(), move |teller| {
                let shared = Arc::clone(&shared);
                async move { shared.watch(teller).await }
            })
        })
    }
}

/// The error as a retriever tells it. The driver's texts hold addresses and no credentials.
fn explain(error: &Error) -> RetrieveError {
    let (kind, message) = match &*error.kind {
        DriverErrorKind::Authentication { .. } => (ErrorKind::Denied, "the server does not let us in"),
        DriverErrorKind::Command(answer) if DENIED.contains(&answer.code) => {
            (ErrorKind::Denied, "the server does not let us in")
        }
        DriverErrorKind::Command(_) => (ErrorKind::Refused, "the server refuses"),
        DriverErrorKind::InvalidArgument { .. } | DriverErrorKind::InvalidTlsConfig { .. } => {
            (ErrorKind::Settings, "cannot connect with these settings")
        }
        DriverErrorKind::Io(_)
        | DriverErrorKind::DnsResolve { .. }
        | DriverErrorKind::ServerSelection { .. }
        | DriverErrorKind::ConnectionPoolCleared { .. } => (ErrorKind::Unreachable, "cannot connect"),
        _ => (ErrorKind::Refused, "the collection cannot be read"),
    };
    let status = match kind {
        ErrorKind::Settings => ErrorStatus::Permanent,
        // What a server refuses today it may grant tomorrow.
        _ => ErrorStatus::Temporary,
    };
    let cause = error.to_string().lines().collect::<Vec<_>>().join(" ");
    RetrieveError::new(kind, format!("{message}: {cause}")).status(status)
}

#[cfg(test)]
mod tests;
