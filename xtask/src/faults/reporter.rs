//! A client that reports events, each like no other, and remembers which were acknowledged.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use flagstaff_testkit::http::{Connection, Request};
use serde_json::{Value, json};

/// Events of one request.
const BATCH: usize = 20;

/// What it does after a failure, before it tries again.
const PAUSE: Duration = Duration::from_millis(5);

/// A client at work. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Reporter {
    shared: Arc<Shared>,
    client: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    /// What the keys of its events begin with.
    name: String,
    acknowledged: Mutex<Vec<String>>,
    refused: AtomicUsize,
    stop: AtomicBool,
}

impl Reporter {
    /// Starts a client whose events have keys that begin with its name.
    pub(super) fn start(address: SocketAddr, name: &str) -> Self {
        let shared = Arc::new(Shared {
            address,
            name: name.to_owned(),
            acknowledged: Mutex::default(),
            refused: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let reporting = Arc::clone(&shared);
        Self {
            client: Some(thread::spawn(move || reporting.report())),
            shared,
        }
    }

    /// How many events were acknowledged so far.
    pub(super) fn acknowledged(&self) -> usize {
        self.shared.acknowledged().len()
    }

    /// How many requests were answered with 503 so far.
    pub(super) fn refused(&self) -> usize {
        self.shared.refused.load(Ordering::Relaxed)
    }

    /// Ends the client; the keys of the events that were acknowledged.
    pub(super) fn finish(mut self) -> Vec<String> {
        self.end();
        std::mem::take(&mut *self.shared.acknowledged())
    }

    fn end(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(client) = self.client.take() {
            // it has nothing to tell beyond what is remembered
            let _ = client.join();
        }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn report(&self) {
        let mut connection = None;
        for number in 0_usize.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let keys: Vec<_> = (0..BATCH)
                .map(|at| format!("{}-{}", self.name, number * BATCH + at))
                .collect();
            match self.send(&mut connection, &keys) {
                Ok(200) => self.acknowledged().extend(keys),
                Ok(status) => {
                    self.refused.fetch_add(usize::from(status == 503), Ordering::Relaxed);
                    thread::sleep(PAUSE);
                }
                Err(_) => {
                    connection = None;
                    thread::sleep(PAUSE);
                }
            }
        }
    }

    fn send(&self, connection: &mut Option<Connection>, keys: &[String]) -> io::Result<u16> {
        let open = match connection {
            Some(open) => open,
            None => connection.insert(Connection::open(self.address)?),
        };
        let answer = open.send(&request(keys))?;
        if answer.header("connection").is_some_and(|value| value == "close") {
            *connection = None;
        }
        Ok(answer.status)
    }

    fn acknowledged(&self) -> MutexGuard<'_, Vec<String>> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that reports an event for each key.
pub(super) fn request(keys: &[String]) -> Request {
    let events: Vec<Value> = keys
        .iter()
        .map(|key| {
            json!({
                "kind": "feature", "contextKind": "user", "userKey": "user-1", "creationDate": 1_790_000_000,
                "key": key, "variation": "on", "value": true, "default": false, "version": "1", "source": "PROVIDER_CACHE",
            })
        })
        .collect();
    Request::post("/v1/data/collector", &json!({"events": events, "meta": {}}))
}
