//! What a relay says of its notifiers on `/readyz`.

use flagstaff_testkit::flag_server::{Answer, FlagServer};
use flagstaff_testkit::http::Request;
use flagstaff_testkit::relay::{PORT, Relay, Workspace};
use serde_json::Value;
use tokio::runtime::Runtime;

const FLAG: &str = "banner: {variations: {calm: navy, loud: coral}, defaultRule: {variation: calm}}\n";

#[test]
fn how_they_are_doing() {
    let runtime = Runtime::new().expect("threads can be started");
    let server = runtime.block_on(FlagServer::start());
    server.answer(Answer::status(404));
    let workspace = Workspace::new().expect("a folder can be made");
    let url = server.url("/s3cr3t");
    let configuration = format!(
        "server: {{host: 127.0.0.1, port: {PORT}}}
authorizedKeys: {{admin: [admin-key]}}
retriever: {{kind: file, path: flags.yaml}}
notifiers: [{{kind: slack, webhookUrl: '{url}'}}]
"
    );
    let configuration = workspace.with_port(&configuration);
    workspace
        .write("goff-proxy.yaml", &configuration)
        .expect("a file can be written");
    workspace.write("flags.yaml", FLAG).expect("a file can be written");
    let relay = Relay::start(env!("CARGO_BIN_EXE_flagstaff"), workspace);
    relay.wait_until("a failure", |relay| notifier(relay, true)["failures"] == 1);
    let target = server.url("/***");
    let told = notifier(&relay, true);
    assert_eq!(told["kind"], "slack");
    assert_eq!(told["target"], target);
    assert_eq!(
        told["error"],
        format!("it was answered with code 404 (target: {target})")
    );
    assert!(told["ageSeconds"].is_null(), "{told}");
    let told = notifier(&relay, false);
    assert!(told["target"].is_null() && told["error"].is_null(), "{told}");
    assert_eq!(told["failures"], 1);

    server.answer(Answer::ok("ok"));
    relay
        .workspace()
        .write("flags.yaml", &FLAG.replace("{variation: calm}", "{variation: loud}"))
        .expect("a file can be written");
    relay.wait_until("a success", |relay| notifier(relay, true)["failures"] == 0);
    let told = notifier(&relay, true);
    assert!(told["ageSeconds"].is_number() && told["error"].is_null(), "{told}");
}

/// What `/readyz` says of the only notifier, to an administrator or to anybody.
fn notifier(relay: &Relay, is_administrator: bool) -> Value {
    let mut request = Request::get("/readyz");
    if is_administrator {
        request = request.header("X-API-Key", "admin-key");
    }
    let answer = relay.ask(&request);
    assert!(!answer.text().contains("s3cr3t"), "{}", answer.text());
    answer.json()["flagsets"]["default"]["notifiers"][0].clone()
}
