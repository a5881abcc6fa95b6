//! No secret is ever printed: not at level debug, not while everything goes wrong, not about a configuration that is wrong itself.

use std::fs;
use std::process::{Command, Stdio};

use flagstaff_testkit::http::{Connection, Request};
use flagstaff_testkit::relay::{Relay, Workspace};
use serde_json::json;

const PROGRAM: &str = env!("CARGO_BIN_EXE_flagstaff");

/// Part of every secret.
const SECRET: &str = "s3cr3t";

/// Every place for a secret, in a configuration that can be served. Nobody listens on port 9.
const CONFIGURATION: &str = "\
server: {host: 127.0.0.1, port: 18031}
logLevel: debug
pollingInterval: 1000
startWithRetrieverError: true
otel: {exporter: {otlp: {endpoint: 'http://user:s3cr3t@127.0.0.1:9/path?s3cr3t'}}}
authorizedKeys:
  evaluation: [s3cr3t-evaluation, {key: s3cr3t-client, scope: client}, {file: keys/s3cr3t-holder}]
  admin: [s3cr3t-admin]
retrievers:
  - {kind: file, path: flags.yaml}
  - kind: http
    url: http://user:s3cr3t@127.0.0.1:9/flags.yaml?token=s3cr3t
    method: POST
    body: s3cr3t
    headers: {Authorization: Bearer s3cr3t, X-S: [s3cr3t, s3cr3t]}
exporters:
  - {kind: webhook, endpointUrl: 'http://127.0.0.1:9/s3cr3t?s3cr3t', secret: s3cr3t, headers: {A: [s3cr3t]}}
  - {kind: azureBlobStorage, container: c, accountName: a, accountKey: s3cr3t}
  - {kind: kafka, kafka: {topic: t, addresses: ['127.0.0.1:9'], config: {Net: {SASL: {Password: s3cr3t}}}}}
notifiers:
  - {kind: slack, webhookUrl: 'https://hooks.slack.com/services/s3cr3t'}
  - {kind: discord, webhookUrl: 'https://discord.com/api/webhooks/s3cr3t'}
  - {kind: webhook, endpointUrl: 'http://127.0.0.1:9/s3cr3t', secret: s3cr3t, headers: {A: s3cr3t}}
unknown: {password: s3cr3t}
";

/// Variables of the process.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20s3cr3t"),
    ("OTEL_TRACES_EXPORTER", "s3cr3t"),
    ("OTEL_BSP_SCHEDULE_DELAY", "s3cr3t"),
    ("RETRIEVERS_0_PTH", "s3cr3t"),
    ("RETRIEVERS_FIRST_PATH", "s3cr3t"),
    ("EXPORTERS_0_NOTHING", "s3cr3t"),
];

/// What makes a configuration that cannot be served; each is wrong with a secret in or beside it.
const WRONG: &[&str] = &[
    "authorizedKeys: {evaluation: [[s3cr3t]]}",
    "authorizedKeys: {evaluation: [{key: s3cr3t, scope: root}]}",
    "authorizedKeys: {evaluation: ['sha256:s3cr3t']}",
    "authorizedKeys: {evaluation: {sha256: s3cr3t}}",
    "authorizedKeys: {admin: [s3cr3t, s3cr3t], evaluation: 7}",
    "flagSets: [{name: a, apiKeys: [s3cr3t]}, {name: a, apiKeys: [s3cr3t]}]",
    "retriever: {kind: http, url: 'ftp://user:s3cr3t@host'}",
    "retriever: {kind: http, url: 'http://user:s3cr3t@[', headers: s3cr3t}",
    "retriever: {kind: http, url: 'http://127.0.0.1:9/?s3cr3t', timeout: [s3cr3t]}",
    "retriever: {kind: github, repositorySlug: a/b, path: f, githubToken: [s3cr3t]}",
    "retriever: {kind: redis, redisOptions: {addr: 'x', password: s3cr3t}}",
    "retriever: {kind: redis, redisOptions: {password: {a: s3cr3t}}}",
    "retriever: {kind: mongodb, uri: 'mongodb://user:s3cr3t@host', database: d, collection: c}",
    "retriever: {kind: postgresql, uri: 'postgres://user:s3cr3t@host'}",
    "retriever: {kind: azureBlobStorage, container: c, object: o, accountName: a, accountKey: s3cr3t}",
    "retriever: {kind: file, path: flags.yaml}\nexporter: {kind: webhook, secret: s3cr3t}",
    "retriever: {kind: file, path: flags.yaml}\nexporter: {kind: webhook, endpointUrl: x, headers: s3cr3t}",
    "retriever: {kind: file, path: flags.yaml}\nexporter: {kind: nothing}\nnotifiers: [{kind: slack, webhookUrl: ['s3cr3t']}]",
    "retriever: {kind: file, path: flags.yaml}\nnotifiers: [{kind: webhook, secret: s3cr3t, headers: {A: {b: s3cr3t}}}]",
    "retriever: {kind: file, path: flags.yaml}\nauthorizedKeys: {evaluation: [s3cr3t\n",
];

