//! The connection to a server.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo,
    RedisError, RedisResult,
};
use tokio::time::Instant;

use super::{Address, Protocol, RedisServer};

/// A connection and since when it is one.
#[derive(Clone)]
pub struct Connection {
    /// What commands are sent through.
    pub channel: MultiplexedConnection,
    opened: Instant,
    used: Instant,
}

impl Connection {
    /// Connects; with a protocol that the server knows, if none is written.
    pub async fn open(server: &RedisServer) -> RedisResult<Self> {
        let protocol = server.protocol.unwrap_or(Protocol::Three);
        let channel = match connect(server, protocol).await {
            Err(error) if server.protocol.is_none() && !error.is_io_error() && !is_denied(&error) => {
                connect(server, Protocol::Two).await?
            }
            connected => connected?,
        };
        let now = Instant::now();
        Ok(Self {
            channel,
            opened: now,
            used: now,
        })
    }

    /// The connection, if it may be used once more.
    pub fn reuse(mut self, server: &RedisServer) -> Option<Self> {
        let within = |since: Instant, limit: Option<Duration>| limit.is_none_or(|limit| since.elapsed() < limit);
        let usable = within(self.used, server.longest_idle) && within(self.opened, server.longest_life);
        self.used = Instant::now();
        usable.then_some(self)
    }
}

async fn connect(server: &RedisServer, protocol: Protocol) -> RedisResult<MultiplexedConnection> {
    let limit = |limit: Duration| Some(limit).filter(|limit| *limit != Duration::MAX);
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(limit(server.dial_timeout))
        .set_response_timeout(limit(server.read_timeout));
    let client = client(server, protocol)?;
    let mut channel = client.get_multiplexed_async_connection_with_config(&config).await?;
    if !server.client_name.is_empty() {
        let mut command = redis::cmd("CLIENT");
        command.arg("SETNAME").arg(&server.client_name);
        command.exec_async(&mut channel).await?;
    }
    Ok(channel)
}

/// What opens connections to a server.
pub fn client(server: &RedisServer, protocol: Protocol) -> RedisResult<Client> {
    let address = match &server.address {
        Address::Unix(path) => ConnectionAddr::Unix(path.clone()),
        Address::Tcp(host, port) if server.tls => ConnectionAddr::TcpTls {
            host: host.clone(),
            port: *port,
            insecure: false,
            tls_params: None,
        },
        Address::Tcp(host, port) => ConnectionAddr::Tcp(host.clone(), *port),
    };
    let mut redis = RedisConnectionInfo::default()
        .set_db(server.database)
        .set_protocol(match protocol {
            Protocol::Two => ProtocolVersion::RESP2,
            Protocol::Three => ProtocolVersion::RESP3,
        });
    redis = match &server.identity {
        Some(name) => redis.set_lib_name(name, env!("CARGO_PKG_VERSION")),
        None => redis.set_skip_set_lib_name(),
    };
    if !server.username.is_empty() {
        redis = redis.set_username(&server.username);
    }
    if !server.password.is_empty() {
        redis = redis.set_password(&server.password);
    }
    Client::open(address.into_connection_info()?.set_redis_settings(redis))
}

/// Whether another connection may help.
pub fn is_lost(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error()
}

/// Whether the server does not let us in.
pub fn is_denied(error: &RedisError) -> bool {
    error.kind() == redis::ErrorKind::AuthenticationFailed
        || matches!(error.code(), Some("NOAUTH" | "NOPERM" | "WRONGPASS"))
}
