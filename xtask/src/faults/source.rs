//! A web server that is a bad source of flags.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::listener::Listener;

/// How long a source waits for somebody who does not listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// A source on loopback. Nobody listens there any more when it is dropped.
#[derive(Debug)]
pub(super) struct FlagSource {
    listener: Listener,
    shared: Arc<Shared>,
}

/// What a source does with a request.
#[derive(Debug, Clone)]
pub(super) enum Behaviour {
    /// Answers with a document.
    Serve(String),
    /// Closes the connection without a word.
    HangUp,
    /// Answers with a status and no document.
    Fail(u16),
    /// Answers with a document, one byte in a quarter of a second.
    Trickle(String),
    /// Sends back to itself.
    RedirectToItself,
    /// Answers with a document of this many bytes, and says so before.
    Announce(u64),
    /// Answers with a document that does not end.
    Flood,
}

#[derive(Debug)]
struct Shared {
    behaviour: Mutex<Behaviour>,
    requests: AtomicUsize,
    sent: AtomicUsize,
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serve(_) => f.write_str("serving"),
            Self::HangUp => f.write_str("hanging up"),
            Self::Fail(status) => write!(f, "status {status}"),
            Self::Trickle(_) => f.write_str("trickling"),
            Self::RedirectToItself => f.write_str("redirecting"),
            Self::Announce(length) => write!(f, "a document of {length} bytes"),
            Self::Flood => f.write_str("a document without end"),
        }
    }
}

impl FlagSource {
    /// Listens on a port; 0 is a free one.
    pub(super) fn listen(port: u16, behaviour: Behaviour) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            behaviour: Mutex::new(behaviour),
            requests: AtomicUsize::new(0),
            sent: AtomicUsize::new(0),
        });
        let answering = Arc::clone(&shared);
        let listener = Listener::start(port, move |stream| {
            // whoever goes away in the middle of an answer is meant to
            let _ = answering.answer(stream);
        })?;
        Ok(Self { listener, shared })
    }

    /// Where the document is.
    pub(super) fn url(&self) -> String {
        format!("http://{}/flags.yaml", self.listener.address())
    }

    /// The port that it listens on.
    pub(super) fn port(&self) -> u16 {
        self.listener.address().port()
    }

    /// From now on it behaves like this.
    pub(super) fn behave(&self, behaviour: Behaviour) {
        *self.shared.behaviour.lock().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }

    /// Requests so far.
    pub(super) fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// Bytes of documents so far.
    pub(super) fn sent(&self) -> usize {
        self.shared.sent.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        read_head(&mut stream)?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let behaviour = self.behaviour.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let head = |status: u16, header: &str| format!("HTTP/1.1 {status} -\r\nConnection: close\r\n{header}\r\n\r\n");
        match behaviour {
            Behaviour::Serve(document) => {
                let length = format!("Content-Length: {}", document.len());
                self.send(&mut stream, &(head(200, &length) + &document))
            }
            Behaviour::HangUp => Ok(()),
            Behaviour::Fail(status) => self.send(&mut stream, &head(status, "Content-Length: 0")),
            Behaviour::Trickle(document) => {
                let length = format!("Content-Length: {}", document.len());
                self.send(&mut stream, &head(200, &length))?;
                for byte in document.chars() {
                    self.send(&mut stream, byte.encode_utf8(&mut [0; 4]))?;
                    thread::sleep(Duration::from_millis(250));
                }
                Ok(())
            }
            Behaviour::RedirectToItself => {
                self.send(&mut stream, &head(302, "Location: /flags.yaml\r\nContent-Length: 0"))
            }
            Behaviour::Announce(length) => {
                self.send(&mut stream, &head(200, &format!("Content-Length: {length}")))?;
                let block = comment();
                for _ in 0..length / block.len() as u64 {
                    self.send(&mut stream, &block)?;
                }
                Ok(())
            }
            Behaviour::Flood => {
                self.send(&mut stream, &head(200, "Transfer-Encoding: chunked"))?;
                let block = comment();
                let chunk = format!("{:x}\r\n{block}\r\n", block.len());
                loop {
                    self.send(&mut stream, &chunk)?;
                }
            }
        }
    }

    fn send(&self, stream: &mut TcpStream, text: &str) -> io::Result<()> {
        stream.write_all(text.as_bytes())?;
        self.sent.fetch_add(text.len(), Ordering::Relaxed);
        Ok(())
    }
}

/// 64 KiB that mean nothing in YAML.
fn comment() -> String {
    "# nothing but a comment, line after line, as long as it is read\n".repeat(1024)
}

fn read_head(stream: &mut TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    let mut block = [0; 1024];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut block)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => head.extend_from_slice(&block[..count]),
        }
    }
    Ok(())
}
