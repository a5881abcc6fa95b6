//! What people and tools do to a flag file while a relay serves it: no request fails, no flag is lost, and the log says where
//! the file is wrong.

mod load;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;

use flagstaff_testkit::http::Request;
use flagstaff_testkit::relay::{Relay, Workspace};
use serde_json::{Value, json};

use load::Load;

/// How many flags the file holds.
const FLAGS: usize = 350;

/// The flag that every good edit changes.
const EDITED: &str = "flag-100";

const CONFIGURATION: &str = "\
server: {host: 127.0.0.1, port: 18031}
hideBanner: true
logLevel: info
pollingInterval: 1000
retriever: {kind: file, path: flags.yaml}
authorizedKeys: {admin: [admin]}
";

#[test]
fn a_broken_edit() {
    insta::assert_snapshot!(
        survive("before", |workspace| {
            let broken = flag_file("broken").replace("flag-200:\n", "flag-200: [\n");
            workspace.write("flags.yaml", &broken)
        }),
        @"flags.yaml:1535:6: syntax: while parsing a flow mapping, did not find expected ',' or '}': the last good flags of this source stay"
    );
}

#[test]
fn a_truncated_file() {
    insta::assert_snapshot!(
        survive("before", |workspace| {
            let cut = flag_file("before").find("flag-200:").unwrap() + "flag-200:\n  variations:\n    a: ".len();
            let file = File::options().write(true).open(workspace.path("flags.yaml"))?;
            file.set_len(cut as u64)
        }),
        @"flags.yaml:1535:8: truncated-document: the document looks cut off: it ends inside of a flag, and 149 flags after it are gone: the last good flags of this source stay"
    );
}

#[test]
fn a_deleted_and_recreated_file() {
    insta::assert_snapshot!(
        survive("before", |workspace| fs::remove_file(workspace.path("flags.yaml"))),
        @"cannot fetch flags: the last good flags of this source stay: no such file (path: flags.yaml)"
    );
}

#[test]
fn an_emptied_file() {
    insta::assert_snapshot!(
        survive("before", |workspace| fs::write(workspace.path("flags.yaml"), "")),
        @"flags.yaml:1:1: empty-document: the file holds no flags: the last good flags of this source stay"
    );
}

#[test]
fn one_bad_flag_among_many() {
    // the bad flag keeps its last good version, and the edit of another flag in the same file arrives
    insta::assert_snapshot!(
        survive("together", |workspace| {
            let good = flag_file("together");
            let from = good.find("flag-200:").unwrap();
            let bad = good[from..].replacen(r#"query: plan eq "pro""#, "query: plan eq", 1);
            workspace.write("flags.yaml", &(good[..from].to_owned() + &bad))
        }),
        @"flags.yaml:1538:21: query-syntax: invalid query: a value is missing before the end of the query: the flag keeps its last good version"
    );
}

/// Damages the flag file of a relay under load, repairs it by a good edit, and returns the errors of the log. `served` is the value
/// of the edited flag while the file is damaged.
fn survive(served: &str, damage: impl FnOnce(&Workspace) -> io::Result<()>) -> String {
    let relay = start().expect("a folder can be filled");
    let flags = load::ask_for_all(&relay);
    assert_eq!((flags.len(), &flags[EDITED]), (FLAGS, &json!("before")));

    let load = Load::start(relay.address(), flags, EDITED);
    load.wait_for_more(&relay);
    damage(relay.workspace()).expect("the flag file can be damaged");
    refresh(&relay);
    load.wait_for_more(&relay);
    assert_eq!(load::ask_for_all(&relay)[EDITED], served);
    assert!(!errors(&relay).is_empty(), "nothing is logged:\n{}", relay.log());

    let repaired = relay.workspace().write("flags.yaml", &flag_file("after"));
    repaired.expect("the flag file can be repaired");
    assert!(refresh(&relay), "a good file is refused:\n{}", relay.log());
    assert_eq!(load::ask_for_all(&relay)[EDITED], "after");
    load.wait_for_more(&relay);
    load.finish();
    errors(&relay).into_iter().collect::<Vec<_>>().join("\n")
}

/// A relay that serves a good file.
fn start() -> io::Result<Relay> {
    let workspace = Workspace::new()?;
    workspace.write("goff-proxy.yaml", &workspace.with_port(CONFIGURATION))?;
    workspace.write("flags.yaml", &flag_file("before"))?;
    Ok(Relay::start(env!("CARGO_BIN_EXE_flagstaff"), workspace))
}

/// Makes the relay read its file now. Whether it could.
fn refresh(relay: &Relay) -> bool {
    let request = Request::post("/admin/v1/retriever/refresh", &json!({}));
    let answer = relay.ask(&request.header("Authorization", "Bearer admin"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["refreshed"].as_bool().expect("`refreshed` says whether")
}

/// The errors of the log, each once; every round that finds the same writes it again.
fn errors(relay: &Relay) -> BTreeSet<String> {
    let log = relay.log();
    // the last line may still be being written
    let whole = log.rfind('\n').map_or("", |end| &log[..end]);
    let lines = whole.lines().map(|line| {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("no JSON in the log ({error}): {line}"))
    });
    lines
        .filter(|line| line["level"] == "error")
        .map(|line| match line.get("error") {
            Some(error) => format!("{}: {}", line["msg"], error),
            None => format!(
                "{}:{}:{}: {}: {}",
                line["file"], line["line"], line["column"], line["code"], line["msg"]
            ),
        })
        .map(|line| line.replace('"', ""))
        .collect()
}

/// A file of static flags, splits and targeting rules, where the edited flag serves this value.
fn flag_file(edited: &str) -> String {
    let flag = |index: usize| {
        let (key, a) = match format!("flag-{index:03}") {
            key if key == EDITED => (key, edited.to_owned()),
            key => (key, format!("a{index}")),
        };
        let rules = match index % 3 {
            0 => "  defaultRule:\n    variation: a\n",
            1 => "  defaultRule:\n    percentage:\n      a: 40\n      b: 60\n",
            _ => "  targeting:\n    - query: plan eq \"pro\"\n      variation: b\n  defaultRule:\n    variation: a\n",
        };
        // the edited flag has one value whatever the rules say
        let b = if key == EDITED { a.clone() } else { format!("b{index}") };
        format!("{key}:\n  variations:\n    a: {a}\n    b: {b}\n{rules}")
    };
    (0..FLAGS).map(flag).collect()
}
