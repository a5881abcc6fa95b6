//! What people write about the keys of a Redis server.

use std::fmt;
use std::time::Duration;

use flagstaff_databases::redis::{RedisServer, duration};

use crate::settings::{Settings, SettingsError};

const DEFAULT_RETRIES: u32 = 3;
const DEFAULT_LEAST_PAUSE: Duration = Duration::from_millis(8);
const DEFAULT_LONGEST_PAUSE: Duration = Duration::from_millis(512);

/// Options of the kind `redis`, those of the connection below `redisOptions`. `Debug` hides the password.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisOptions {
    /// Where the keys are. Mandatory.
    pub server: RedisServer,
    /// `maxRetries`: how often a fetch that loses its connection is tried again; 3 by default, also for 0, and never for -1.
    pub retries: u32,
    /// `minRetryBackoff` and `maxRetryBackoff`: milliseconds between tries; 8, doubled up to 512, by default.
    pub pauses: (Duration, Duration),
    /// `redisPrefix`: how keys begin that hold flags. Every key of the database by default.
    pub prefix: String,
    /// `keyspaceEvents`: listens to what the server tells of these keys; its `notify-keyspace-events` must hold `K` and at least `g$x`.
    pub keyspace_events: bool,
    /// `channel`: where something is published when flags change; nothing by default.
    pub channel: Option<String>,
}

impl RedisOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let server = RedisServer::read(&settings)?;
        let retries = match settings.integer("redisOptions.maxRetries")? {
            0 => DEFAULT_RETRIES,
            written => u32::try_from(written).unwrap_or(0),
        };
        let pause = |property, default| Ok(duration(&settings, property, default)?.unwrap_or(Duration::ZERO));
        Ok(Self {
            server,
            retries,
            pauses: (
                pause("redisOptions.minRetryBackoff", DEFAULT_LEAST_PAUSE)?,
                pause("redisOptions.maxRetryBackoff", DEFAULT_LONGEST_PAUSE)?,
            ),
            prefix: settings.text("redisPrefix")?,
            keyspace_events: settings.flag("keyspaceEvents")?,
            channel: Some(settings.text("channel")?).filter(|channel| !channel.is_empty()),
        })
    }

    /// Where the keys are, without user and password.
    pub(super) fn place(&self) -> String {
        self.server.place(&self.prefix)
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("server", &self.server)
            .field("prefix", &self.prefix)
            .field("retries", &self.retries)
            .field("keyspace_events", &self.keyspace_events)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}
