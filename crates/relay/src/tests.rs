//! The relay through its front door, without a socket: requests in, answers out.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use flagstaff_flagset::Clock;
use flagstaff_telemetry::logging::{self, LogFormat, LogLevel};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};

use crate::config::{self, Settings, Sources};
use crate::content::Content;
use crate::route::Listener;
use crate::service::{Caller, respond};
use crate::serving::Serving;
use crate::start;
use crate::state::State;

mod admission;
mod answers;
#[cfg(feature = "compression")]
mod coding;
mod connections;
#[cfg(feature = "swagger")]
mod documentation;
mod edge;
mod keys;
mod limits;
mod ofrep;
mod page;
mod refresh_hook;
mod streams;
#[cfg(feature = "jwt")]
mod tokens;
mod web_sockets;

const API: Listener = Listener::Api { monitoring: true };

/// Who asks.
const CALLER: Caller = Caller {
    remote_ip: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
    crowded: false,
};

const FLAGS: &str = "
on: {variations: {a: true, b: false}, defaultRule: {variation: a}}
split: {variations: {a: 1, b: 2}, defaultRule: {percentage: {a: 100, b: 0}}}
team/one: {variations: {a: slash}, defaultRule: {variation: a}}
a%2Fb: {variations: {a: literal}, defaultRule: {variation: a}}
";

/// A relay that serves [`FLAGS`] at a fixed time.
struct Relay {
    state: Arc<State>,
    folder: tempfile::TempDir,
    /// Unix seconds.
    #[cfg_attr(not(feature = "jwt"), expect(dead_code, reason = "time stands still"))]
    now: Arc<AtomicU64>,
}

/// When a relay starts.
const NOW: u64 = 1_700_000_000;

thread_local! {
    /// What is logged on this thread, while somebody wants to know.
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Keeps what is logged on this thread.
struct Log;

impl Log {
    /// Keeps what is logged from now on. One logger serves all threads: with one each, what a thread without any says first
    /// would be unheard on all of them.
    fn begin() -> Self {
        static LOGGER: Once = Once::new();
        LOGGER.call_once(|| {
            let output: logging::Output = Box::new(|line| {
                LINES.with_borrow_mut(|lines| lines.iter_mut().for_each(|lines| lines.extend_from_slice(line)));
            });
            let (logger, _) = logging::logger(LogLevel::Info, LogFormat::Json, SystemTime::now, output);
            tracing::subscriber::set_global_default(logger).unwrap();
        });
        LINES.set(Some(Vec::new()));
        Self
    }

    fn text(&self) -> String {
        String::from_utf8(LINES.take().unwrap_or_default()).unwrap()
    }
}

/// An answer.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Relay {
    /// Settings are added to those that name the flag file.
    async fn start(settings: &str) -> Self {
        Self::with_flags(FLAGS, settings).await
    }

    /// The same with other flags.
    async fn with_flags(flags: &str, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("flags.yaml"), flags).unwrap();
        let settings = load(folder.path(), settings);
        let now = Arc::new(AtomicU64::new(NOW));
        let shown = Arc::clone(&now);
        let clock: Clock = Arc::new(move || UNIX_EPOCH + Duration::from_secs(shown.load(Ordering::Relaxed)));
        let sets = start::flag_sets(&settings.flag_sets, &clock).await.unwrap();
        Self {
            state: Arc::new(State::new(Serving::new(&settings, sets, None), clock).unwrap()),
            folder,
            now,
        }
    }

    /// Serves the same flag sets under other settings.
    fn configure(&self, settings: &str) {
        let before = self.state.serving();
        let settings = load(self.folder.path(), settings);
        let serving = Serving::new(&settings, before.flag_sets.clone(), Some(&before));
        self.state.replace(serving);
    }

    /// Lets seconds pass.
    #[cfg(feature = "jwt")]
    fn advance(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Sends `METHOD path` with header lines and a body (empty for none).
    async fn ask(&self, line: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        self.ask_on(API, line, headers, body).await
    }

    /// The same on another listener.
    async fn ask_on(&self, listener: Listener, line: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        let (head, body) = self.send_on(listener, line, headers, body.into()).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    async fn send(&self, line: &str, headers: &[(&str, &str)], body: Bytes) -> http::Response<Content> {
        self.send_on(API, line, headers, body).await
    }

    async fn send_on(
        &self,
        listener: Listener,
        line: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> http::Response<Content> {
        respond(&self.state, listener, &CALLER, request(line, headers, body)).await
    }

    /// Sends from another address; `None` is the other end of a Unix socket.
    async fn send_from(
        &self,
        peer: Option<IpAddr>,
        line: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> http::Response<Content> {
        let caller = Caller {
            remote_ip: peer,
            ..CALLER
        };
        respond(&self.state, API, &caller, request(line, headers, body)).await
    }

    /// Checks status and body of an answer; without a body in `expected` only the status.
    async fn check(&self, line: &str, headers: &[(&str, &str)], body: &str, expected: &str) {
        let answer = self.ask(line, headers, body.to_owned()).await;
        let shown = format!("{} {}", answer.status, answer.body.trim_end());
        let shown = if expected.len() == 3 { &shown[..3] } else { &*shown };
        assert_eq!(shown, expected, "{line} {headers:?} {body}");
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// The settings of a text, added to those that name the flag file in the folder.
fn load(folder: &Path, settings: &str) -> Settings {
    let retriever = format!("{{kind: file, path: {}}}", folder.join("flags.yaml").display());
    let settings = if settings.contains("flagsets:") {
        settings.replace("FILE", &retriever)
    } else {
        format!("retriever: {retriever}\n{settings}")
    };
    let file = folder.join("goff-proxy.yaml");
    std::fs::write(&file, settings).unwrap();
    let sources = Sources {
        file: Some(file),
        environment: Vec::new(),
        working_directory: folder.into(),
    };
    config::load(&sources).unwrap().settings
}

fn request(line: &str, headers: &[(&str, &str)], body: Bytes) -> Request<Full<Bytes>> {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(body)).unwrap()
}
