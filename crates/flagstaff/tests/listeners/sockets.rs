//! Unix sockets, and sockets that somebody else opened.

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use flagstaff_testkit::http::{Connection, Request};
use flagstaff_testkit::relay::{Connect, Relay};

use super::{PROGRAM, relay, run, workspace};

const UNIX: &str = "server: {mode: unixsocket, unixSocketPath: relay.sock}";

const CONNECT: Connect = |workspace| Connection::open_unix(&workspace.path("relay.sock"));

#[test]
fn a_unix_socket_is_there_while_the_relay_runs() {
    let mut relay = Relay::start_with(relay(), workspace(UNIX), CONNECT);
    let socket = relay.workspace().path("relay.sock");
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o600, 0o600);
    assert_eq!(relay.ask(&Request::get("/v1/flag/change")).status, 200);
    let mut kept = relay.connect().unwrap();
    assert_eq!(kept.send(&Request::get("/health")).unwrap().status, 200);
    assert!(relay.end().success(), "{}", relay.log());
    assert!(!socket.exists());
}

#[test]
fn monitoring_has_a_port_beside_the_unix_socket() {
    let settings = "server: {mode: unixsocket, unixSocketPath: relay.sock, host: 127.0.0.1, monitoringPort: 18031}";
    let relay = Relay::start_with(relay(), workspace(settings), |workspace| {
        Connection::open(workspace.address())
    });
    assert_eq!(relay.ask(&Request::get("/v1/flag/change")).status, 404);
    let mut api = CONNECT(relay.workspace()).unwrap();
    assert_eq!(api.send(&Request::get("/health")).unwrap().status, 404);
    assert_eq!(api.send(&Request::get("/v1/flag/change")).unwrap().status, 200);
}

#[test]
fn a_socket_that_was_left_behind_is_replaced() {
    let workspace = workspace(UNIX);
    drop(UnixListener::bind(workspace.path("relay.sock")).unwrap());
    assert!(workspace.path("relay.sock").exists());
    Relay::start_with(relay(), workspace, CONNECT);
}

#[test]
fn what_belongs_to_somebody_else_stays() {
    let taken = workspace(UNIX);
    let listening = UnixListener::bind(taken.path("relay.sock")).unwrap();
    let (code, log) = run(&taken);
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("relay.sock") && log.contains("somebody listens"), "{log}");
    listening.set_nonblocking(true).unwrap();
    assert!(listening.accept().is_ok(), "the relay asks, and leaves");
    assert!(taken.path("relay.sock").exists());

    let file = workspace(UNIX);
    file.write("relay.sock", "precious").unwrap();
    let (code, log) = run(&file);
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("no socket"), "{log}");
    assert_eq!(fs::read_to_string(file.path("relay.sock")).unwrap(), "precious");

    let (code, log) = run(&workspace(
        "server: {mode: unixsocket, unixSocketPath: missing/relay.sock}",
    ));
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("missing/relay.sock"), "{log}");
}

#[test]
fn a_socket_of_another_relay_is_left_to_it() {
    let mut relay = Relay::start_with(relay(), workspace(UNIX), CONNECT);
    let path = relay.workspace().path("relay.sock");
    fs::rename(&path, relay.workspace().path("former.sock")).unwrap();
    drop(UnixListener::bind(&path).unwrap());
    assert!(relay.end().success(), "{}", relay.log());
    assert!(path.exists());
}

#[test]
fn a_socket_that_systemd_opened_is_served() {
    // the configured port is another one, on which nobody listens
    let workspace = workspace("server: {host: 127.0.0.1, port: 1}");
    let listener = TcpListener::bind(workspace.address()).unwrap();
    let relay = Relay::start_with(handed_over("", listener.into()), workspace, |workspace| {
        Connection::open(workspace.address())
    });
    assert_eq!(relay.ask(&Request::get("/v1/flag/change")).status, 200);
}

#[test]
fn a_unix_socket_that_systemd_opened_stays_in_its_place() {
    let workspace = workspace("server: {host: 127.0.0.1, port: 18031}");
    let listener = UnixListener::bind(workspace.path("relay.sock")).unwrap();
    let command = handed_over("LISTEN_FDNAMES=monitoring", listener.into());
    let mut relay = Relay::start_with(command, workspace, CONNECT);
    assert_eq!(
        relay.ask(&Request::get("/v1/flag/change")).status,
        404,
        "it is the monitoring listener"
    );
    let mut api = Connection::open(relay.address()).unwrap();
    assert_eq!(api.send(&Request::get("/v1/flag/change")).unwrap().status, 200);
    assert!(relay.end().success(), "{}", relay.log());
    assert!(relay.workspace().path("relay.sock").exists());
}

/// A relay that gets this socket as descriptor 3, as the protocol wants it.
fn handed_over(variables: &str, socket: OwnedFd) -> Command {
    let script =
        format!("LISTEN_PID=$$ LISTEN_FDS=1 {variables} exec {PROGRAM} relay --config goff-proxy.yaml 3<&0 </dev/null");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).env_clear().stdin(Stdio::from(socket));
    command
}
