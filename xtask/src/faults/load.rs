//! Clients that keep asking, and count every answer that is not the right one.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use flagstaff_testkit::http::{Connection, Request, Response};
use serde_json::{Value, json};

use super::flags;

/// Connections that are kept busy.
const CLIENTS: usize = 4;

/// How many single evaluations come between two bulk evaluations of a client.
const BETWEEN_BULKS: usize = 50;

/// How long a number of answers may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a client does after a failure, before it tries again.
const PAUSE: Duration = Duration::from_millis(5);

/// Clients at work, each on a connection of its own that is kept open. They end when this is dropped.
#[derive(Debug)]
pub(super) struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<Tally>>,
}

/// What the clients of a [`Load`] saw.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Right answers.
    pub(super) answered: u64,
    /// Answers that were not the right ones, or broke off.
    pub(super) wrong: u64,
    /// Requests whose connection ended before the first byte of an answer. Where the connection had been used before, a client may
    /// send them again elsewhere.
    pub(super) unanswered: u64,
    /// Connections that could not be opened.
    pub(super) refused: u64,
    /// The longest time between a request and its answer.
    pub(super) slowest: Duration,
    /// All of these times.
    times: Vec<Duration>,
    /// What went wrong first.
    pub(super) first_failure: Option<String>,
}

#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    host: String,
    key: Option<String>,
    after_close: AfterClose,
    answered: AtomicU64,
    stop: AtomicBool,
    failure: Mutex<Option<String>>,
}

/// What a client does after the last answer on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AfterClose {
    /// Opens another connection.
    Return,
    /// Is content.
    Go,
}

impl Load {
    /// Starts the clients; they send a key where one is needed.
    pub(super) fn start(address: SocketAddr, key: Option<&str>) -> Self {
        Self::start_as(address, key, AfterClose::Return)
    }

    /// Starts clients that go for good when an answer says that it is the last one on its connection, as those of a load balancer
    /// do that has seen the relay leave.
    pub(super) fn start_until_closed(address: SocketAddr) -> Self {
        Self::start_as(address, None, AfterClose::Go)
    }

