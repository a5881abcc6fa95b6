//! A web server that is a bad sink of events.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde::Deserialize;

use crate::listener::Listener;

/// How long a sink waits for somebody who does not send.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a request that hangs looks whether it still has to.
const GLANCE: Duration = Duration::from_millis(5);

/// What a sink has taken. It may be kept by several sinks, one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<BTreeMap<String, u64>>>);

/// A sink on loopback. Nobody listens there any more when it is dropped.
#[derive(Debug)]
pub(super) struct EventSink {
    listener: Listener,
    shared: Arc<Shared>,
}

/// What a sink does with a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Takes it.
    Take,
    /// Says nothing until another treatment is wanted.
    Hang,
    /// Takes it, unless an event of this key is in it.
    Refuse(&'static str),
}

#[derive(Debug)]
struct Shared {
    treatment: Mutex<Treatment>,
    batches: AtomicUsize,
    ledger: Ledger,
    /// Tells requests that hang that the sink is gone.
    stop: AtomicBool,
}

/// A request.
#[derive(Deserialize)]
struct Batch {
    events: Vec<Event>,
}

/// What a sink wants to know of an event.
#[derive(Deserialize)]
struct Event {
    key: String,
}

impl Ledger {
    /// How many events were taken, those that came twice included.
    pub(super) fn events(&self) -> u64 {
        self.keys().values().sum()
    }

    /// How often events of a key were taken.
    pub(super) fn events_of(&self, key: &str) -> u64 {
        self.keys().get(key).copied().unwrap_or_default()
    }

    fn keys(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventSink {
    /// Listens on a port; 0 is a free one.
    pub(super) fn listen(port: u16, treatment: Treatment, ledger: &Ledger) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            treatment: Mutex::new(treatment),
            batches: AtomicUsize::new(0),
            ledger: ledger.clone(),
            stop: AtomicBool::new(false),
        });
        let answering = Arc::clone(&shared);
        let listener = Listener::start(port, move |stream| {
            // a relay that is killed breaks off in the middle
            let _ = answering.answer(stream);
        })?;
        Ok(Self { listener, shared })
    }

    /// Where batches are sent.
    pub(super) fn url(&self) -> String {
        format!("http://{}/events", self.listener.address())
    }

    /// The port that it listens on.
    pub(super) fn port(&self) -> u16 {
        self.listener.address().port()
    }

    /// From now on it treats batches like this.
    pub(super) fn treat(&self, treatment: Treatment) {
        *self.shared.treatment() = treatment;
    }

    /// Batches so far, whether or not they were taken.
    pub(super) fn batches(&self) -> usize {
        self.shared.batches.load(Ordering::Relaxed)
    }
}

impl Drop for EventSink {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    fn treatment(&self) -> MutexGuard<'_, Treatment> {
        self.treatment.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers the one request of a connection.
    fn answer(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut stream = BufReader::new(stream);
        let batch: Batch = serde_json::from_slice(&read_body(&mut stream)?)?;
        self.batches.fetch_add(1, Ordering::Relaxed);
        while *self.treatment() == Treatment::Hang {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            thread::sleep(GLANCE);
        }
        let treatment = *self.treatment();
        let is_refused = match treatment {
            Treatment::Refuse(key) => batch.events.iter().any(|event| event.key == key),
            Treatment::Take | Treatment::Hang => false,
        };
        let status = if is_refused { 400 } else { 200 };
        if !is_refused {
            let mut keys = self.ledger.keys();
            for event in batch.events {
                *keys.entry(event.key).or_default() += 1;
            }
        }
        let answer = format!("HTTP/1.1 {status} -\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        stream.get_mut().write_all(answer.as_bytes())
    }
}

/// The body of a request that says how long it is.
fn read_body(stream: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
            None if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(body)
}
