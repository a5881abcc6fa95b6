//! A profile of the built program, which serves meanwhile.

#![cfg(feature = "full")]

use std::fs;
use std::thread;

use flagstaff_testkit::http::{Request, Response};
use flagstaff_testkit::relay::{Relay, Workspace};

const PROGRAM: &str = env!("CARGO_BIN_EXE_flagstaff");

const SETTINGS: &str = "\
server: {host: 127.0.0.1, port: 18031}
hideBanner: true
flagSets:
  - {name: one, apiKeys: [user, {key: own-admin, scope: admin}], retriever: {kind: file, path: flags.yaml}}
authorizedKeys: {admin: [admin]}
";

#[test]
fn an_administrator_takes_a_profile_while_the_relay_serves() {
    let relay = start("enablePprof: true\n");
    for (key, query, status) in [
        ("", "?seconds=1", 401),
        ("user", "?seconds=1", 401),
        ("own-admin", "?seconds=1", 403),
        ("admin", "?seconds=0", 400),
        ("admin", "?seconds=61", 400),
        ("admin", "?seconds=x", 400),
    ] {
        assert_eq!(ask(&relay, key, query).status, status, "{key} {query}");
    }
    thread::scope(|scope| {
        let profile = scope.spawn(|| ask(&relay, "admin", "?seconds=1"));
        let mut answers = 0;
        while !profile.is_finished() {
            assert_eq!(relay.ask(&Request::get("/health")).status, 200);
            answers += 1;
        }
        let profile = profile.join().expect("the profile is answered");
        assert_eq!(profile.status, 200, "{}", profile.text());
        assert_eq!(
            profile.header("content-type").as_deref(),
            Some("application/octet-stream")
        );
        assert_eq!(profile.body[..2], [0x1f, 0x8b], "gzip");
        assert!(answers > 10, "{answers}");
    });
}

#[test]
fn there_is_no_profiler_unless_it_is_wanted() {
    for (settings, status) in [("", 404), ("enablePprof: false\n", 404), ("logLevel: debug\n", 400)] {
        assert_eq!(
            ask(&start(settings), "admin", "?seconds=0").status,
            status,
            "{settings}"
        );
    }
    let index = Request::get("/debug/pprof/").header("X-API-Key", "admin");
    assert_eq!(start("enablePprof: true\n").ask(&index).status, 404);
}

fn ask(relay: &Relay, key: &str, query: &str) -> Response {
    relay.ask(&Request::get(&format!("/debug/pprof/profile{query}")).header("X-API-Key", key))
}

fn start(settings: &str) -> Relay {
    let workspace = Workspace::new().expect("a folder");
    let settings = workspace.with_port(SETTINGS) + settings;
    let flags = "a: {variations: {x: 1}, defaultRule: {variation: x}}\n";
    for (name, text) in [("goff-proxy.yaml", &*settings), ("flags.yaml", flags)] {
        fs::write(workspace.path(name), text).expect("files can be written");
    }
    Relay::start(PROGRAM, workspace)
}
