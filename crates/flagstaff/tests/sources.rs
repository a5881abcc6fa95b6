//! `flagstaff evaluate` and `flagstaff lint` over every kind of source, and over the sources of a relay's configuration.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

const FILES: &[(&str, &str)] = &[
    (
        "first.yaml",
        "\
banner: {variations: {calm: navy, loud: coral}, defaultRule: {variation: calm}}
checkout: {variations: {on: true, off: false}, targeting: [{query: plan eq \"pro\", variation: on}], defaultRule: {variation: off}}
",
    ),
    ("later.txt", r#"{"banner": {"variations": {"loud": "coral"}, "defaultRule": {"variation": "loud"}}}"#),
    ("folder/a.json", r#"{"of-json": {"variations": {"a": 1}, "defaultRule": {"variation": "a"}}}"#),
    ("folder/b.toml", "[of-toml]\nvariations = {a = 2}\ndefaultRule = {variation = \"a\"}\n"),
    ("bad.yaml", "banner: {variations: {calm: navy}, defaultRule: {variation: loud}}\n"),
    ("relay.yaml", RELAY),
    ("refusing.yaml", REFUSING),
    ("sets.yaml", SETS),
];

/// Many formats, one flag twice, and an attribute that no request has.
const RELAY: &str = "\
evaluationContextEnrichment: {plan: pro}
retrievers:
  - {kind: file, path: first.yaml}
  - {kind: directory, path: folder}
  - {kind: file, path: later.txt, fileFormat: json}
";

const REFUSING: &str = "\
onDuplicate: error
retrievers:
  - {kind: file, path: first.yaml}
  - {kind: file, path: later.txt, fileFormat: json}
";

const SETS: &str = "\
flagSets:
  - {name: checkout, apiKeys: [a-secret], retriever: {kind: file, path: first.yaml}}
  - {name: search, apiKeys: [b-secret], retrievers: [{kind: file, path: bad.yaml}, {kind: file, path: missing.yaml}]}
";

#[test]
fn sources_of_a_relay_are_merged_as_it_does() {
    for (arguments, expected) in [
        (
            &["--relay-config", "relay.yaml"][..],
            json!({"banner": "coral", "checkout": true, "of-json": 1, "of-toml": 2}),
        ),
        (
            &["--relay-config", "relay.yaml", "--flag", "banner"],
            json!({"banner": "coral"}),
        ),
        (
            &["--relay-config", "refusing.yaml"],
            json!({"banner": "navy", "checkout": false}),
        ),
        (
            &[
                "--relay-config",
                "sets.yaml",
                "--flag-set",
                "checkout",
                "--flag",
                "checkout",
            ],
            json!({"checkout": false}),
        ),
        (
            &["--kind", "directory", "--option", "path=folder"],
            json!({"of-json": 1, "of-toml": 2}),
        ),
    ] {
        let shown = run(&[&["evaluate", "--ctx", r#"{"targetingKey": "user-1"}"#], arguments].concat());
        let values: Value = shown
            .json()
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, found)| (key.clone(), found["value"].clone()))
            .collect();
        assert_eq!(values, expected, "{arguments:?}: {}", shown.errors);
        assert_eq!(shown.code, 0, "{arguments:?}");
    }
}

#[test]
fn what_cannot_be_evaluated_is_said() {
    for (arguments, expected) in [
        (
            &["--relay-config", "sets.yaml"][..],
            "error: there are several flag sets, choose one with --flag-set: checkout, search",
        ),
        (
            &["--relay-config", "sets.yaml", "--flag-set", "mobile"],
            "error: there is no flag set mobile, there are checkout, search",
        ),
        (
            &["--relay-config", "sets.yaml", "--flag-set", "search"],
            "error: missing.yaml: no such file (path: missing.yaml)",
        ),
        (&["--relay-config", "missing.yaml"], "missing.yaml: cannot be read"),
        (
            &["--kind", "s3", "--option", "bucket=b"],
            "no \"item\" property found for kind \"s3\"",
        ),
        (
            &["--kind", "s3", "--option", "s3cr3t"],
            "error: --option: expected NAME=VALUE",
        ),
        (
            &[
                "--kind",
                "redis",
                "--option",
                "redisOptions=s3cr3t",
                "--option",
                "redisOptions.addr=x",
            ],
            "error: --option redisOptions.addr: redisOptions has a value already",
        ),
        (
            &[
                "--kind",
                "redis",
                "--option",
                "redisOptions.addr=127.0.0.1:9",
                "--option",
                "redisOptions.password=s3cr3t",
            ],
            "127.0.0.1:9",
        ),
        (&["--relay-config", "relay.yaml", "--kind", "s3"], "cannot be used with"),
    ] {
        let shown = run(&[&["evaluate"], arguments].concat());
        assert!(shown.errors.contains(expected), "{arguments:?}: {}", shown.errors);
        assert!(!shown.errors.contains("s3cr3t"), "{arguments:?}: {}", shown.errors);
        assert_ne!(shown.code, 0, "{arguments:?}");
    }
}

#[test]
fn every_document_is_linted() {
    let shown = run(&["lint", "--relay-config", "relay.yaml"]);
    insta::assert_snapshot!(shown.all(), @r#"
    first.yaml: no problems in 2 flags
    folder/a.json: no problems in 1 flag
    info[wide-integer]: go feature flag answers the whole number 2 with TYPE_MISMATCH in bulk evaluations
     --> folder/b.toml:2:19
      |
    2 | variations = {a = 2}
      |                   ^ flag of-toml, variations.a
      = help: nothing to do, unless it reads this file too

    folder/b.toml: 1 info in 1 flag
    warning[overridden-flag]: the flag of this source replaces that of first.yaml:1:1
     --> later.txt:1:2
      |
    1 | {"banner": {"variations": {"loud": "coral"}, "defaultRule": {"variation": "loud"}}}
      |  ^ flag banner

    later.txt: 1 warning in 1 flag
    exit 0
    "#);
    let shown = run(&["lint", "--relay-config", "sets.yaml"]);
    insta::assert_snapshot!(shown.all(), @"
    first.yaml: no problems in 2 flags
    error[unknown-variation]: invalid variation: loud does not exist
     --> bad.yaml:1:61
      |
    1 | …r: {variations: {calm: navy}, defaultRule: {variation: loud}}
      |                                                         ^^^^ flag banner, defaultRule.variation
      = help: the variations are `calm`

    bad.yaml: 1 error in 1 flag
    error: missing.yaml: no such file (path: missing.yaml)
    exit 1
    ");
    let shown = run(&[
        "lint",
        "--kind",
        "directory",
        "--option",
        "path=folder",
        "--output",
        "json",
    ]);
    let files: Vec<_> = shown.json()["files"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|file| file["file"].clone())
        .collect();
    assert_eq!(files, ["folder/a.json", "folder/b.toml"]);
    let shown = run(&["lint", "--relay-config", "sets.yaml", "--output", "sarif"]);
    assert_eq!(shown.json()["runs"][0]["results"].as_array().map(Vec::len), Some(1));
    assert_eq!(shown.code, 1);
    assert_eq!(run(&["lint", "--relay-config", "relay.yaml", "first.yaml"]).code, 2);
}

/// What the program printed and how it ended.
struct Shown {
    output: String,
    errors: String,
    code: i32,
}

impl Shown {
    fn json(&self) -> Value {
        serde_json::from_str(&self.output)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}\n{}", self.output, self.errors))
    }

    fn all(&self) -> String {
        format!("{}{}exit {}", self.output, self.errors, self.code)
    }
}

/// Runs the program beside the files.
fn run(arguments: &[&str]) -> Shown {
    let folder = folder();
    let done = Command::new(env!("CARGO_BIN_EXE_flagstaff"))
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .output()
        .expect("the program can be run");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
    Shown {
        output: text(done.stdout),
        errors: text(done.stderr),
        code: done.status.code().expect("the program is not killed"),
    }
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, text) in FILES {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
    folder
}
