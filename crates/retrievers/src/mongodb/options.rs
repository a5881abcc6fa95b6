//! What people write about a collection.

use std::fmt;
use std::time::Duration;

use mongodb::options::{ConnectionString, HostInfo};

use crate::settings::{Settings, SettingsError};

/// When nothing else is written.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Options of the kind `mongodb`. `Debug` hides user and password.
#[derive(Clone)]
pub struct MongodbOptions {
    /// `uri`: `mongodb://` or `mongodb+srv://`, with every option of MongoDB's drivers. Mandatory.
    pub connection: ConnectionString,
    /// `database`: its name. Mandatory.
    pub database: String,
    /// `collection`: its name. Mandatory.
    pub collection: String,
    /// `changeStream`: notices changes at once, where the server is a replica set. Off by default.
    pub change_stream: bool,
    /// `timeout`: milliseconds for the whole exchange; 10,000 by default, also for 0 and below.
    pub timeout: Duration,
}

impl MongodbOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        // The driver's own message may show the password.
        let connection = ConnectionString::parse(settings.required("uri")?).map_err(|_| {
            let problem = "is not the URI of a MongoDB server like mongodb://user:password@host:27017/?tls=true; \
                           write special characters of user and password as %XX";
            settings.invalid("uri", problem)
        })?;
        let timeout = match u64::try_from(settings.integer("timeout")?) {
            Err(_) | Ok(0) => DEFAULT_TIMEOUT,
            Ok(milliseconds) => Duration::from_millis(milliseconds),
        };
        Ok(Self {
            connection,
            database: settings.required("database")?,
            collection: settings.required("collection")?,
            change_stream: settings.flag("changeStream")?,
            timeout,
        })
    }

    /// Where the documents are, without user and password.
    pub(super) fn place(&self) -> String {
        let hosts = match &self.connection.host_info {
            HostInfo::HostIdentifiers(servers) => {
                let servers: Vec<_> = servers.iter().map(ToString::to_string).collect();
                servers.join(",")
            }
            HostInfo::DnsRecord(name) => name.clone(),
            _ => String::new(),
        };
        let (database, collection) = (&self.database, &self.collection);
        format!("mongodb://{hosts} {database}.{collection}")
    }
}

impl fmt::Debug for MongodbOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongodbOptions")
            .field("place", &self.place())
            .field("change_stream", &self.change_stream)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
