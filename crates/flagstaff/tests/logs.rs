//! What the built program logs.

use std::fs;

use flagstaff_testkit::http::Request;
use flagstaff_testkit::relay::{Relay, Workspace};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_flagstaff");

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
    let server = workspace.with_port("server: {host: 127.0.0.1, port: 18031}\nhideBanner: true\n");
    fs::write(workspace.path("goff-proxy.yaml"), server + settings).expect("files can be written");
    fs::write(workspace.path("flags.yaml"), FLAGS).expect("files can be written");
    Relay::start(PROGRAM, workspace)
}

fn refresh(relay: &Relay) {
    let refresh = Request::post("/admin/v1/retriever/refresh", &json!({})).header("X-API-Key", "admin");
    assert_eq!(relay.ask(&refresh).json(), json!({"refreshed": true}));
}
