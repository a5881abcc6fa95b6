//! The command line through the built program: what it prints, where, and how it ends.

use std::fs;
use std::process::Command;

use regex_lite::Regex;
use serde_json::Value;

const GOOD: &str = r#"
new-checkout:
  variations: {enabled: true, disabled: false}
  targeting:
    - name: paying
      query: plan eq "pro"
      variation: enabled
  defaultRule: {variation: disabled}
banner-color:
  variations: {calm: navy, loud: coral}
  defaultRule: {variation: calm}
  version: "1.2"
"#;

const BAD: &str = r#"
new-checkout:
  variations: {enabled: true, disabled: false}
  targetting:
    - query: plan eq "pro"
      variation: enabled
  defaultRule: {variation: disabled}
banner-color:
  variations: {calm: navy, loud: coral}
  targeting:
    - query: plan eq
      variation: loud
  defaultRule: {variation: green}
"#;

const BROKEN: &str = "new-checkout:\n  variations: [\nbanner-color:\n";

#[test]
fn lint_as_text() {
    insta::assert_snapshot!(run(&["lint", "bad.yaml"]), @"
    warning[unknown-field]: a flag has no field `targetting`
     --> bad.yaml:3:3
      |
    3 |   targetting:
      |   ^^^^^^^^^^ flag new-checkout, targetting
      = help: did you mean `targeting`?

    error[query-syntax]: invalid query: a value is missing before the end of the query
      --> bad.yaml:10:21
       |
    10 |     - query: plan eq
       |                     ^ flag banner-color, targeting[0].query
       = help: write a text in double quotes, a number, true, false, null or a list

    error[unknown-variation]: invalid variation: green does not exist
      --> bad.yaml:12:28
       |
    12 |   defaultRule: {variation: green}
       |                            ^^^^^ flag banner-color, defaultRule.variation
       = help: the variations are `calm`, `loud`

    bad.yaml: 2 errors, 1 warning in 2 flags
    exit 1
    ");
    insta::assert_snapshot!(run(&["lint", "good.yaml"]), @"
    good.yaml: no problems in 2 flags
    exit 0
    ");
    insta::assert_snapshot!(run(&["lint", "broken.yaml"]), @"
    error[syntax]: unclosed bracket '['
     --> broken.yaml:2:15
      |
    2 |   variations: [
      |               ^
      = help: look for a missing comma or closing bracket

    broken.yaml: 1 error
    exit 1
    ");
    insta::assert_snapshot!(run(&["lint", "missing.yaml"]), @"
    ! error: impossible to find config file missing.yaml
    exit 1
    ");
    insta::assert_snapshot!(run(&["lint"]), @"
    ! error: impossible to find config file in the default locations [./,/goff/,/etc/opt/goff/]
    exit 1
    ");
}

#[test]
fn lint_as_json() {
    insta::assert_snapshot!(run(&["lint", "--output", "json", "bad.yaml"]), @r#"
    {
      "errors": 2,
      "file": "bad.yaml",
      "findings": [
        {
          "code": "unknown-field",
          "flag": "new-checkout",
          "hint": "did you mean `targeting`?",
          "message": "a flag has no field `targetting`",
          "page": "docs/diagnostics.md#unknown-field",
          "path": "targetting",
          "place": {
            "column": 3,
            "end": 73,
            "line": 3,
            "start": 63
          },
          "severity": "warning"
        },
        {
          "code": "query-syntax",
          "flag": "banner-color",
          "hint": "write a text in double quotes, a number, true, false, null or a list",
          "message": "invalid query: a value is missing before the end of the query",
          "page": "docs/diagnostics.md#query-syntax",
          "path": "targeting[0].query",
          "place": {
            "column": 21,
            "end": 251,
            "line": 10,
            "start": 251
          },
          "severity": "error"
        },
        {
          "code": "unknown-variation",
          "flag": "banner-color",
          "hint": "the variations are `calm`, `loud`",
          "message": "invalid variation: green does not exist",
          "page": "docs/diagnostics.md#unknown-variation",
          "path": "defaultRule.variation",
          "place": {
            "column": 28,
            "end": 306,
            "line": 12,
            "start": 301
          },
          "severity": "error"
        }
      ],
      "flags": 2,
      "infos": 0,
      "warnings": 1
    }
    exit 1
    "#);
    insta::assert_snapshot!(run(&["lint", "--output", "json", "good.yaml"]), @r#"
    {
      "errors": 0,
      "file": "good.yaml",
      "findings": [],
      "flags": 2,
      "infos": 0,
      "warnings": 0
    }
    exit 0
    "#);
}

#[test]
fn lint_as_sarif() {
    // what the rules say is the page of the diagnostics, word for word; the order is what counts here
    let shown = run(&["lint", "--output", "sarif", "bad.yaml"]);
    let (document, end) = shown.rsplit_once('\n').expect("a line about the end");
    let mut document: Value = serde_json::from_str(document).expect("SARIF is JSON");
    let driver = &mut document["runs"][0]["tool"]["driver"];
    assert_eq!(driver["version"].take(), env!("CARGO_PKG_VERSION"));
    for rule in driver["rules"].as_array_mut().expect("rules are a list") {
        for text in ["/shortDescription/text", "/help/text", "/help/markdown"] {
            let text = rule.pointer_mut(text).expect("a rule is explained").take();
            assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{rule}");
        }
    }
    insta::assert_snapshot!(format!("{document:#}\n{end}"), @r#"
    {
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
      "runs": [
        {
          "columnKind": "unicodeCodePoints",
          "results": [
            {
              "level": "warning",
              "locations": [
                {
                  "logicalLocations": [
                    {
                      "fullyQualifiedName": "new-checkout.targetting",
                      "kind": "member",
                      "name": "new-checkout"
                    }
                  ],
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "bad.yaml"
                    },
                    "region": {
                      "byteLength": 10,
                      "byteOffset": 63,
                      "startColumn": 3,
                      "startLine": 3
                    }
                  }
                }
              ],
              "message": {
                "text": "a flag has no field `targetting` (did you mean `targeting`?)"
              },
              "ruleId": "unknown-field"
            },
            {
              "level": "error",
              "locations": [
                {
                  "logicalLocations": [
                    {
                      "fullyQualifiedName": "banner-color.targeting[0].query",
                      "kind": "member",
                      "name": "banner-color"
                    }
                  ],
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "bad.yaml"
                    },
                    "region": {
                      "byteLength": 0,
                      "byteOffset": 251,
                      "startColumn": 21,
                      "startLine": 10
                    }
                  }
                }
              ],
              "message": {
                "text": "invalid query: a value is missing before the end of the query (write a text in double quotes, a number, true, false, null or a list)"
              },
              "ruleId": "query-syntax"
            },
            {
              "level": "error",
              "locations": [
                {
                  "logicalLocations": [
                    {
                      "fullyQualifiedName": "banner-color.defaultRule.variation",
                      "kind": "member",
                      "name": "banner-color"
                    }
                  ],
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "bad.yaml"
                    },
                    "region": {
                      "byteLength": 5,
                      "byteOffset": 301,
                      "startColumn": 28,
                      "startLine": 12
                    }
                  }
                }
              ],
              "message": {
                "text": "invalid variation: green does not exist (the variations are `calm`, `loud`)"
              },
              "ruleId": "unknown-variation"
            }
          ],
          "tool": {
            "driver": {
              "name": "flagstaff",
              "rules": [
                {
                  "defaultConfiguration": {
                    "level": "warning"
                  },
                  "help": {
                    "markdown": null,
                    "text": null
                  },
                  "helpUri": "docs/diagnostics.md#unknown-field",
                  "id": "unknown-field",
                  "shortDescription": {
                    "text": null
                  }
                },
                {
                  "defaultConfiguration": {
                    "level": "error"
                  },
                  "help": {
                    "markdown": null,
                    "text": null
                  },
                  "helpUri": "docs/diagnostics.md#query-syntax",
                  "id": "query-syntax",
                  "shortDescription": {
                    "text": null
                  }
                },
                {
                  "defaultConfiguration": {
                    "level": "error"
                  },
                  "help": {
                    "markdown": null,
                    "text": null
                  },
                  "helpUri": "docs/diagnostics.md#unknown-variation",
                  "id": "unknown-variation",
                  "shortDescription": {
                    "text": null
                  }
                }
              ],
              "version": null
            }
          }
        }
      ],
      "version": "2.1.0"
    }
    exit 1
    "#);
    insta::assert_snapshot!(run(&["lint", "-o", "sarif", "good.yaml"]).replace(env!("CARGO_PKG_VERSION"), "VERSION"), @r#"
    {
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
      "runs": [
        {
          "columnKind": "unicodeCodePoints",
          "results": [],
          "tool": {
            "driver": {
              "name": "flagstaff",
              "rules": [],
              "version": "VERSION"
            }
          }
        }
      ],
      "version": "2.1.0"
    }
    exit 0
    "#);
}

#[test]
fn lint_as_goff() {
    insta::assert_snapshot!(run(&["lint", "--output", "goff", "bad.yaml"]), @"
    ! ERROR: bad.yaml: invalid flag banner-color: invalid query: a value is missing before the end of the query
    ! ERROR: error executing command: invalid GO Feature Flag configuration
    exit 1
    ");
    insta::assert_snapshot!(run(&["lint", "--output", "goff", "good.yaml"]), @"
    INFO: Valid GO Feature Flag configuration
    exit 0
    ");
    insta::assert_snapshot!(run(&["lint", "--output", "goff", "missing.yaml"]), @"
    ! ERROR: error executing command: impossible to find config file missing.yaml
    exit 1
    ");
}

#[test]
fn evaluate_one_flag_and_all() {
    let context = r#"{"targetingKey": "user-1", "plan": "pro"}"#;
    let (good, bad) = (["evaluate", "--path", "good.yaml"], ["evaluate", "--path", "bad.yaml"]);
    let evaluate = |file: [&str; 3], more: &[&str]| run(&[&file, more].concat());
    insta::assert_snapshot!(evaluate(good, &["--ctx", context, "--flag", "new-checkout"]), @r#"
    {
      "new-checkout": {
        "trackEvents": true,
        "variationType": "enabled",
        "failed": false,
        "version": "",
        "reason": "TARGETING_MATCH",
        "errorCode": "",
        "value": true,
        "cacheable": true,
        "metadata": {
          "evaluatedRuleName": "paying"
        }
      }
    }
    exit 0
    "#);
    insta::assert_snapshot!(evaluate(good, &["--ctx", context]), @r#"
    {
      "banner-color": {
        "trackEvents": true,
        "variationType": "calm",
        "failed": false,
        "version": "1.2",
        "reason": "STATIC",
        "errorCode": "",
        "value": "navy",
        "cacheable": true
      },
      "new-checkout": {
        "trackEvents": true,
        "variationType": "enabled",
        "failed": false,
        "version": "",
        "reason": "TARGETING_MATCH",
        "errorCode": "",
        "value": true,
        "cacheable": true,
        "metadata": {
          "evaluatedRuleName": "paying"
        }
      }
    }
    exit 0
    "#);
    insta::assert_snapshot!(evaluate(good, &["--ctx", context, "--flag", "unknown"]), @"
    ! error: flag unknown is not present or disabled
    exit 1
    ");
    insta::assert_snapshot!(evaluate(good, &["--ctx", "{"]), @"
    ! error: --ctx is not JSON: EOF while parsing an object at line 1 column 1
    exit 1
    ");
    // a bad flag is left out and named, the others are evaluated
    insta::assert_snapshot!(evaluate(bad, &["--ctx", context]), @r#"
    {
      "new-checkout": {
        "trackEvents": true,
        "variationType": "disabled",
        "failed": false,
        "version": "",
        "reason": "STATIC",
        "errorCode": "",
        "value": false,
        "cacheable": true
      }
    }
    ! bad.yaml:10:21: error: flag banner-color: invalid query: a value is missing before the end of the query [query-syntax]
    ! bad.yaml:12:28: error: flag banner-color: invalid variation: green does not exist [unknown-variation]
    exit 0
    "#);
    insta::assert_snapshot!(run(&["evaluate", "--path", "broken.yaml"]), @"
    ! broken.yaml:2:15: error: unclosed bracket '[' [syntax]
    ! error: broken.yaml is no flag file: see above
    exit 1
    ");
    insta::assert_snapshot!(run(&["evaluate", "--path", "missing.yaml"]), @"
    ! error: no such file (path: missing.yaml)
    exit 1
    ");
}

#[test]
fn version() {
    let expected = format!("flagstaff {}\nexit 0", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&["--version"]), expected);
    assert_eq!(run(&["-V"]), expected);
}

#[test]
fn arguments_that_are_not_understood() {
    insta::assert_snapshot!(run(&["--configuration", "x"]), @"
    ! error: unexpected argument '--configuration' found
    !
    !   tip: a similar argument exists: '--config'
    !
    ! Usage: flagstaff --config <FILE>
    !
    ! For more information, try '--help'.
    exit 2
    ");
    insta::assert_snapshot!(run(&["serve"]), @"
    ! error: unrecognized subcommand 'serve'
    !
    ! Usage: flagstaff [OPTIONS]
    !        flagstaff <COMMAND>
    !
    ! For more information, try '--help'.
    exit 2
    ");
    insta::assert_snapshot!(run(&["lint", "--output", "xml", "good.yaml"]), @"
    ! error: invalid value 'xml' for '--output <OUTPUT>'
    !   [possible values: text, json, sarif, goff]
    !
    ! For more information, try '--help'.
    exit 2
    ");
}

#[test]
fn completions() {
    for (shell, part) in [
        ("bash", "complete -F _flagstaff"),
        ("zsh", "#compdef flagstaff"),
        ("fish", "complete -c flagstaff"),
    ] {
        let shown = run(&["completions", shell]);
        assert!(shown.contains(part) && shown.ends_with("\nexit 0"), "{shell}: {shown}");
        assert!(
            shown.contains("evaluate") && shown.contains("sarif"),
            "{shell}: {shown}"
        );
    }
}

#[test]
fn a_relay_that_cannot_serve() {
    insta::assert_snapshot!(run(&["relay", "--config", "missing.yaml"]), @"
    ! error: configuration error
    ! missing.yaml: cannot be read: No such file or directory (os error 2)
    exit 1
    ");
    insta::assert_snapshot!(run(&["--config", "missing.yaml"]), @"
    ! error: configuration error
    ! missing.yaml: cannot be read: No such file or directory (os error 2)
    exit 1
    ");
    insta::assert_snapshot!(run(&["relay"]), @"
    ! error: configuration error
    ! configuration: no configuration found: none of goff-proxy.yaml, goff-proxy.toml, goff-proxy.json, goff-proxy.yml in ./, /goff/, /etc/opt/goff/, and no setting in the environment; write a goff-proxy.yaml like `retriever: {kind: file, path: flags.yaml}`, or name one with --config
    exit 1
    ");
    let time = Regex::new(r#""ts":[0-9.]+"#).expect("an expression");
    let shown = run(&["relay", "--config", "no-flags.yaml"]);
    insta::assert_snapshot!(time.replace_all(&shown, r#""ts":TIME"#), @r#"
    ! {"level":"error","ts":TIME,"msg":"cannot fetch flags: there are no flags of this source yet","flag_set":"default","source":"missing.yaml","error":"no such file (path: missing.yaml)"}
    ! error: the relay cannot serve: flag set "default" cannot start: cannot retrieve the flags from missing.yaml: no such file (path: missing.yaml)
    exit 1
    "#);
}

/// Runs the program in a folder with the flag files: what it prints, lines of standard error marked with `!`, and how it ends.
fn run(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let no_flags = "hideBanner: true\nretriever: {kind: file, path: missing.yaml}\n";
    for (name, text) in [
        ("good.yaml", GOOD),
        ("bad.yaml", BAD),
        ("broken.yaml", BROKEN),
        ("no-flags.yaml", no_flags),
    ] {
        fs::write(folder.path().join(name), text.trim_start()).expect("a file can be written");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_flagstaff"));
    let done = command.args(arguments).current_dir(folder.path()).env_clear().output();
    let done = done.expect("the program can be run");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
    let mut shown = text(done.stdout);
    for line in text(done.stderr).lines() {
        shown.push_str(format!("! {line}").trim_end());
        shown.push('\n');
    }
    let code = done.status.code().expect("the program is not killed");
    shown + &format!("exit {code}")
}
