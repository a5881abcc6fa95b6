//! A relay from its start to its end: its configuration is edited while it serves, it is told to stop, and nobody notices more
//! than they should.

mod crash;
mod edits;
mod end;
mod keys;

use flagstaff_testkit::http::Request;
use flagstaff_testkit::relay::{Relay, Workspace};
use serde_json::{Value, json};

/// Starts a relay with this configuration beside its port, on two flag files in which `flag` is `one` and `two`.
fn start(configuration: &str) -> Relay {
    start_with(&[], configuration)
}

/// Starts a relay with files of these names and texts besides.
fn start_with(files: &[(&str, &str)], configuration: &str) -> Relay {
    let workspace = Workspace::new().expect("a folder");
    for (file, value) in [("one.yaml", "one"), ("two.yaml", "two")] {
        workspace.write(file, &flag(value)).expect("files can be written");
    }
    for (file, text) in files {
        workspace.write(file, text).expect("files can be written");
    }
    write(&workspace, configuration);
    Relay::start(env!("CARGO_BIN_EXE_flagstaff"), workspace)
}

/// A flag file.
fn flag(value: &str) -> String {
    format!("flag: {{variations: {{v: {value}}}, defaultRule: {{variation: v}}}}\n")
}

/// Writes the configuration; `SERVER` stands for where the relay listens.
fn write(workspace: &Workspace, configuration: &str) {
    let server = "server: {host: 127.0.0.1, port: 18031}";
    let text = workspace.with_port(&configuration.replace("SERVER", server));
    workspace.write("goff-proxy.yaml", &text).expect("files can be written");
}

/// What a caller with a key gets for `flag`: its value, or the status of the refusal.
fn evaluate(relay: &Relay, key: &str) -> Value {
    let context = json!({"evaluationContext": {"key": "u", "custom": {}}, "defaultValue": "none"});
    let mut request = Request::post("/v1/feature/flag/eval", &context);
    if !key.is_empty() {
        request.headers.push(("X-API-Key".into(), key.into()));
    }
    let answer = relay.ask(&request);
    if answer.status == 200 {
        answer.json()["value"].clone()
    } else {
        answer.status.into()
    }
}
