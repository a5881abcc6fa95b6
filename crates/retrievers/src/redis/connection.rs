//! The connection to a server, and what it says when it fails.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo,
    RedisError, RedisResult,
};
use tokio::time::Instant;

use super::options::{Address, Protocol, RedisOptions};
use crate::{ErrorKind, ErrorStatus, RetrieveError};

/// A connection and since when it is one.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) channel: MultiplexedConnection,
    opened: Instant,
    used: Instant,
}

impl Connection {
    /// Connects; with a protocol that the server knows, if none is written.
    pub(super) async fn open(options: &RedisOptions) -> RedisResult<Self> {
        let protocol = options.protocol.unwrap_or(Protocol::Three);
        let channel = match connect(options, protocol).await {
            Err(error) if options.protocol.is_none() && !error.is_io_error() && !is_denied(&error) => {
                connect(options, Protocol::Two).await?
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
    pub(super) fn reuse(mut self, options: &RedisOptions) -> Option<Self> {
        let within = |since: Instant, limit: Option<Duration>| limit.is_none_or(|limit| since.elapsed() < limit);
        let usable = within(self.used, options.longest_idle) && within(self.opened, options.longest_life);
        self.used = Instant::now();
        usable.then_some(self)
    }
}

async fn connect(options: &RedisOptions, protocol: Protocol) -> RedisResult<MultiplexedConnection> {
    let limit = |limit: Duration| Some(limit).filter(|limit| *limit != Duration::MAX);
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(limit(options.dial_timeout))
        .set_response_timeout(limit(options.read_timeout));
    let client = client(options, protocol)?;
    let mut channel = client.get_multiplexed_async_connection_with_config(&config).await?;
    if !options.client_name.is_empty() {
        let mut command = redis::cmd("CLIENT");
        command.arg("SETNAME").arg(&options.client_name);
        command.exec_async(&mut channel).await?;
    }
    Ok(channel)
}

/// What opens connections with these options.
pub(super) fn client(options: &RedisOptions, protocol: Protocol) -> RedisResult<Client> {
    let address = match &options.address {
        Address::Unix(path) => ConnectionAddr::Unix(path.clone()),
        Address::Tcp(host, port) if options.tls => ConnectionAddr::TcpTls {
            host: host.clone(),
            port: *port,
            insecure: false,
            tls_params: None,
        },
        Address::Tcp(host, port) => ConnectionAddr::Tcp(host.clone(), *port),
    };
    let mut redis = RedisConnectionInfo::default()
        .set_db(options.database)
        .set_protocol(match protocol {
            Protocol::Two => ProtocolVersion::RESP2,
            Protocol::Three => ProtocolVersion::RESP3,
        });
    redis = match &options.identity {
        Some(name) => redis.set_lib_name(name, env!("CARGO_PKG_VERSION")),
        None => redis.set_skip_set_lib_name(),
    };
    if !options.username.is_empty() {
        redis = redis.set_username(&options.username);
    }
    if !options.password.is_empty() {
        redis = redis.set_password(&options.password);
    }
    Client::open(address.into_connection_info()?.set_redis_settings(redis))
}

/// Whether another connection may help.
pub(super) fn is_lost(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error()
}

/// The error as a retriever tells it. The texts of servers hold no credentials.
pub(super) fn explain(error: &RedisError, place: &str) -> RetrieveError {
    let (kind, message) = match error.kind() {
        _ if error.is_timeout() => (ErrorKind::TimedOut, "deadline exceeded"),
        _ if is_denied(error) => (ErrorKind::Denied, "the server does not let us in"),
        redis::ErrorKind::Io => (ErrorKind::Unreachable, "cannot connect"),
        redis::ErrorKind::InvalidClientConfig => (ErrorKind::Settings, "cannot connect with these settings"),
        _ => (ErrorKind::Refused, "the server refuses"),
    };
    let status = match kind {
        ErrorKind::Settings => ErrorStatus::Permanent,
        // What a server refuses today it may grant tomorrow.
        _ => ErrorStatus::Temporary,
    };
    let cause = error.to_string().lines().collect::<Vec<_>>().join(" ");
    RetrieveError::new(kind, format!("{message}: {cause}"))
        .status(status)
        .context("place", place)
}

fn is_denied(error: &RedisError) -> bool {
    error.kind() == redis::ErrorKind::AuthenticationFailed
        || matches!(error.code(), Some("NOAUTH" | "NOPERM" | "WRONGPASS"))
}
