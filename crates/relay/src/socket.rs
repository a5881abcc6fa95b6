//! Where requests come in: on connections over TCP, a Unix socket, or a socket that was opened for this process by somebody else,
//! or as events of AWS Lambda.

mod unix;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use tokio::net::{TcpListener, TcpSocket, UnixListener, lookup_host};

use crate::RunError;
use crate::config::{Mode, Server};
use crate::lambda::Invocations;
use crate::stream::Stream;
use unix::UnixSocket;

/// How many connections may wait until they are accepted, as far as the system allows it. One that finds no room tries again only
/// after a second, and after a restart thousands of streams come back at once.
const BACKLOG: u32 = 4096;

/// The way into a relay.
pub(crate) enum Entrance {
    /// Connections.
    Sockets {
        api: Socket,
        /// `None` where the API's socket serves the monitoring routes too.
        monitoring: Option<Socket>,
    },
    /// Events of AWS Lambda.
    Invocations(Box<Invocations>),
}

/// A socket that connections come in on.
pub(crate) enum Socket {
    /// `host:port`.
    Tcp(TcpListener),
    /// A path, which is removed in the end.
    Unix(UnixSocket),
    /// A path that belongs to whoever opened the socket.
    InheritedUnix(UnixListener),
}

/// A socket that was opened before the process was started, as systemd does for socket activation.
#[derive(Debug)]
pub enum InheritedSocket {
    /// Listens on an address.
    Tcp(std::net::TcpListener),
    /// Listens on a path.
    Unix(std::os::unix::net::UnixListener),
}

/// The sockets that were opened before the process was started. They are used in place of those that the configuration
/// names.
#[derive(Debug, Default)]
pub struct InheritedSockets {
    /// For the API.
    pub api: Option<InheritedSocket>,
    /// For the monitoring routes; they have no listener of their own when this is missing and the configuration names none.
    pub monitoring: Option<InheritedSocket>,
}

impl Entrance {
    /// Opens what the configuration names, unless it was opened before.
    pub(crate) async fn open(server: &Server, inherited: InheritedSockets) -> Result<Self, RunError> {
        let api = match (inherited.api, &server.mode) {
            (_, Mode::Lambda(function)) => return Ok(Self::Invocations(Box::new(Invocations::new(function)?))),
            (Some(socket), _) => Socket::inherited(socket)?,
            (None, Mode::Http { port }) => Socket::tcp(server.address(*port)).await?,
            (None, Mode::UnixSocket { path }) => Socket::unix(path).await?,
        };
        let monitoring = match (inherited.monitoring, server.monitoring_port) {
            (Some(socket), _) => Some(Socket::inherited(socket)?),
            (None, Some(port)) => Some(Socket::tcp(server.address(port)).await?),
            (None, None) => None,
        };
        Ok(Self::Sockets { api, monitoring })
    }
}

impl Socket {
    async fn tcp(address: String) -> Result<Self, RunError> {
        match listen(&address).await {
            Ok(socket) => Ok(Self::Tcp(socket)),
            Err(cause) => Err(RunError::Listen { address, cause }),
        }
    }

    async fn unix(path: &Path) -> Result<Self, RunError> {
        match UnixSocket::bind(path).await {
            Ok(socket) => Ok(Self::Unix(socket)),
            Err(cause) => Err(RunError::UnixSocket {
                path: path.to_owned(),
                cause,
            }),
        }
    }

    fn inherited(socket: InheritedSocket) -> Result<Self, RunError> {
        let socket = match socket {
            InheritedSocket::Tcp(socket) => socket
                .set_nonblocking(true)
                .and_then(|()| TcpListener::from_std(socket).map(Self::Tcp)),
            InheritedSocket::Unix(socket) => socket
                .set_nonblocking(true)
                .and_then(|()| UnixListener::from_std(socket).map(Self::InheritedUnix)),
        };
        socket.map_err(RunError::InheritedSocket)
    }

    /// The next connection, and the address of its other end where it has one.
    pub(crate) async fn accept(&self) -> io::Result<(Stream, Option<IpAddr>)> {
        let socket = match self {
            Self::Tcp(socket) => {
                let (stream, peer) = socket.accept().await?;
                // an answer is written at once, there is nothing to wait for
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps its delay");
                }
                return Ok((Stream::Tcp(stream), Some(peer.ip())));
            }
            Self::Unix(socket) => socket.listener(),
            Self::InheritedUnix(socket) => socket,
        };
        let (stream, _) = socket.accept().await?;
        Ok((Stream::Unix(stream), None))
    }
}

/// Listens on the first address of a name that can be listened on.
async fn listen(address: &str) -> io::Result<TcpListener> {
    let mut refusal = io::Error::new(io::ErrorKind::InvalidInput, "the name of the host has no address");
    for address in lookup_host(address).await? {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        };
        let listening = socket.and_then(|socket| {
            // connections of a former process may linger
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            socket.listen(BACKLOG)
        });
        match listening {
            Ok(listener) => return Ok(listener),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

impl fmt::Display for Entrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sockets { api, .. } => api.fmt(f),
            Self::Invocations(_) => f.write_str("aws lambda"),
        }
    }
}

impl fmt::Display for Socket {
    /// `127.0.0.1:1031`, `/run/relay.sock as unix socket`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unix = match self {
            Self::Tcp(socket) => {
                return match socket.local_addr() {
                    Ok(address) => address.fmt(f),
                    Err(error) => write!(f, "an unknown address ({error})"),
                };
            }
            Self::Unix(socket) => socket.listener(),
            Self::InheritedUnix(socket) => socket,
        };
        let address = unix.local_addr().ok();
        match address.as_ref().and_then(|address| address.as_pathname()) {
            Some(path) => write!(f, "{} as unix socket", path.display()),
            None => f.write_str("an unnamed unix socket"),
        }
    }
}