#[test]
fn a_relay_in_trouble_prints_no_secret() {
    let workspace = workspace(CONFIGURATION);
    let mut command = Command::new(PROGRAM);
    command
        .args(["relay", "--config", "goff-proxy.yaml"])
        .env_clear()
        .stdin(Stdio::null());
    command.envs(ENVIRONMENT.iter().copied());
    let relay = Relay::start_with(command, workspace, |workspace| Connection::open(workspace.address()));
    let evaluation = json!({"evaluationContext": {"key": "s3cr3t-person", "custom": {"mail": "s3cr3t@example.com"}}});
    for key in [
        "s3cr3t-evaluation",
        "s3cr3t-client",
        "s3cr3t-held",
        "s3cr3t-admin",
        "s3cr3t-wrong",
        "",
    ] {
        for request in [
            Request::post("/v1/feature/a/eval", &evaluation),
            Request::post("/v1/allflags", &json!({"user": "s3cr3t", "evaluationContext": 7})),
            Request::post("/ofrep/v1/evaluate/flags", &json!({"context": "s3cr3t"})),
            Request::post("/v1/data/collector", &json!({"events": ["s3cr3t"], "meta": 7})),
            Request::post("/admin/v1/retriever/refresh", &json!({})),
            Request::get("/readyz"),
            Request::get("/metrics"),
        ] {
            relay.ask(&request.clone().header("X-API-Key", key));
            relay.ask(&request.header("Authorization", &format!("Bearer {key}")));
        }
        for name in ["apiKey", "APIKEY", "%61piKey", "api%4bey"] {
            relay.ask(&Request::get(&format!("/v1/nothing?{name}={key}&a=b")));
        }
        relay.ask(&Request::get(&format!("/ws/v1/flag/change?apiKey={key}")));
    }
    // edits that cannot be applied
    let settings = fs::read_to_string(relay.workspace().path("goff-proxy.yaml")).expect("the settings can be read");
    let broken = [
        settings.replace("evaluation: [", "evaluation: [[s3cr3t], "),
        settings + "retrievers: [s3cr3t\n",
    ];
    for (edits, settings) in broken.iter().enumerate() {
        relay
            .workspace()
            .write("goff-proxy.yaml", settings)
            .expect("files can be written");
        relay.wait_until("the edit is refused", |relay| refused(&relay.log()) > edits);
    }
    let (status, log) = relay.terminate();
    assert!(status.success(), "{log}");
    assert!(
        log.contains(r#""level":"debug""#) && log.contains("cannot fetch flags"),
        "{log}"
    );
    assert_no_secret("a relay in trouble", &log);
}

/// How many different edits were refused.
fn refused(log: &str) -> usize {
    let lines = log.lines().filter(|line| line.contains("will not be applied"));
    let reasons: std::collections::BTreeSet<_> = lines.filter_map(|line| line.split_once("\"msg\"")).collect();
    reasons
        .into_iter()
        .map(|(_, reason)| reason)
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}

#[test]
fn a_configuration_that_is_wrong_is_told_without_its_secrets() {
    for wrong in WRONG {
        let workspace = workspace(&format!("logLevel: debug\n{wrong}\n"));
        for arguments in [
            &["relay"][..],
            &["relay", "--check"],
            &["relay", "--check", "--output", "json"],
        ] {
            let output = Command::new(PROGRAM)
                .args(arguments)
                .args(["--config", "goff-proxy.yaml"])
                .current_dir(workspace.path(""))
                .env_clear()
                .envs(ENVIRONMENT.iter().copied())
                .output()
                .expect("the program can be run");
            let printed = [output.stdout, output.stderr].concat();
            let printed = String::from_utf8_lossy(&printed);
            assert!(arguments.len() > 1 || !output.status.success(), "{wrong}:\n{printed}");
            assert_no_secret(wrong, &printed);
        }
    }
}

#[test]
fn a_check_prints_no_secret() {
    let workspace = workspace(CONFIGURATION);
    for format in ["text", "json"] {
        let output = Command::new(PROGRAM)
            .args(["relay", "--check", "--output", format, "--config", "goff-proxy.yaml"])
            .current_dir(workspace.path(""))
            .env_clear()
            .envs(ENVIRONMENT.iter().copied())
            .output()
            .expect("the program can be run");
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        assert!(printed.contains("hooks.slack.com"), "{printed}");
        assert_no_secret("a check", &printed);
    }
}

fn assert_no_secret(what: &str, printed: &str) {
    // the name of a file is none, and stands for the keys in it
    let printed = printed.replace("s3cr3t-holder", "");
    let shown: Vec<_> = printed.lines().filter(|line| line.contains(SECRET)).collect();
    assert!(shown.is_empty(), "{what} shows a secret:\n{}", shown.join("\n"));
}

fn workspace(settings: &str) -> Workspace {
    let workspace = Workspace::new().expect("a folder");
    let settings = workspace.with_port(settings);
    fs::create_dir(workspace.path("keys")).expect("a folder can be made");
    for (name, text) in [
        ("goff-proxy.yaml", &*settings),
        ("flags.yaml", "a: {variations: {x: 1}, defaultRule: {variation: x}}\n"),
        ("keys/s3cr3t-holder", "s3cr3t-held\n"),
    ] {
        fs::write(workspace.path(name), text).expect("files can be written");
    }
    workspace
}
