//! AWS Lambda: recorded events, handed out by a runtime API on this machine.

mod runtime_api;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use data_encoding::BASE64;
use flagstaff_testkit::relay::Workspace;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{relay, run, workspace};
use runtime_api::RuntimeApi;

/// A request id as AWS Lambda makes them.
const ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

/// A flag whose name needs escapes, and enough others to make answers worth compressing.
fn flags() -> String {
    let flag = |name: String, value: &str| {
        format!("{name:?}: {{variations: {{a: {value}}}, defaultRule: {{variation: a}}}}\n")
    };
    let many = (0..50).map(|index| flag(format!("flag-{index}"), "1"));
    let named = [flag("on".to_owned(), "true"), flag("100% new".to_owned(), "brand")];
    many.chain(named).collect()
}

/// An event, and what comes of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    /// YAML.
    settings: String,
    event: Value,
    /// Some of the members of the reply; null where there is none.
    #[serde(default)]
    reply: Map<String, Value>,
    /// Some of the members of its body.
    #[serde(default)]
    body: Map<String, Value>,
    /// How its body begins.
    #[serde(default)]
    body_begins: String,
    /// What is told instead.
    #[serde(default)]
    error: String,
    /// Some of the members of a line of the log.
    #[serde(default)]
    log: Map<String, Value>,
}

/// A function that waits for events.
struct Function {
    child: Child,
    workspace: Workspace,
    runtime_api: RuntimeApi,
}

impl Function {
    fn start(settings: &str) -> Self {
        let workspace = workspace(&format!("accessLog: all\n{settings}"));
        workspace
            .write("flags.yaml", &flags())
            .expect("the folder can be written");
        let runtime_api = RuntimeApi::start();
        let child = inside(&workspace, &runtime_api)
            .spawn()
            .expect("the program can be run");
        Self {
            child,
            workspace,
            runtime_api,
        }
    }

    /// Ends it; its exit code and its log.
    fn end(self) -> (Option<i32>, String) {
        let kill = Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", self.child.id())])
            .status();
        assert!(kill.is_ok_and(|status| status.success()), "it can be asked to end");
        self.ended()
    }

    /// Waits for its end; its exit code and its log.
    fn ended(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().expect("it is a child of this process");
        let log = fs::read_to_string(self.workspace.path("relay.log"));
        (status.code(), log.expect("it has a log"))
    }
}

/// The command that starts a relay inside of a Lambda function.
fn inside(workspace: &Workspace, runtime_api: &RuntimeApi) -> Command {
    let log = fs::File::create(workspace.path("relay.log")).expect("the folder can be written");
    let mut command = relay();
    command
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api.address().to_string())
        .current_dir(workspace.path("."))
        .stdout(Stdio::null())
        .stderr(log);
    command
}

/// Whether a value has all members of another one.
fn has(found: &Value, members: &Map<String, Value>) -> bool {
    members.iter().all(|(name, expected)| match expected {
        Value::Object(members) => has(&found[name], members),
        _ => found[name] == *expected,
    })
}

#[test]
fn events_are_answered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/lambda");
    let mut count = 0;
    for file in fs::read_dir(folder).unwrap() {
        let cases: Vec<Case> = serde_json::from_slice(&fs::read(file.unwrap().path()).unwrap()).unwrap();
        for case in cases {
            check(&case);
            count += 1;
        }
    }
    assert!(count > 15, "{count} cases");
}

fn check(case: &Case) {
    let about = &case.about;
    let function = Function::start(&case.settings);
    let (path, reply) = function.runtime_api.invoke(ID, &case.event);
    let failed = !case.error.is_empty();
    let end = if failed { "error" } else { "response" };
    assert_eq!(
        path,
        format!("/2018-06-01/runtime/invocation/{ID}/{end}"),
        "{about}: {reply}"
    );
    let text = |member: &str| reply[member].as_str().unwrap_or_default();
    if failed {
        assert!(text("errorMessage").contains(&case.error), "{about}: {reply}");
    } else {
        let body = text("body");
        assert!(
            has(&reply, &case.reply) && body.starts_with(&case.body_begins),
            "{about}: {reply}"
        );
        assert!(
            reply["isBase64Encoded"] == false || BASE64.decode(body.as_bytes()).is_ok(),
            "{about}: {reply}"
        );
        let body = serde_json::from_str(body).unwrap_or_default();
        assert!(has(&body, &case.body), "{about}: {reply}");
    }
    let (code, log) = function.end();
    assert_eq!(code, Some(0), "{about}: {log}");
    let mut lines = log.lines().map(|line| serde_json::from_str(line).unwrap_or_default());
    assert!(lines.any(|line: Value| has(&line, &case.log)), "{about}: {log}");
}

#[test]
fn one_event_after_the_other_is_answered() {
    let function = Function::start("server: {mode: lambda, awsLambdaAdapter: ALB}");
    let health = json!({"requestContext": {"elb": {}}, "httpMethod": "GET", "path": "/health"});
    for (id, event, end) in [
        ("1", &health, "response"),
        ("2", &json!({"Records": []}), "error"),
        ("3", &json!(7), "error"),
        (
            "4",
            &json!({"requestContext": {}, "httpMethod": "G T", "path": "/health"}),
            "error",
        ),
        ("5", &health, "response"),
    ] {
        let (path, reply) = function.runtime_api.invoke(id, event);
        assert_eq!(path, format!("/2018-06-01/runtime/invocation/{id}/{end}"), "{reply}");
    }
    assert_eq!(function.end().0, Some(0));
}

#[test]
fn nothing_is_served_without_a_runtime_api() {
    let settings = "server: {mode: lambda, monitoringPort: 18031}";
    let (code, log) = run(&workspace(settings));
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("AWS_LAMBDA_RUNTIME_API"), "{log}");
    assert!(log.contains("has no effect in mode lambda"), "{log}");

    let function = Function::start(settings);
    function.runtime_api.fail();
    let (code, log) = function.ended();
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("hands out no events: it answers with 500"), "{log}");
}

#[test]
fn a_failed_start_is_told() {
    let workspace = workspace("server: {mode: lambda}");
    fs::remove_file(workspace.path("flags.yaml")).unwrap();
    let runtime_api = RuntimeApi::start();
    let code = inside(&workspace, &runtime_api).status().unwrap().code();
    assert_eq!(code, Some(1));
    let (path, report) = runtime_api.told();
    assert_eq!(path, "/2018-06-01/runtime/init/error");
    assert!(
        report["errorMessage"].as_str().unwrap().contains("flags.yaml"),
        "{report}"
    );
}
