//! Any bytes as the body of a request to a whole relay, in this process and over a socket: it answers with JSON, and never blames
//! itself.

#![no_main]

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::LazyLock;
use std::thread;

use flagstaff_relay::config::{self, Sources};
use flagstaff_relay::{InheritedSocket, InheritedSockets, Signals, Start};
use flagstaff_testkit::http::{Connection, Request};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

const FLAGS: &str = r#"
static: {variations: {a: true, b: false}, defaultRule: {variation: a}}
split: {variations: {a: 1, b: 2.5}, defaultRule: {percentage: {a: 50, b: 50}}}
targeted:
  variations: {a: {b: [1, null]}, c: []}
  targeting:
  - {query: 'plan eq "pro" and address.country in ["FR", "DE"]', variation: a}
  - {query: '{"in": [{"var": "email"}, ["a", 1]]}', percentage: {a: 10, c: 90}}
  defaultRule: {variation: c}
bucketed: {variations: {a: x, b: y}, bucketingKey: team.id, defaultRule: {percentage: {a: 50, b: 50}}}
"#;

const PATHS: &[&str] = &[
    "/v1/feature/static/eval",
    "/v1/feature/targeted/eval",
    "/v1/allflags",
    "/v1/flag/configuration",
    "/v1/data/collector",
    "/ofrep/v1/evaluate/flags",
    "/ofrep/v1/evaluate/flags/split",
    "/ofrep/v1/evaluate/flags/bucketed",
];

const HEADERS: &[(&str, &str)] = &[
    ("Content-Type", "application/json"),
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Encoding", "gzip"),
    ("Accept-Encoding", "gzip"),
    ("X-Nothing", "at all"),
];

static RELAY: LazyLock<SocketAddr> = LazyLock::new(start);

thread_local! {
    static CONNECTION: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

fuzz_target!(|input: (u8, u8, bool, &[u8])| {
    let (path, header, chunked, body) = input;
    let (name, value) = HEADERS[usize::from(header) % HEADERS.len()];
    let request = Request {
        method: "POST".to_owned(),
        path: PATHS[usize::from(path) % PATHS.len()].to_owned(),
        body: body.to_owned(),
        chunked,
        ..Request::default()
    };
    CONNECTION.with_borrow_mut(|kept| {
        let mut connection = kept
            .take()
            .unwrap_or_else(|| Connection::open(*RELAY).expect("the relay takes connections"));
        let answer = connection
            .send(&request.header(name, value))
            .expect("the relay answers");
        assert!(answer.status < 500, "{} {}", answer.status, answer.text());
        if answer.header("content-encoding").is_none() {
            serde_json::from_slice::<IgnoredAny>(&answer.body).expect("the answer is JSON");
        }
        if answer.header("connection").is_none_or(|value| value != "close") {
            *kept = Some(connection);
        }
    });
});

/// Starts a relay in a thread of its own. It ends with the process.
fn start() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let address = listener.local_addr().expect("the listener has an address");
    thread::spawn(move || {
        let folder = tempfile::tempdir().expect("there can be a folder");
        std::fs::write(folder.path().join("flags.yaml"), FLAGS).expect("the folder can be written");
        let file = folder.path().join("goff-proxy.yaml");
        let flags = folder.path().join("flags.yaml");
        let settings = format!("retriever: {{kind: file, path: {}}}\n", flags.display());
        std::fs::write(&file, settings).expect("the folder can be written");
        let sources = Sources {
            file: Some(file),
            environment: Vec::new(),
            working_directory: folder.path().to_owned(),
        };
        let (_signaller, signals) = Signals::channel();
        let start = Start {
            loaded: config::load(&sources).expect("the configuration can be served"),
            sources,
            inherited: InheritedSockets {
                api: Some(InheritedSocket::Tcp(listener)),
                monitoring: None,
            },
            log: None,
        };
        let runtime = tokio::runtime::Runtime::new().expect("there can be threads");
        runtime
            .block_on(flagstaff_relay::run(start, signals))
            .expect("the relay serves");
    });
    address
}
