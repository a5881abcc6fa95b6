//! `flagstaff relay --check` through the built program: what counts, why, and what is wrong.

use std::fs;
use std::process::Command;

/// Everything there is to say about a value: a default, a place, a variable, a former spelling, and what is hidden of it.
const WHOLE: &str = r#"
server: {host: 127.0.0.1, port: 0, prot: 1}
listen: 8080
startAsAwsLambda: false
enableSwagger: true
loglevel: DEBUG
apiKeys: [first-secret]
authorizedKeys: {evaluation: [second-secret, "", {key: a-secret, scope: client}], admin: third-secret}
openTelemetryOtlpEndpoint: http://user:fourth-secret@collector:4318
evaluationContextEnrichment: {environment: production, nested: {a: 1}}
pollingInterval: "5000"
retriever:
  kind: http
  url: https://user:fifth-secret@flags.example.com/a.yaml?token=sixth-secret
  headers: {Authorization: Bearer seventh-secret}
exporter:
  kind: kafka
  kafka: {topic: events, addresses: broker:9092, config: {net: {sasl: {password: eighth-secret}}}}
exporters:
  - {kind: webhook, endpointUrl: https://example.com/ninth-secret, secret: tenth-secret, meta: {team: flags}}
  - {kind: azureBlobStorage, container: c, accountName: a, accountKey: eleventh-secret}
notifiers:
  - {kind: slack, slackWebhookUrl: https://hooks.slack.com/services/twelfth-secret}
"#;

#[test]
fn every_setting_that_counts_with_its_origin() {
    let variables = [
        ("SERVER_DRAINTIMEOUT", "20s"),
        ("RETRIEVER_HEADERS_X-TEAM", "thirteenth-secret"),
        ("HOST", "machine.example"),
    ];
    let shown = run(WHOLE, &variables, &["relay", "--check", "--config", "relay.yaml"]);
    assert!(!shown.contains("-secret"), "{shown}");
    insta::assert_snapshot!(written(&shown), @r#"
    server.host: 127.0.0.1 # relay.yaml:1:16
    server.port: 8080 # relay.yaml:2:9
    server.drainTimeout: 20s # variable SERVER_DRAINTIMEOUT
    swagger.enabled: true # relay.yaml:4:16
    swagger.host: machine.example # variable HOST
    logLevel: DEBUG # relay.yaml:5:11
    authorizedKeys.evaluation[0]: *** # relay.yaml:7:31
    authorizedKeys.evaluation[1]: "" # relay.yaml:7:46
    authorizedKeys.evaluation[2].key: *** # relay.yaml:7:56
    authorizedKeys.evaluation[2].scope: client # relay.yaml:7:73
    authorizedKeys.admin[0]: *** # relay.yaml:7:90
    otel.exporter.otlp.endpoint: http://***@collector:4318 # relay.yaml:8:28
    apiKeys[0]: *** # relay.yaml:6:11
    retriever.kind: http # relay.yaml:12:9
    retriever.url: https://***@flags.example.com/a.yaml?*** # relay.yaml:13:8
    retriever.headers.Authorization: ["***"] # relay.yaml:14:28
    retriever.headers.x-team: ["***"] # variable RETRIEVER_HEADERS_X-TEAM
    exporter.kind: kafka # relay.yaml:16:9
    exporter.kafka.topic: events # relay.yaml:17:18
    exporter.kafka.addresses: ["broker:9092"] # relay.yaml:17:37
    exporter.kafka.config.net: {"sasl":{"password":"***"}} # relay.yaml:17:64
    exporters[0].kind: webhook # relay.yaml:19:12
    exporters[0].endpointUrl: https://example.com/*** # relay.yaml:19:34
    exporters[0].secret: *** # relay.yaml:19:76
    exporters[0].meta.team: flags # relay.yaml:19:103
    exporters[1].kind: azureBlobStorage # relay.yaml:20:12
    exporters[1].container: c # relay.yaml:20:41
    exporters[1].accountName: a # relay.yaml:20:57
    exporters[1].accountKey: *** # relay.yaml:20:72
    notifiers[0].kind: slack # relay.yaml:22:12
    notifiers[0].webhookUrl: https://hooks.slack.com/*** # relay.yaml:22:36
    pollingInterval: 5000 # relay.yaml:10:18
    evaluationContextEnrichment.environment: production # relay.yaml:9:44
    evaluationContextEnrichment.nested: {"a":1} # relay.yaml:9:64
    "#);
    let shown = run(
        WHOLE,
        &variables,
        &["relay", "--check", "--output", "json", "--config", "relay.yaml"],
    );
    assert!(!shown.contains("-secret"), "{shown}");
}

#[test]
fn flag_sets_inherit_nothing() {
    let file = "
retriever: {kind: file, path: ignored.yaml}
flagSets:
  - {name: checkout, apiKeys: a-secret, retriever: {kind: file, path: a.yaml}}
";
    let shown = run(
        file,
        &[("FLAGSETS_0_POLLINGINTERVAL", "-1")],
        &["--check", "--config", "relay.yaml"],
    );
    insta::assert_snapshot!(written(&shown), @r#"
    flagSets[0].name: checkout # relay.yaml:3:12
    flagSets[0].apiKeys[0]: *** # relay.yaml:3:31
    flagSets[0].retriever.kind: file # relay.yaml:3:59
    flagSets[0].retriever.path: a.yaml # relay.yaml:3:71
    flagSets[0].pollingInterval: -1 # variable FLAGSETS_0_POLLINGINTERVAL
    "#);
    assert!(shown.contains("flagSets[0].allowClientTime: true "), "{shown}");
    assert!(!shown.contains("\nallowClientTime"), "{shown}");
}

#[test]
fn every_problem_at_once() {
    let file = r#"
server: {port: abc, monitoringPort: 70000}
logLevel: chatty
retriever: {kind: http}
exporter: {kind: webhook}
authorizedKeys: {evalation: [a-secret]}
"#;
    let shown = run(
        file,
        &[("SERVER_MODE", "a-secret")],
        &["relay", "--check", "--config", "relay.yaml"],
    );
    let findings = shown.split("\n\n").nth(1);
    insta::assert_snapshot!(findings.unwrap_or(&shown), @r#"
    warning: relay.yaml:5:29: authorizedKeys.evalation: unknown setting, did you mean evaluation?
    error: relay.yaml:1:16: server.port: expected a whole number, found a text
    error: relay.yaml:2:11: logLevel: "chatty" is not a log level, use one of debug, info, warn, warning, error, dpanic, panic, fatal
    error: variable SERVER_MODE: server.mode: the value of SERVER_MODE is not a mode, use http, unixsocket or lambda
    error: relay.yaml:1:37: server.monitoringPort: "70000" is not between 0 and 65535
    error: relay.yaml:3:19: retriever: invalid retriever: no "url" property found for kind "http"
    error: relay.yaml:4:18: exporter: invalid exporter: no "endpointUrl" property found for kind "webhook"
    relay.yaml: 6 errors, 1 warning
    exit 1
    "#);
    insta::assert_snapshot!(run("server: [\n", &[], &["--check", "--config", "relay.yaml"]), @"
    error: relay.yaml:1:9: unclosed bracket '[', look for a missing comma or closing bracket
    relay.yaml: 1 error
    exit 1
    ");
    insta::assert_snapshot!(run("", &[], &["--check", "--config", "missing.yaml"]), @"
    error: missing.yaml: cannot be read: No such file or directory (os error 2)
    missing.yaml: 1 error
    exit 1
    ");
}

#[test]
fn as_json() {
    let file = "retriever: {kind: file, path: a.yaml}\nprot: 1\nlogFormat: xml\n";
    let shown = run(
        file,
        &[("SERVER_PORT", "2")],
        &["--check", "--output", "json", "--config", "relay.yaml"],
    );
    let (document, end) = shown.rsplit_once('\n').expect("a line about the end");
    let mut document: serde_json::Value = serde_json::from_str(document).expect("it is JSON");
    let settings = document["settings"].as_array_mut().expect("settings are a list");
    settings.retain(|setting| {
        ["server.port", "server.host", "retriever.path"].contains(&setting["setting"].as_str().unwrap_or_default())
    });
    insta::assert_snapshot!(format!("{document:#}\n{end}"), @r#"
    {
      "errors": [
        {
          "message": "invalid log format xml, use one of json, logfmt, text",
          "origin": {
            "column": 12,
            "file": "relay.yaml",
            "line": 3
          },
          "setting": "logFormat"
        }
      ],
      "file": "relay.yaml",
      "settings": [
        {
          "origin": "default",
          "setting": "server.host",
          "value": "0.0.0.0"
        },
        {
          "origin": {
            "variable": "SERVER_PORT"
          },
          "setting": "server.port",
          "value": 2
        },
        {
          "origin": {
            "column": 31,
            "file": "relay.yaml",
            "line": 1
          },
          "setting": "retriever.path",
          "value": "a.yaml"
        }
      ],
      "warnings": [
        {
          "message": "unknown setting",
          "origin": {
            "column": 7,
            "file": "relay.yaml",
            "line": 2
          },
          "setting": "prot"
        }
      ]
    }
    exit 1
    "#);
}

#[test]
fn output_belongs_to_check() {
    let shown = run("", &[], &["relay", "--output", "json"]);
    assert!(shown.contains("--check") && shown.ends_with("exit 2"), "{shown}");
}

/// The settings that are not as by default, with one space in front of their origins.
fn written(shown: &str) -> String {
    let (settings, _) = shown.split_once("\n\n").unwrap_or((shown, ""));
    let lines = settings.lines().filter(|line| !line.ends_with("# default"));
    let lines = lines.filter_map(|line| line.split_once("  "));
    let lines = lines.map(|(setting, origin)| format!("{setting} {}", origin.trim_start()));
    lines.collect::<Vec<_>>().join("\n")
}

/// Runs the program beside a configuration file: what it prints and how it ends.
fn run(file: &str, variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join("relay.yaml"), file.trim_start()).expect("a file can be written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_flagstaff"));
    command
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .envs(variables.iter().copied());
    let done = command.output().expect("the program can be run");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
    let code = done.status.code().expect("the program is not killed");
    format!("{}{}exit {code}", text(done.stdout), text(done.stderr))
}
