//! Claims as keys of a Redis server.
//!
//! ```yaml
//! notifierLock:
//!   kind: redis
//!   redisOptions: {addr: redis.internal:6379, password: s3cr3t}
//!   redisPrefix: "{flags-of-production}:"
//! ```
//!
//! One script looks at all keys and sets those that are granted, so that they must be in one slot of a cluster: the prefix has braces.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flagstaff_backend::{Settings, SettingsError};
use flagstaff_databases::redis::{Connection, RedisServer, is_lost};
use redis::RedisResult;

use super::{Claiming, Lock, MEMORY};

const DEFAULT_PREFIX: &str = "{flagstaff:notifierLock}:";

/// How long ago a key was set is seen in how long it still lives.
const SCRIPT: &str = "\
local granted = {}
for at, key in ipairs(KEYS) do
  local owner = redis.call('GET', key)
  local age = tonumber(ARGV[2]) - redis.call('PTTL', key)
  if owner and owner ~= ARGV[1] and age < tonumber(ARGV[3]) then
    granted[at] = 0
  else
    redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
    granted[at] = 1
  end
end
return granted";

/// Sets keys.
pub(super) struct RedisLock {
    server: RedisServer,
    prefix: String,
    /// The connection of the last claim.
    connection: Mutex<Option<Connection>>,
}

impl RedisLock {
    pub(super) fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let prefix = settings.text("redisPrefix")?;
        Ok(Self {
            server: RedisServer::read(&settings)?,
            prefix: if prefix.is_empty() {
                DEFAULT_PREFIX.to_owned()
            } else {
                prefix
            },
            connection: Mutex::new(None),
        })
    }

    async fn run(&self, subjects: &[String], lookback: Duration, owner: &str) -> RedisResult<Vec<bool>> {
        let mut command = redis::cmd("EVAL");
        command.arg(SCRIPT).arg(subjects.len());
        for subject in subjects {
            command.arg(format!("{}{subject}", self.prefix));
        }
        command.arg(owner).arg(milliseconds(MEMORY)).arg(milliseconds(lookback));
        let kept = self.kept().take().and_then(|connection| connection.reuse(&self.server));
        if let Some(mut connection) = kept {
            match command.query_async(&mut connection.channel).await {
                // it was closed while nobody looked
                Err(error) if is_lost(&error) => {}
                answer => {
                    *self.kept() = Some(connection);
                    return answer;
                }
            }
        }
        let mut connection = Connection::open(&self.server).await?;
        let answer = command.query_async(&mut connection.channel).await;
        *self.kept() = Some(connection);
        answer
    }

    fn kept(&self) -> MutexGuard<'_, Option<Connection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lock for RedisLock {
    fn claim<'a>(&'a self, subjects: &'a [String], lookback: Duration, owner: &'a str) -> Claiming<'a> {
        Box::pin(async move {
            let granted = self.run(subjects, lookback, owner).await;
            // the texts of servers hold no credentials
            granted.map_err(|error| error.to_string().lines().collect::<Vec<_>>().join(" "))
        })
    }

    fn place(&self) -> String {
        self.server.place(&self.prefix)
    }
}

impl fmt::Debug for RedisLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLock")
            .field("server", &self.server)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
