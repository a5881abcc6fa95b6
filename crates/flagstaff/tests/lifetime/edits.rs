//! Edits of the configuration.

use std::fs;

use super::*;

/// What callers with these keys get.
pub(super) type Callers<'c> = &'c [(&'c str, Value)];

/// Edits the configuration and waits until callers get what they should.
fn check(before: (&str, Callers<'_>), after: (&str, Callers<'_>)) {
    let relay = start(before.0);
    expect(&relay, before.1);
    write(relay.workspace(), after.0);
    wait_for(&relay, after.1);
    // the edit is in effect as a whole, and stays
    relay.wait_until("the edit", |relay| {
        relay.log().contains("the configuration is in effect")
    });
    expect(&relay, after.1);
}

/// Makes an edit that cannot be served: callers get what they got.
fn check_refused(before: (&str, Callers<'_>), edit: &str, reason: &str) {
    let relay = start(before.0);
    write(relay.workspace(), edit);
    relay.wait_until("the refusal", |relay| relay.log().contains(reason));
    expect(&relay, before.1);
}

pub(super) fn expect(relay: &Relay, callers: Callers<'_>) {
    for (key, expected) in callers {
        assert_eq!(evaluate(relay, key), *expected, "{key}\n{}", relay.log());
    }
}

pub(super) fn wait_for(relay: &Relay, callers: Callers<'_>) {
    relay.wait_until("what callers should get", |relay| {
        callers.iter().all(|(key, expected)| evaluate(relay, key) == *expected)
    });
}

const ONE: &str = "SERVER\nretriever: {kind: file, path: one.yaml}\n";

const KEYS: &str = "SERVER\nretriever: {kind: file, path: one.yaml}\nauthorizedKeys: {evaluation: [k1]}\n";

pub(super) const SETS: &str = "
SERVER
flagSets:
  - {name: a, apiKeys: [k1], retriever: {kind: file, path: one.yaml}}
  - {name: b, apiKeys: [k2], retriever: {kind: file, path: two.yaml}}
";

#[test]
fn keys_come_and_go() {
    check(
        (KEYS, &[("k1", json!("one")), ("k2", json!(401)), ("", json!(401))]),
        (&KEYS.replace("k1", "k2"), &[("k1", json!(401)), ("k2", json!("one"))]),
    );
}

#[test]
fn the_first_key_closes_and_the_last_one_opens() {
    check(
        (ONE, &[("", json!("one"))]),
        (KEYS, &[("", json!(401)), ("k1", json!("one"))]),
    );
    check((KEYS, &[("", json!(401))]), (ONE, &[("", json!("one"))]));
}

#[test]
fn sources_are_edited() {
    check(
        (ONE, &[("", json!("one"))]),
        (&ONE.replace("one", "two"), &[("", json!("two"))]),
    );
}

#[test]
fn enrichment_is_edited() {
    let relay = start(ONE);
    let rule = "flag: {variations: {v: plain, p: prod}, targeting: [{query: env eq \"prod\", variation: p}], defaultRule: {variation: v}}\n";
    relay.workspace().write("rule.yaml", rule).unwrap();
    let configuration = ONE.replace("one", "rule");
    write(relay.workspace(), &configuration);
    wait_for(&relay, &[("", json!("plain"))]);
    write(
        relay.workspace(),
        &format!("{configuration}evaluationContextEnrichment: {{env: prod}}\n"),
    );
    wait_for(&relay, &[("", json!("prod"))]);
}

#[test]
fn flag_sets_are_added_removed_and_edited() {
    let both = [("k1", json!("one")), ("k2", json!("two"))];
    let first = SETS
        .lines()
        .filter(|line| !line.contains("name: b"))
        .collect::<Vec<_>>()
        .join("\n");
    check((&first, &[("k1", json!("one")), ("k2", json!(401))]), (SETS, &both));
    check((SETS, &both), (&first, &[("k1", json!("one")), ("k2", json!(401))]));
    check(
        (SETS, &both),
        (&SETS.replace("two.yaml", "one.yaml"), &[("k2", json!("one"))]),
    );
    check(
        (SETS, &both),
        (
            &SETS.replace("[k2]", "[k3]"),
            &[("k2", json!(401)), ("k3", json!("two"))],
        ),
    );
    check((SETS, &both), (&SETS.replace("name: b", "name: c"), &both));
}

#[test]
fn a_set_without_a_name_is_known_by_its_keys() {
    let unnamed = SETS.replace("name: b, ", "");
    check(
        (&unnamed, &[("k2", json!("two"))]),
        (
            &unnamed.replace("two.yaml", "one.yaml"),
            &[("k1", json!("one")), ("k2", json!("one"))],
        ),
    );
}

#[test]
fn what_cannot_be_served_changes_nothing() {
    let closed = (KEYS, &[("k1", json!("one")), ("", json!(401))][..]);
    for edit in [
        "authorizedKeys: [\n",
        "",
        "SERVER\nlogLevel: loud\nretriever: {kind: file, path: one.yaml}\n",
    ] {
        check_refused(closed, edit, "it will not be applied");
    }
    check_refused(
        (ONE, &[("", json!("one"))]),
        SETS,
        "switching from default to flagsets mode",
    );
    let twice = SETS.replace("[k2]", "[k2, k1]");
    check_refused(
        (SETS, &[("k1", json!("one")), ("k2", json!("two"))]),
        &twice,
        "used by multiple flagsets",
    );
}

#[test]
fn a_new_source_is_waited_for_but_removed_keys_are_not() {
    let relay = start(KEYS);
    let edit = KEYS.replace("k1", "k2").replace("one.yaml", "late.yaml");
    write(relay.workspace(), &edit);
    relay.wait_until("the complaint", |relay| relay.log().contains("waits for its sources"));
    expect(&relay, &[("k1", json!(401)), ("k2", json!(401)), ("", json!(401))]);
    relay.workspace().write("late.yaml", &flag("late")).unwrap();
    wait_for(&relay, &[("k2", json!("late"))]);
}

#[test]
fn a_set_that_could_not_start_joins_later_and_until_then_says_why_not() {
    let relay = start(&SETS.replace("two.yaml", "late.yaml"));
    expect(&relay, &[("k1", json!("one")), ("k2", json!(400))]);
    relay.workspace().write("late.yaml", "[no flags]").unwrap();
    relay.wait_until("another reason", |relay| {
        let log = relay.log();
        let mut lines = log.lines().filter(|line| line.contains("flag set still cannot start"));
        lines.any(|line| line.contains("found a list"))
    });
    relay.workspace().write("late.yaml", &flag("late")).unwrap();
    wait_for(&relay, &[("k1", json!("one")), ("k2", json!("late"))]);
}

#[test]
fn a_file_that_was_away_is_followed_again() {
    let relay = start(KEYS);
    fs::remove_file(relay.workspace().path("goff-proxy.yaml")).unwrap();
    relay.wait_until("the complaint", |relay| relay.log().contains("cannot be read"));
    expect(&relay, &[("k1", json!("one")), ("", json!(401))]);
    write(relay.workspace(), &KEYS.replace("k1", "k2"));
    wait_for(&relay, &[("k1", json!(401)), ("k2", json!("one"))]);
}

#[test]
fn what_needs_a_restart_is_named() {
    let relay = start(ONE);
    write(
        relay.workspace(),
        &format!("{ONE}disableVersionHeader: true\nauthorizedKeys: {{evaluation: [k1]}}\n"),
    );
    wait_for(&relay, &[("", json!(401)), ("k1", json!("one"))]);
    assert!(relay.log().contains("disableVersionHeader"), "{}", relay.log());
    assert!(
        relay
            .ask(&Request::get("/health"))
            .header("x-gofeatureflag-version")
            .is_some()
    );
}

#[test]
fn a_signal_reloads() {
    let relay = start(KEYS);
    relay.signal("HUP");
    write(relay.workspace(), &KEYS.replace("k1", "k2"));
    relay.signal("HUP");
    wait_for(&relay, &[("k1", json!(401)), ("k2", json!("one"))]);
}
