//! What the built program logs.

use std::fs;

use flagstaff_testkit::http::Request;
use flagstaff_testkit::relay::{Relay, Workspace};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_flagstaff");

const SERVER: &str = "server: {host: 127.0.0.1, port: 18031}\nhideBanner: true\n";

const FLAGS: &str = "\
a: {variations: {x: true, y: false}, defaultRule: {variation: x}}
b: {variations: {x: 1}, defaultRule: {variation: x}}
";

#[test]
fn changes_of_flags_in_the_words_of_go_feature_flag() {
    let relay = start("retriever: {kind: file, path: flags.yaml}\nauthorizedKeys: {admin: [admin]}\n");
    let mut expected = vec![line("flag added", "a"), line("flag added", "b")];
    let edited = FLAGS.replace("variation: x}}\nb", "variation: y}}\nc");
    let disabled = edited.replace("variation: y}", "variation: y}, disable: true");
    for (text, lines) in [
        (
            &edited,
            vec![
                line("flag removed", "b"),
                line("flag added", "c"),
                line("flag updated", "a"),
            ],
        ),
        (&disabled, vec![line("flag is turned OFF", "a")]),
        (&edited, vec![line("flag is turned ON", "a")]),
    ] {
        relay
            .workspace()
            .write("flags.yaml", text)
            .expect("files can be written");
        refresh(&relay);
        expected.extend(lines);
        relay.wait_until("the change is logged", |relay| {
            flag_lines(relay).len() >= expected.len()
        });
        assert_eq!(flag_lines(&relay), expected);
    }
}

#[test]
fn changes_of_a_flag_set_carry_its_name() {
    let set = |name: &str, rest: &str| {
        format!("  - {{name: {name}, apiKeys: [{name}], retriever: {{kind: file, path: flags.yaml}}{rest}}}\n")
    };
    let sets = set("one", "") + &set("silent", ", disableNotifierOnInit: true");
    let relay = start(&format!("flagsets:\n{sets}"));
    relay.wait_until("the flags are logged", |relay| flag_lines(relay).len() >= 2);
    let of_set = |key: &str| json!({"level": "info", "msg": "flag added", "key": key, "flagset": "one"});
    assert_eq!(flag_lines(&relay), [of_set("a"), of_set("b")]);
}

#[test]
fn the_access_log_has_the_members_of_go_feature_flag_and_the_true_status() {
    let relay =
        start("logLevel: debug\nauthorizedKeys: {evaluation: [key]}\nretriever: {kind: file, path: flags.yaml}\n");
    let changes = Request::get("/v1/flag/change?a=b&apiKey=key").header("User-Agent", "test");
    relay.ask(&changes.clone().header("X-API-Key", "key"));
    relay.ask(&changes.header("X-API-Key", "wrong"));
    let host = relay.address().to_string();
    relay.wait_until("both are logged", |relay| {
        access_lines(relay, "/v1/flag/change").len() == 2
    });
    let size = |line: &Value| line["size"].clone();
    let expected = |line: &Value, level: &str, message: &str, status: u16| {
        json!({
            "level": level, "ts": line["ts"], "msg": message, "remote_ip": "127.0.0.1", "latency": line["latency"],
            "host": host, "request": "GET /v1/flag/change?a=b&apiKey=***", "status": status, "size": size(line),
            "user_agent": "test", "request_id": line["request_id"],
        })
    };
    let lines = access_lines(&relay, "/v1/flag/change");
    assert_eq!(lines[0], expected(&lines[0], "debug", "Success", 200));
    assert_eq!(lines[1], expected(&lines[1], "warn", "Client error", 401));
}

#[test]
fn which_requests_are_logged_can_be_chosen_while_the_relay_runs() {
    let settings = |access_log: &str| {
        format!(
            "accessLog: {access_log}\nretriever: {{kind: file, path: flags.yaml}}\nauthorizedKeys: {{admin: [{access_log}]}}\n"
        )
    };
    let relay = start(&settings("problems"));
    for (access_log, logged) in [
        ("problems", &["warn 404"][..]),
        ("all", &["info 200", "info 200", "warn 404"]),
        ("none", &[]),
    ] {
        relay
            .workspace()
            .write("goff-proxy.yaml", &configuration(&relay, &settings(access_log)))
            .unwrap();
        // the key tells when the edit is in effect
        let refresh = Request::post("/admin/v1/retriever/refresh", &json!({})).header("X-API-Key", access_log);
        relay.wait_until("the edit is in effect", |relay| relay.ask(&refresh).status == 200);
        let before = relay.log().len();
        relay.ask(&Request::get("/health"));
        relay.ask(&Request::get("/v1/flag/change"));
        relay.ask(&Request::get("/openfeature/v0/manifest"));
        relay.ask(&Request::get("/v1/nowhere"));
        let log = relay.log();
        let shown: Vec<_> = lines(&log[before..])
            .filter(|line| line["request"].is_string())
            .map(|line| format!("{} {}", line["level"].as_str().unwrap_or_default(), line["status"]))
            .collect();
        assert_eq!(shown, logged, "{access_log}");
    }
}

#[test]
fn the_level_changes_while_the_relay_runs() {
    let settings = |level: &str| format!("logLevel: {level}\nretriever: {{kind: file, path: flags.yaml}}\n");
    let relay = start(&settings("error"));
    relay.ask(&Request::get("/before"));
    relay
        .workspace()
        .write("goff-proxy.yaml", &configuration(&relay, &settings("debug")))
        .unwrap();
    relay.wait_until("requests are logged", |relay| {
        relay.ask(&Request::get("/health"));
        !access_lines(relay, "/health").is_empty()
    });
    assert!(access_lines(&relay, "/before").is_empty());
}

/// The lines about requests of a path, which may have a query.
fn access_lines(relay: &Relay, path: &str) -> Vec<Value> {
    let is_of_path = |line: &Value| {
        let request = line["request"].as_str().and_then(|request| request.split_once(' '));
        request.is_some_and(|(_, uri)| uri.split('?').next() == Some(path))
    };
    lines(&relay.log()).filter(is_of_path).collect()
}

fn line(message: &str, key: &str) -> Value {
    json!({"level": "info", "msg": message, "key": key})
}

/// The lines about flags, without their time.
fn flag_lines(relay: &Relay) -> Vec<Value> {
    lines(&relay.log())
        .filter(|line| line["msg"].as_str().is_some_and(|message| message.starts_with("flag ")))
        .map(|mut line| {
            line.as_object_mut().and_then(|line| line.remove("ts")).expect("a time");
            line
        })
        .collect()
}

/// Every line that was written to its end.
fn lines(log: &str) -> impl Iterator<Item = Value> {
    let whole = log.rfind('\n').map_or("", |end| &log[..end]);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
}

/// Starts a relay with these settings.
fn start(settings: &str) -> Relay {
    let workspace = Workspace::new().expect("a folder");
    fs::write(
        workspace.path("goff-proxy.yaml"),
        workspace.with_port(SERVER) + settings,
    )
    .expect("files can be written");
    fs::write(workspace.path("flags.yaml"), FLAGS).expect("files can be written");
    Relay::start(PROGRAM, workspace)
}

/// The configuration of a relay with other settings.
fn configuration(relay: &Relay, settings: &str) -> String {
    relay.workspace().with_port(SERVER) + settings
}

fn refresh(relay: &Relay) {
    let refresh = Request::post("/admin/v1/retriever/refresh", &json!({})).header("X-API-Key", "admin");
    assert_eq!(relay.ask(&refresh).json(), json!({"refreshed": true}));
}
