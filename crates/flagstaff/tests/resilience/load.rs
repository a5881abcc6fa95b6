//! Clients that keep asking and note every answer that is not the expected one.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use flagstaff_testkit::http::{Connection, Request, Response};
use flagstaff_testkit::relay::Relay;
use serde_json::{Value, json};

/// How many connections are kept busy.
const CONNECTIONS: usize = 4;

/// How many single evaluations come between two bulk evaluations on a connection.
const BETWEEN_BULKS: usize = 50;

/// How many answers prove that a change was lived through.
const ENOUGH: usize = 1000;

/// The values of all flags by key.
pub(crate) type Values = BTreeMap<String, Value>;

/// The evaluations of all flags, in one answer.
pub(crate) fn ask_for_all(relay: &Relay) -> Values {
    values(&relay.ask(&bulk())).unwrap_or_else(|problem| panic!("{problem}"))
}

/// Clients at work. They end when it is dropped.
pub(crate) struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

struct Shared {
    address: SocketAddr,
    expected: Values,
    /// The flag whose value may change.
    edited: String,
    answers: AtomicUsize,
    failures: Mutex<Vec<String>>,
    stop: AtomicBool,
}

impl Load {
    /// Starts the clients. Every flag but the edited one has to keep its value.
    pub(crate) fn start(address: SocketAddr, expected: Values, edited: &str) -> Self {
        let shared = Arc::new(Shared {
            address,
            expected,
            edited: edited.to_owned(),
            answers: AtomicUsize::new(0),
            failures: Mutex::default(),
            stop: AtomicBool::new(false),
        });
        let clients = (0..CONNECTIONS).map(|client| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                if let Err(failure) = shared.ask(client) {
                    shared.fail(failure);
                }
            })
        });
        Self {
            clients: clients.collect(),
            shared,
        }
    }

    /// Waits until many more answers came.
    ///
    /// # Panics
    /// When one of them was a failure.
    pub(crate) fn wait_for_more(&self, relay: &Relay) {
        let enough = self.shared.answers.load(Ordering::Relaxed) + ENOUGH;
        relay.wait_until("answering requests", |_| {
            self.check();
            self.shared.answers.load(Ordering::Relaxed) >= enough
        });
    }

    /// Ends the clients.
    ///
    /// # Panics
    /// When there was a failure.
    pub(crate) fn finish(mut self) {
        self.stop();
        self.check();
    }

    fn check(&self) {
        let failures = self
            .shared
            .failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .join("\n");
        assert!(failures.is_empty(), "{failures}");
    }

    fn stop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for client in self.clients.drain(..) {
            if client.join().is_err() {
                self.shared.fail("a client panicked".into());
            }
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn fail(&self, failure: String) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.push(failure);
    }

    /// Asks for one flag after the other on one connection, and for all of them now and then; fails with the first
    /// failure.
    fn ask(&self, client: usize) -> Result<(), String> {
        let mut connection = Connection::open(self.address).map_err(|error| format!("cannot connect: {error}"))?;
        let start = client * self.expected.len() / CONNECTIONS;
        let flags = self.expected.iter().cycle().skip(start);
        for (turn, (key, value)) in flags.enumerate() {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            self.check_one(key, value, &send(&mut connection, &single(key))?)?;
            if turn % BETWEEN_BULKS == 0 {
                self.check_all(&send(&mut connection, &bulk())?)?;
            }
        }
        Ok(())
    }

    fn check_one(&self, key: &str, expected: &Value, answer: &Response) -> Result<(), String> {
        self.answers.fetch_add(1, Ordering::Relaxed);
        let right = answer.status == 200 && (key == self.edited || answer.json()["value"] == *expected);
        right
            .then_some(())
            .ok_or_else(|| format!("{key}: want {expected}, got {} {}", answer.status, answer.text()))
    }

    fn check_all(&self, answer: &Response) -> Result<(), String> {
        self.answers.fetch_add(1, Ordering::Relaxed);
        let got = values(answer)?;
        let lost: Vec<_> = self.expected.keys().filter(|key| !got.contains_key(*key)).collect();
        let changed: Vec<_> = got
            .iter()
            .filter(|(key, value)| **key != self.edited && self.expected.get(*key) != Some(value))
            .collect();
        (lost.is_empty() && changed.is_empty())
            .then_some(())
            .ok_or_else(|| format!("all flags: lost {lost:?}, changed {changed:?}"))
    }
}

fn send(connection: &mut Connection, request: &Request) -> Result<Response, String> {
    connection
        .send(request)
        .map_err(|error| format!("{} {}: {error}", request.method, request.path))
}

fn single(key: &str) -> Request {
    Request::post(&format!("/ofrep/v1/evaluate/flags/{key}"), &context())
}

fn bulk() -> Request {
    Request::post("/ofrep/v1/evaluate/flags", &context())
}

fn context() -> Value {
    json!({"context": {"targetingKey": "user-1", "plan": "pro"}})
}

/// The values of a bulk answer.
fn values(answer: &Response) -> Result<Values, String> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let value = |flag: &Value| Some((flag["key"].as_str()?.to_owned(), flag.get("value")?.clone()));
    let flags = body["flags"].as_array().filter(|_| answer.status == 200);
    flags
        .and_then(|flags| flags.iter().map(value).collect::<Option<_>>())
        .ok_or_else(|| format!("all flags: {} {}", answer.status, answer.text()))
}
