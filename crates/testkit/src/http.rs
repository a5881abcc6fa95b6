//! A client that sends exactly the bytes it is given, and reads one answer after the other from a connection.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Header lines in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, without transfer coding.
    pub body: Vec<u8>,
}

impl Response {
    /// The values of a header, joined by `, `; `None` when it is absent.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self
            .headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| &**value)
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// The body as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is no JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text()))
    }
}

/// A request in plain pieces.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Path and query, sent as they are.
    pub path: String,
    /// Header lines, sent as they are and in this order. `Host` and `Content-Length` are added when they are missing.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// Whether the body is sent in chunks.
    pub chunked: bool,
}

impl Request {
    /// `GET path`.
    pub fn get(path: &str) -> Self {
        Self {
            method: "GET".into(),
            path: path.into(),
            ..Self::default()
        }
    }

    /// `POST path` with a JSON body.
    pub fn post(path: &str, body: &serde_json::Value) -> Self {
        Self {
            method: "POST".into(),
            path: path.into(),
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: body.to_string().into_bytes(),
            chunked: false,
        }
    }

    /// Adds a header line.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// What goes over the wire to a host.
    pub fn to_bytes(&self, host: &str) -> Vec<u8> {
        let given = |name: &str| self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if !given("host") {
            head.push_str(&format!("Host: {host}\r\n"));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let takes_body = !self.body.is_empty() || matches!(&*self.method, "POST" | "PUT" | "PATCH");
        if self.chunked {
            head.push_str("Transfer-Encoding: chunked\r\n");
        } else if takes_body && !given("content-length") {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if self.chunked {
            for chunk in self.body.chunks(4096) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
        } else {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

/// What carries a connection.
pub trait Carrier: Read + Write + Send {}

impl<T: Read + Write + Send> Carrier for T {}

/// A connection that is kept open between requests.
pub struct Connection {
    stream: BufReader<Box<dyn Carrier>>,
    host: String,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        Self::open_with_patience(address, PATIENCE)
    }

    /// Connects, and waits at most this long each time that something is sent or received.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn open_with_patience(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        Ok(Self::over(stream, &address.to_string()))
    }

    /// Connects to a Unix socket.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn open_unix(path: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self::over(stream, "localhost"))
    }

    /// Speaks over what is connected already, and calls the other end by this name.
    pub fn over(carrier: impl Carrier + 'static, host: &str) -> Self {
        Self {
            stream: BufReader::new(Box::new(carrier)),
            host: host.to_owned(),
        }
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// When the connection breaks off or what comes is no HTTP.
    pub fn send(&mut self, request: &Request) -> io::Result<Response> {
        match self.write(&request.to_bytes(&self.host)) {
            // a server may refuse a body before it has read all of it
            Err(error) if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => {}
            done => done?,
        }
        self.receive(&request.method)
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the connection is broken, or nobody takes them for a long time.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Waits for the beginning of an answer; `false` when the connection ends instead.
    ///
    /// # Errors
    /// When the connection is broken, or nothing comes for a long time.
    pub fn is_answered(&mut self) -> io::Result<bool> {
        self.stream.fill_buf().map(|bytes| !bytes.is_empty())
    }

    /// Reads the answer to a request of a method that was sent before.
    ///
    /// # Errors
    /// When the connection breaks off or what comes is no HTTP.
    pub fn receive(&mut self, method: &str) -> io::Result<Response> {
        let head = self.receive_head()?;
        self.receive_body(method, head)
    }

    /// Reads what follows the head of an answer.
    ///
    /// # Errors
    /// When the connection breaks off or what comes is no HTTP.
    pub fn receive_body(&mut self, method: &str, mut response: Response) -> io::Result<Response> {
        let bodiless = method == "HEAD" || matches!(response.status, 100..=199 | 204 | 304);
        if bodiless {
            return Ok(response);
        }
        if response
            .header("transfer-encoding")
            .is_some_and(|coding| coding.contains("chunked"))
        {
            self.read_chunks(&mut response.body)?;
        } else if let Some(length) = response.header("content-length") {
            let length = length.parse().map_err(|_| broken("Content-Length is no number"))?;
            response.body.resize(length, 0);
            self.stream.read_exact(&mut response.body)?;
        } else {
            self.stream.read_to_end(&mut response.body)?;
        }
        Ok(response)
    }

    /// Reads status and headers of an answer whose body has no end; [`Connection::line`] reads on.
    ///
    /// # Errors
    /// When the connection breaks off or what comes is no HTTP.
    pub fn receive_head(&mut self) -> io::Result<Response> {
        let status_line = self.line()?;
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| broken(&format!("no status line: {status_line:?}")))?;
        let mut response = Response {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        };
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else {
                return Ok(response);
            };
            response
                .headers
                .push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>) -> io::Result<()> {
        loop {
            let line = self.line()?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| broken("no size of a chunk"))?;
            let from = body.len();
            body.resize(from + size, 0);
            self.stream.read_exact(&mut body[from..])?;
            self.line()?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    /// Reads a line; without its end.
    ///
    /// # Errors
    /// When the connection ends or breaks, or nothing comes for a long time.
    pub fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