    fn start_as(address: SocketAddr, key: Option<&str>, after_close: AfterClose) -> Self {
        let shared = Arc::new(Shared {
            address,
            host: address.to_string(),
            key: key.map(str::to_owned),
            after_close,
            answered: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            failure: Mutex::default(),
        });
        let clients = (0..CLIENTS).map(|client| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.ask(client))
        });
        Self {
            clients: clients.collect(),
            shared,
        }
    }

    /// Waits until this many more right answers came.
    pub(super) fn wait_for(&self, answers: u64) -> Result<()> {
        let enough = self.shared.answered.load(Ordering::Relaxed) + answers;
        let deadline = Instant::now() + PATIENCE;
        while self.shared.answered.load(Ordering::Relaxed) < enough {
            ensure!(
                Instant::now() < deadline,
                "clients get no answers; {}",
                self.shared.first_failure().as_deref().unwrap_or("none failed")
            );
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Ends the clients.
    pub(super) fn finish(mut self) -> Tally {
        self.shared.stop.store(true, Ordering::Relaxed);
        let mut sum = Tally::default();
        for client in self.clients.drain(..) {
            let tally = client.join().unwrap_or_else(|_| Tally {
                wrong: 1,
                ..Tally::default()
            });
            sum.answered += tally.answered;
            sum.wrong += tally.wrong;
            sum.unanswered += tally.unanswered;
            sum.refused += tally.refused;
            sum.slowest = sum.slowest.max(tally.slowest);
            sum.times.extend(tally.times);
        }
        sum.first_failure = self.shared.first_failure();
        sum
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

impl Tally {
    /// Every request that was not answered as it should.
    pub(super) fn failed(&self) -> u64 {
        self.wrong + self.unanswered + self.refused
    }

    /// The time that all but one in a hundred requests took at most.
    pub(super) fn p99(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        times.get(times.len() * 99 / 100).copied().unwrap_or_default()
    }
}

impl Shared {
    /// Asks for one flag after the other, and for all of them now and then.
    fn ask(&self, client: usize) -> Tally {
        let mut tally = Tally::default();
        let mut connection = None;
        for turn in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let question = match turn % BETWEEN_BULKS {
                0 => Question::All,
                _ => Question::One((client * flags::STEADY / CLIENTS + turn) % flags::STEADY),
            };
            let began = Instant::now();
            match self.exchange(&mut connection, question) {
                Ok(()) => {
                    tally.answered += 1;
                    self.answered.fetch_add(1, Ordering::Relaxed);
                    if connection.is_none() && self.after_close == AfterClose::Go {
                        break;
                    }
                }
                Err(failure) => {
                    match failure {
                        Failure::Refused(_) => tally.refused += 1,
                        Failure::Unanswered(_) => tally.unanswered += 1,
                        Failure::Wrong(_) => tally.wrong += 1,
                    }
                    self.failure
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .get_or_insert_with(|| failure.into_text());
                    connection = None;
                    thread::sleep(PAUSE);
                }
            }
            let took = began.elapsed();
            tally.slowest = tally.slowest.max(took);
            tally.times.push(took);
        }
        tally
    }

    /// Sends a question and checks its answer.
    fn exchange(&self, connection: &mut Option<Connection>, question: Question) -> Result<(), Failure> {
        let open = match connection {
            Some(open) => open,
            None => connection.insert(Connection::open(self.address).map_err(Failure::Refused)?),
        };
        let mut request = question.request();
        if let Some(key) = &self.key {
            request = request.header("X-API-Key", key);
        }
        let sent = open.write(&request.to_bytes(&self.host));
        match sent.and_then(|()| open.is_answered()) {
            Ok(true) => {}
            Ok(false) => return Err(Failure::Unanswered(ErrorKind::UnexpectedEof.into())),
            Err(error) => return Err(Failure::Unanswered(error)),
        }
        let answer = open.receive(&request.method);
        let answer = answer.map_err(|error| Failure::Wrong(format!("{}: {error}", request.path)))?;
        if !question.is_answered_by(&answer) {
            let text: String = answer.text().chars().take(200).collect();
            return Err(Failure::Wrong(format!("{}: {} {text}", request.path, answer.status)));
        }
        if answer.header("connection").is_some_and(|value| value == "close") {
            *connection = None;
        }
        Ok(())
    }

    fn first_failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Why a request failed.
enum Failure {
    Refused(io::Error),
    Unanswered(io::Error),
    Wrong(String),
}

impl Failure {
    fn into_text(self) -> String {
        match self {
            Self::Refused(error) => format!("cannot connect: {error}"),
            Self::Unanswered(error) => format!("no answer: {error}"),
            Self::Wrong(text) => text,
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
enum Question {
    /// The value of a steady flag.
    One(usize),
    /// The values of all.
    All,
}

impl Question {
    fn request(self) -> Request {
        let body = json!({"context": {"targetingKey": "user-1", "plan": "pro"}});
        match self {
            Self::One(number) => Request::post(&format!("/ofrep/v1/evaluate/flags/{}", flags::key(number)), &body),
            Self::All => Request::post("/ofrep/v1/evaluate/flags", &body),
        }
    }

    fn is_answered_by(self, answer: &Response) -> bool {
        let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
            return false;
        };
        answer.status == 200
            && match self {
                Self::One(number) => body["value"] == flags::value(number),
                Self::All => is_complete(&body),
            }
    }
}

/// Whether an answer holds every steady flag with its value. They are in the order of their keys; other flags may be among them.
fn is_complete(body: &Value) -> bool {
    let flags = body["flags"].as_array().into_iter().flatten();
    let mut steady = flags.filter(|flag| flag["key"].as_str().is_some_and(flags::is_steady));
    let all = (0..flags::STEADY).all(|number| {
        steady
            .next()
            .is_some_and(|flag| flag["key"] == flags::key(number) && flag["value"] == flags::value(number))
    });
    all && steady.next().is_none()
}
