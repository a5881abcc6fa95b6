//! A web server that serves flag files, well or badly.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// A server on a free port of this machine. Ends when it is dropped.
#[derive(Debug)]
pub struct FlagServer {
    address: SocketAddr,
    scheme: &'static str,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    answer: Answer,
    requests: Vec<Request>,
}

/// What every request is answered with.
#[derive(Debug, Clone, Default)]
pub enum Answer {
    /// Closes the connection without a word.
    #[default]
    Drop,
    /// Says nothing and keeps the connection open.
    Silence,
    /// Promises more than it sends.
    Truncated(Vec<u8>),
    /// A status, headers and a body.
    Full(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// A body with a tag; a request that names the tag gets a 304.
    Tagged(&'static str, String),
}

impl Answer {
    /// A body with status 200.
    pub fn ok(body: impl Into<String>) -> Self {
        Self::Full(200, Vec::new(), body.into().into_bytes())
    }

    /// A status without headers and body.
    pub fn status(status: u16) -> Self {
        Self::Full(status, Vec::new(), Vec::new())
    }
}

/// A request as it came in.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Method and target, like `GET /flags.yaml`.
    pub line: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: String,
}

impl Request {
    /// The values of a header, joined by a comma; `None` when it was not sent.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self
            .headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(","))
    }
}

impl FlagServer {
    /// A server that speaks plain HTTP.
    pub async fn start() -> Self {
        Self::listen(None).await
    }

    /// A server that speaks TLS with a certificate of the test authority, and asks for one if `client` is set.
    pub async fn start_tls(client: bool) -> Self {
        let read =
            |name: &str| CertificateDer::from_pem_file(certificate(name)).expect("the test certificate can be read");
        let mut roots = RootCertStore::empty();
        roots
            .add(read("authority.pem"))
            .expect("the test authority is a certificate");
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("the provider knows the default versions");
        let config = if client {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            config.with_client_cert_verifier(verifier.expect("the test authority can be used"))
        } else {
            config.with_no_client_auth()
        };
        let key = PrivateKeyDer::from_pem_file(certificate("server.key")).expect("the test key can be read");
        let config = config
            .with_single_cert(vec![read("server.pem")], key)
            .expect("certificate and key belong together");
        Self::listen(Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn listen(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let state = Arc::new(Mutex::new(State::default()));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (state, tls) = (Arc::clone(&shared), tls.clone());
                // A client that goes away is none of the server's business.
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &state).await,
                        Some(tls) => serve(tls.accept(stream).await?, &state).await,
                    }
                });
            }
        });
        Self {
            address,
            scheme,
            state,
            task,
        }
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Host and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, every request is answered with this.
    pub fn answer(&self, answer: Answer) {
        self.lock().answer = answer;
    }

    /// The requests since the last call.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.lock().requests)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FlagServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Path of a file of the test authority: `authority.pem`, `client.pem`, `client.key`.
pub fn certificate(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "certificates", name].iter().collect()
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, state: &Mutex<State>) -> io::Result<()> {
    let request = receive(&mut stream).await?;
    let tag = request.header("if-none-match");
    let answer = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.requests.push(request);
        state.answer.clone()
    };
    match answer {
        Answer::Drop => {}
        Answer::Silence => std::future::pending().await,
        Answer::Truncated(body) => send(&mut stream, 200, &[], &body, body.len() + 1).await?,
        Answer::Full(status, headers, body) => send(&mut stream, status, &headers, &body, body.len()).await?,
        Answer::Tagged(etag, body) => {
            let headers = [("ETag", etag.to_owned())];
            let (status, body) = if tag.as_deref() == Some(etag) {
                (304, "")
            } else {
                (200, body.as_str())
            };
            send(&mut stream, status, &headers, body.as_bytes(), body.len()).await?;
        }
    }
    stream.shutdown().await
}

async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Request> {
    let mut text = Vec::new();
    let end = loop {
        if let Some(end) = text.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut text).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&text[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let line = lines
        .next()
        .unwrap_or_default()
        .trim_end_matches(" HTTP/1.1")
        .to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    let mut request = Request {
        line,
        headers: headers.collect(),
        body: String::new(),
    };
    let length = request
        .header("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    while text.len() < end + 4 + length {
        if stream.read_buf(&mut text).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    request.body = String::from_utf8_lossy(&text[end + 4..]).into_owned();
    Ok(request)
}

async fn send(
    stream: &mut (impl AsyncWrite + Unpin),
    status: u16,
    headers: &[(&'static str, String)],
    body: &[u8],
    length: usize,
) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {status} Status\r\nConnection: close\r\n");
    if !matches!(status, 204 | 304) {
        head.push_str(&format!("Content-Length: {length}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await
}
