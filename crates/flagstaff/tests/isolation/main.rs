//! Flag sets are walls: whatever is asked, with whatever keys, an answer holds nothing of a set whose key did not let it in.

mod asking;
mod streams;

use std::collections::BTreeSet;

use flagstaff_testkit::http::Response;
use flagstaff_testkit::relay::{Relay, Workspace};
use proptest::collection::vec;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use asking::{Asking, asking};

/// The sets. Each has the same flags under names of its own, and one under a name that all of them have.
const SETS: [&str; 3] = ["red", "green", "blue"];

/// A flag that is in every set.
const SHARED: &str = "shared";

/// Kinds of flags, by what stands in their names.
const FLAGS: [&str; 4] = ["static", "split", "targeted", "disabled"];

/// What names of a set's own flags begin with.
fn name(set: &str) -> String {
    format!("{set}-flag-")
}

/// What is in every value, variation, rule, metadata and attribute of a set, and is never asked for.
fn secret(set: &str) -> String {
    format!("{set}-secret")
}

#[test]
fn no_request_shows_what_belongs_to_another_set() {
    let relay = start();
    let mut seen = BTreeSet::new();
    let mut runner = TestRunner::new(Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    });
    let seen_by_cases = std::cell::RefCell::new(&mut seen);
    // several requests share a connection, as callers behind a proxy do
    let outcome = runner.run(&vec(asking(), 1..12), |askings| {
        let mut connection = relay.connect()?;
        for asking in askings {
            let answer = asking.ask(&mut connection)?;
            check(&asking, &answer)?;
            if let Some(set) = asking.admitted().filter(|set| text(&answer).contains(&secret(set))) {
                seen_by_cases.borrow_mut().insert(set);
            }
            if asking.ends_connection(&answer) {
                connection = relay.connect()?;
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(seen.len(), SETS.len(), "some sets answered nobody: {seen:?}");
}

/// Looks for what is not the caller's.
fn check(asking: &Asking, answer: &Response) -> Result<(), TestCaseError> {
    let (text, admitted) = (text(answer), asking.admitted());
    for set in SETS.into_iter().filter(|set| admitted != Some(set)) {
        let leaks = text.contains(&secret(set))
            // names of flags are labels of metrics, which nobody needs a key for
            || (!asking.names_flags_of(set) && !asking.is_monitoring() && text.contains(&name(set)));
        if leaks {
            let problem = format!("{asking:?} is let in for {admitted:?} and shows {set}: {text}");
            return Err(TestCaseError::fail(problem));
        }
    }
    Ok(())
}

/// Everything that an answer says.
fn text(answer: &Response) -> String {
    let headers = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
    headers.collect::<String>() + &answer.text()
}

fn start() -> Relay {
    let workspace = Workspace::new().expect("there can be a folder");
    let mut settings = "\
server: {host: 127.0.0.1, port: 18031}
hideBanner: true
logLevel: error
swagger: {enabled: true}
enableBulkMetricFlagNames: true
authorizedKeys: {admin: [admin-key], evaluation: [top-key]}
flagSets:
- {name: gone, apiKeys: [gone-key], retriever: {kind: file, path: missing.yaml}}
"
    .to_owned();
    for set in SETS {
        settings.push_str(&format!(
            "- name: {set}\n  \
               apiKeys: [{set}-key, {{key: {set}-client-key, scope: client}}]\n  \
               evaluationContextEnrichment: {{owner: {}}}\n  \
               retriever: {{kind: file, path: {set}.yaml}}\n",
            secret(set)
        ));
        let file = workspace.write(&format!("{set}.yaml"), &flags(set));
        file.expect("the folder can be written");
    }
    let file = workspace.write("goff-proxy.yaml", &workspace.with_port(&settings));
    file.expect("the folder can be written");
    Relay::start(env!("CARGO_BIN_EXE_flagstaff"), workspace)
}

/// The flag file of a set.
fn flags(set: &str) -> String {
    let (name, secret) = (name(set), secret(set));
    let mut file = String::new();
    for key in FLAGS
        .map(|flag| format!("{name}{flag}"))
        .iter()
        .map(String::as_str)
        .chain([SHARED])
    {
        let rest = match key.strip_prefix(&*name) {
            Some("split") => format!("defaultRule: {{percentage: {{{secret}-on: 50, {secret}-off: 50}}}}"),
            Some("targeted") => format!(
                "targeting: [{{name: {secret}-rule, query: 'plan eq \"pro\" or owner eq \"{secret}\"', variation: {secret}-off}}]\n  \
                 defaultRule: {{variation: {secret}-on}}"
            ),
            Some("disabled") => format!("disable: true\n  defaultRule: {{variation: {secret}-on}}"),
            _ => format!("defaultRule: {{variation: {secret}-on}}"),
        };
        file.push_str(&format!(
            "{key}:\n  \
               variations: {{{secret}-on: {secret}-value, {secret}-off: {secret}-other}}\n  \
               version: {secret}-1\n  \
               metadata: {{defaultValue: {secret}-default, description: {secret}-text}}\n  \
               {rest}\n"
        ));
    }
    file
}
