//! Keys in files, and rights that an edit takes away.

use std::fs;
use std::process::Command;

use super::edits::{SETS, expect, wait_for};
use super::*;

const SECRET: &str = "SERVER\nretriever: {kind: file, path: one.yaml}\nauthorizedKeys: {evaluation: {file: secret}}\n";

#[test]
fn keys_in_files_come_and_go() {
    let relay = start_with(&[("secret", "k1\n")], SECRET);
    let (lets_in, refuses) = (json!("one"), json!(401));
    expect(&relay, &[("k1", lets_in.clone()), ("", refuses.clone())]);
    let write = |text: &str| relay.workspace().write("secret", text).unwrap();
    write("k1\nk2\n");
    wait_for(&relay, &[("k2", lets_in.clone()), ("k1", lets_in.clone())]);
    write("# the old one is gone\nk2\n");
    wait_for(&relay, &[("k1", refuses.clone()), ("k2", lets_in.clone())]);
    assert!(!relay.log().contains("k2"), "{}", relay.log());
}

#[test]
fn a_file_without_keys_changes_nothing() {
    let relay = start_with(&[("secret", "k1\n")], SECRET);
    let unchanged = [("k1", json!("one")), ("", json!(401))];
    let secret = relay.workspace().path("secret");
    fs::write(&secret, "# none left\n").unwrap();
    relay.wait_until("the complaint", |relay| relay.log().contains("holds no key"));
    expect(&relay, &unchanged);
    fs::write(&secret, "sha256:nonsense\n").unwrap();
    relay.wait_until("the complaint", |relay| relay.log().contains("line 1 is not sha256:"));
    expect(&relay, &unchanged);
    fs::remove_file(&secret).unwrap();
    relay.wait_until("the complaint", |relay| relay.log().contains("cannot be read"));
    expect(&relay, &unchanged);
    fs::write(&secret, "k2\n").unwrap();
    wait_for(&relay, &[("k1", json!(401)), ("k2", json!("one"))]);
}

#[test]
fn a_folder_of_keys_that_an_edit_names_may_come_later() {
    let relay = start_with(&[("secret", "k1\n")], SECRET);
    write(relay.workspace(), &SECRET.replace("file: secret", "file: secrets"));
    relay.wait_until("the complaint", |relay| relay.log().contains("cannot be read"));
    expect(&relay, &[("k1", json!("one")), ("", json!(401))]);
    fs::create_dir(relay.workspace().path("secrets")).unwrap();
    fs::write(relay.workspace().path("secrets/web"), "k2\n").unwrap();
    wait_for(&relay, &[("k1", json!(401)), ("k2", json!("one"))]);
    fs::write(relay.workspace().path("secrets/ios"), "k3\n").unwrap();
    wait_for(&relay, &[("k2", json!("one")), ("k3", json!("one"))]);
}

#[test]
fn a_start_without_its_keys_fails() {
    for (files, reason) in [(&[][..], "cannot be read"), (&[("secret", "\n")], "holds no key")] {
        let workspace = Workspace::new().unwrap();
        for (file, text) in [("one.yaml", &*flag("one"))].into_iter().chain(files.iter().copied()) {
            workspace.write(file, text).unwrap();
        }
        write(&workspace, SECRET);
        let mut command = Command::new(env!("CARGO_BIN_EXE_flagstaff"));
        command.args(["relay", "--config", "goff-proxy.yaml"]).env_clear();
        let output = command.current_dir(workspace.path(".")).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn a_new_key_works_where_its_hash_is_written() {
    for (scope, list, change) in [
        ("client", "evaluation", 403),
        ("server", "evaluation", 200),
        ("admin", "admin", 200),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_flagstaff"))
            .args(["key", "new", "--scope", scope, "--name", "a \"name\": yes"])
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let key = printed
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("key:    "))
            .unwrap();
        let (_, settings) = printed.split_once("\n\nauthorizedKeys:").unwrap();
        assert!(settings.contains(&format!("\n  {list}:\n")), "{printed}");
        let relay = start(&format!(
            "SERVER\nretriever: {{kind: file, path: one.yaml}}\nauthorizedKeys:{settings}"
        ));
        expect(&relay, &[(key, json!("one"))]);
        let asked = relay.ask(&Request::get("/v1/flag/change").header("X-API-Key", key));
        assert_eq!(asked.status, change, "{printed}");
    }
}

#[test]
fn what_an_edit_takes_away_is_gone_at_once() {
    let relay = start(&SETS.replace("[k1]", "[k1, k3, k4]"));
    let change = |key: &str| {
        relay
            .ask(&Request::get("/v1/flag/change").header("X-API-Key", key))
            .status
    };
    assert_eq!([change("k1"), change("k3")], [200, 200]);
    // its new source keeps the edit from being in effect as a whole
    let edit = SETS
        .replace("[k1]", "[{key: k1, scope: client}]")
        .replace("[k2]", "[k2, k3]");
    write(relay.workspace(), &edit.replace("two.yaml", "late.yaml"));
    relay.wait_until("the complaint", |relay| relay.log().contains("waits for its sources"));
    expect(
        &relay,
        &[
            ("k1", json!("one")),
            ("k2", json!("two")),
            // it moves when the edit is in effect
            ("k3", json!("one")),
            ("k4", json!(401)),
        ],
    );
    assert_eq!(change("k1"), 403);
    relay.workspace().write("late.yaml", &flag("late")).unwrap();
    wait_for(&relay, &[("k1", json!("one")), ("k3", json!("late"))]);
}
