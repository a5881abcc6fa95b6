//! Redis: what people write about a server, and connections to it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use flagstaff_backend::{Settings, SettingsError};

pub use connection::{Connection, client, is_denied, is_lost};

mod connection;

const DEFAULT_PORT: u16 = 6379;
const DEFAULT_DIAL_TIMEOUT: Duration = Duration::from_secs(5);
const DEFAULT_READ_TIMEOUT: Duration = Duration::from_secs(3);
const DEFAULT_IDLE_TIME: Duration = Duration::from_secs(30 * 60);

/// What stands below `redisOptions` about connections. `Debug` hides the password.
///
/// One connection is enough, so what GO Feature Flag says about pools (`poolSize`, `poolFIFO`, `poolTimeout`, `minIdleConns`,
/// `maxIdleConns`) is accepted and left alone, as are `contextTimeoutEnabled` and `writeTimeout`.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisServer {
    /// `network` and `addr`: host and port, or with `unix` the path of a socket. Mandatory.
    pub address: Address,
    /// `tlsEnabled`: TLS, with the certificates of the system.
    pub tls: bool,
    /// `clientName`: what the connection is called in `CLIENT LIST`.
    pub client_name: String,
    /// `protocol`: RESP 2 or 3; when it is not written, 3 with servers that know it.
    pub protocol: Option<Protocol>,
    /// `username`: an ACL user.
    pub username: String,
    /// `password`: of the user, or of the server.
    pub password: String,
    /// `db`: the number of the database.
    pub database: i64,
    /// `dialTimeout`: milliseconds to connect; 5,000 by default.
    pub dial_timeout: Duration,
    /// `readTimeout`: milliseconds for each answer; 3,000 by default.
    pub read_timeout: Duration,
    /// `connMaxIdleTime`: milliseconds after which an unused connection is opened anew; 30 minutes by default.
    pub longest_idle: Option<Duration>,
    /// `connMaxLifetime`: milliseconds after which any connection is opened anew; never by default.
    pub longest_life: Option<Duration>,
    /// `disableIndentity` (GO Feature Flag's spelling) and `identitySuffix`: the name by which the library introduces itself; `None`
    /// for not at all.
    pub identity: Option<String>,
}

/// Where the server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// Host and port.
    Tcp(String, u16),
    /// The path of a socket.
    Unix(PathBuf),
}

/// A version of Redis' protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// RESP 2.
    Two,
    /// RESP 3.
    Three,
}

impl RedisServer {
    /// Reads the options of a configuration.
    pub fn read(settings: &Settings<'_>) -> Result<Self, SettingsError> {
        let address = settings.required("redisOptions.addr")?;
        let address = match settings.text("redisOptions.network")?.as_str() {
            "" | "tcp" | "tcp4" | "tcp6" => tcp(&address)
                .ok_or_else(|| settings.invalid("redisOptions.addr", "is not a host and a port like localhost:6379"))?,
            "unix" => Address::Unix(address.into()),
            _ => return Err(settings.invalid("redisOptions.network", "is neither tcp nor unix")),
        };
        let protocol = match settings.integer("redisOptions.protocol")? {
            0 => None,
            2 => Some(Protocol::Two),
            3 => Some(Protocol::Three),
            _ => return Err(settings.invalid("redisOptions.protocol", "is neither 2 nor 3")),
        };
        let never = Duration::MAX;
        let nameless =
            settings.flag("redisOptions.disableIndentity")? || settings.flag("redisOptions.disableIdentity")?;
        let identity = match settings.text("redisOptions.identitySuffix")? {
            _ if nameless => None,
            suffix if suffix.is_empty() => Some("flagstaff".to_owned()),
            suffix => Some(format!("flagstaff-{suffix}")),
        };
        Ok(Self {
            address,
            tls: settings.flag("redisOptions.tlsEnabled")?,
            client_name: settings.text("redisOptions.clientName")?,
            protocol,
            username: settings.text("redisOptions.username")?,
            password: settings.text("redisOptions.password")?,
            database: settings.integer("redisOptions.db")?,
            dial_timeout: duration(settings, "redisOptions.dialTimeout", DEFAULT_DIAL_TIMEOUT)?.unwrap_or(never),
            read_timeout: duration(settings, "redisOptions.readTimeout", DEFAULT_READ_TIMEOUT)?.unwrap_or(never),
            longest_idle: duration(settings, "redisOptions.connMaxIdleTime", DEFAULT_IDLE_TIME)?,
            longest_life: duration(settings, "redisOptions.connMaxLifetime", never)?.filter(|life| *life != never),
            identity,
        })
    }

    /// Where something is, without user and password: keys that begin with a prefix.
    pub fn place(&self, prefix: &str) -> String {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let database = self.database;
        match &self.address {
            Address::Tcp(host, port) if host.contains(':') => {
                format!("{scheme}://[{host}]:{port}/{database} {prefix}*")
            }
            Address::Tcp(host, port) => format!("{scheme}://{host}:{port}/{database} {prefix}*"),
            Address::Unix(path) => format!("redis+unix://{}?db={database} {prefix}*", path.display()),
        }
    }
}

impl fmt::Debug for RedisServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisServer")
            .field("place", &self.place(""))
            .field("client_name", &self.client_name)
            .field("protocol", &self.protocol)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// Milliseconds; 0 is the default and what is below 0 no limit.
pub fn duration(
    settings: &Settings<'_>,
    property: &'static str,
    default: Duration,
) -> Result<Option<Duration>, SettingsError> {
    Ok(match settings.integer(property)? {
        0 => Some(default),
        written => u64::try_from(written).ok().map(Duration::from_millis),
    })
}

/// `host:port`, `[address]:port`, or a host alone.
fn tcp(address: &str) -> Option<Address> {
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().ok()?),
        _ => (address, DEFAULT_PORT),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let host = if host.is_empty() { "localhost" } else { host };
    Some(Address::Tcp(host.to_owned(), port))
}
