//! The end.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use flagstaff_testkit::http::Connection;

use super::*;

const GRACE: &str = "
server: {host: 127.0.0.1, port: 18031, readinessGrace: 30s}
retriever: {kind: file, path: one.yaml}
";

#[test]
fn a_relay_that_is_about_to_end_says_so_and_serves() {
    let relay = start(GRACE);
    assert_eq!(relay.ask(&Request::get("/readyz")).status, 200);
    relay.signal("TERM");
    relay.wait_until("the end to be announced", |relay| {
        relay.ask(&Request::get("/readyz")).status == 503
    });
    assert_eq!(relay.ask(&Request::get("/readyz")).json()["stopping"], json!(true));
    let alive = relay.ask(&Request::get("/livez"));
    assert_eq!(alive.status, 200);
    assert_eq!(
        alive.header("connection").as_deref(),
        Some("close"),
        "clients are told to go elsewhere"
    );
    assert_eq!(evaluate(&relay, ""), json!("one"));
    // told again, it does not wait
    let (status, log) = relay.terminate();
    assert!(status.success(), "{log}");
    assert!(log.contains("Stopping API server"), "{log}");
}

#[test]
fn idle_connections_do_not_delay_the_end() {
    let relay = start(GRACE.replace("30s", "0s").as_str());
    let mut idle = Connection::open(relay.address()).unwrap();
    assert_eq!(idle.send(&Request::get("/health")).unwrap().status, 200);
    let (status, log) = relay.terminate();
    assert!(status.success(), "{log}");
    assert!(!log.contains("broken off"), "{log}");
}

#[test]
fn a_start_that_waits_for_a_source_can_be_stopped() {
    // a server that takes connections and never answers
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let workspace = Workspace::new().unwrap();
    write(
        &workspace,
        &format!("SERVER\nretriever: {{kind: http, url: 'http://{address}/'}}\n"),
    );
    let mut child = Command::new(env!("CARGO_BIN_EXE_flagstaff"))
        .args(["relay", "--config", "goff-proxy.yaml"])
        .current_dir(workspace.path(""))
        .env_clear()
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // it asks, so it has begun
    let _asked = silent.accept().unwrap();
    let told = Command::new("sh")
        .args(["-c", &format!("kill -TERM {}", child.id())])
        .status();
    assert!(told.unwrap().success());
    assert!(child.wait().unwrap().success());
}
