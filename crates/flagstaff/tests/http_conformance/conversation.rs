//! Plays the steps of a case.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use flagstaff_testkit::relay::Relay;
use serde_json::Value;

use crate::case::{Case, Recorded, Step, Until, Write};
use crate::compare::differ;

/// Plays a case; one line for each difference.
pub(crate) fn run(case: &Case, recorded: &[Recorded], relay: &Relay, setup: &Path) -> Vec<String> {
    let mut saved = BTreeMap::new();
    let mut found = Vec::new();
    for (index, step) in case.steps.iter().enumerate() {
        if step.request.is_some() {
            let want = recorded.get(index).cloned().unwrap_or_default();
            let lines = ask(step, &want, relay, &mut saved);
            found.extend(lines.into_iter().map(|line| format!("step {index}: {line}")));
        } else if let Some(change) = &step.write {
            write(change, relay, setup);
        } else if let Some(seconds) = step.wait {
            thread::sleep(Duration::from_secs_f64(seconds));
        } else if let Some(until) = &step.until {
            relay.wait_until(&case.id, |relay| reached(until, relay));
        } else {
            panic!("{}: step {index} is of no known kind", case.id);
        }
    }
    found
}

fn ask(step: &Step, want: &Recorded, relay: &Relay, saved: &mut BTreeMap<String, String>) -> Vec<String> {
    let request = step.request.as_ref().expect("a step with a request").to_request(saved);
    let got = match relay.try_ask(&request) {
        Ok(got) => got,
        Err(error) => return vec![format!("{} {}: {error}", request.method, request.path)],
    };
    let mut found = differ(want, &got, &step.compare, &step.expect);
    let header = |name: &str| got.header(&name.to_ascii_lowercase());
    for (name, of) in &step.save {
        saved.insert(name.clone(), header(of).unwrap_or_default());
    }
    for (of, name) in &step.same {
        if header(of).as_ref() != saved.get(name) {
            found.push(format!("header {of}: want the same as before, got {:?}", header(of)));
        }
    }
    for (of, name) in &step.changed {
        if header(of).is_none() || header(of).as_ref() == saved.get(name) {
            found.push(format!("header {of}: want another one than before"));
        }
    }
    found
}

fn write(change: &Write, relay: &Relay, setup: &Path) {
    let workspace = relay.workspace();
    let text = match &change.from {
        Some(from) => fs::read_to_string(setup.join(from)).expect("a file of the setup"),
        None => change.text.clone(),
    };
    let done = if change.remove {
        fs::remove_file(workspace.path(&change.file))
    } else if change.in_place {
        fs::write(workspace.path(&change.file), workspace.with_port(&text))
    } else {
        workspace.write(&change.file, &text)
    };
    done.unwrap_or_else(|error| panic!("{}: {error}", change.file));
}

fn reached(until: &Until, relay: &Relay) -> bool {
    let Ok(answer) = relay.try_ask(&until.request.to_request(&BTreeMap::new())) else {
        return false;
    };
    let holds = |part: &Value| serde_json::from_slice(&answer.body).is_ok_and(|whole: Value| contains(part, &whole));
    answer.status == until.status.unwrap_or(200)
        && until.json.as_ref().is_none_or(holds)
        && until.absent.as_ref().is_none_or(|text| !answer.text().contains(text))
}

/// Whether every member of `part` is one of `whole`.
fn contains(part: &Value, whole: &Value) -> bool {
    match part {
        Value::Object(members) => members
            .iter()
            .all(|(name, part)| whole.get(name).is_some_and(|whole| contains(part, whole))),
        _ => part == whole,
    }
}
