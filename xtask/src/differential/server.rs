//! A server that is asked.

use std::collections::HashMap;
use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::{Context, Result, bail};
use flagstaff_testkit::http::{Connection, Request, Response};

use super::question::Question;

/// Where a server is.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    host: String,
    address: SocketAddr,
    /// What stands before each path.
    base: String,
}

/// A server with an open connection.
pub(super) struct Peer {
    server: Server,
    key: Option<String>,
    connection: Option<Connection>,
    /// The last entity tag of each path.
    tags: HashMap<String, String>,
}

impl Server {
    /// Reads a URL.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("http://").ok_or("only http:// is spoken")?;
        let (host, base) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let with_port = if host.contains(':') {
            host.to_owned()
        } else {
            format!("{host}:80")
        };
        let mut addresses = with_port.to_socket_addrs().map_err(|error| error.to_string())?;
        Ok(Self {
            host: host.to_owned(),
            address: addresses.next().ok_or("the name has no address")?,
            base: base.trim_end_matches('/').to_owned(),
        })
    }

    /// Opens a connection to it.
    pub(super) fn connect(self, key: Option<&str>) -> Result<Peer> {
        let mut peer = Peer {
            server: self,
            key: key.map(str::to_owned),
            connection: None,
            tags: HashMap::new(),
        };
        peer.connection = Some(peer.open()?);
        Ok(peer)
    }
}

impl Peer {
    /// Asks a question; one about what changed since the last time is asked with this server's own tag.
    pub(super) fn ask(&mut self, question: &Question) -> Result<Response> {
        let mut request = question.request.clone();
        if question.conditional
            && let Some(tag) = self.tags.get(&request.path)
        {
            request = request.header("If-None-Match", tag);
        }
        let answer = self.send(request)?;
        if let Some(tag) = answer.header("etag") {
            self.tags.insert(question.request.path.clone(), tag);
        }
        Ok(answer)
    }

    /// Sends a request as it is, but for the key and what stands before the path.
    pub(super) fn send(&mut self, mut request: Request) -> Result<Response> {
        request.path = format!("{}{}", self.server.base, request.path);
        request = request.header("Host", &self.server.host);
        if let Some(key) = &self.key {
            request = request.header("X-API-Key", key);
        }
        // a connection that was kept may have been closed meanwhile
        for mut connection in self.connection.take().into_iter().chain([self.open()?]) {
            if let Ok(answer) = connection.send(&request) {
                let closes = answer.header("connection").is_some_and(|value| value == "close");
                self.connection = (!closes).then_some(connection);
                return Ok(answer);
            }
        }
        bail!(
            "{} gives no answer to {} {}",
            self.server.host,
            request.method,
            request.path
        )
    }

    fn open(&self) -> Result<Connection> {
        Connection::open(self.server.address).with_context(|| format!("cannot connect to {}", self.server.host))
    }
}
