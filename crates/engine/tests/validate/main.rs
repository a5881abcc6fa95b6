//! What validation says about flags: a flag file in, findings out.

mod differences;
mod errors;
mod schedule;
mod warnings;

use std::collections::BTreeSet;
use std::fmt::Write;

use flagstaff_definition::diagnostic::{Code, Diagnostic, Severity};
use flagstaff_definition::document::Document;
use flagstaff_definition::format::Format;
use flagstaff_definition::timestamp::{Instant, Timestamp};
use flagstaff_engine::validate::{first_goff_error, validate};

/// A flag file of one flag, and what is to be said about it.
struct Case {
    title: &'static str,
    flag: &'static str,
    /// One line for each finding: `severity code path line:column message`.
    found: &'static str,
}

const CASES: [&[Case]; 4] = [errors::CASES, warnings::CASES, schedule::CASES, differences::CASES];

fn now() -> Instant {
    Timestamp::parse("2024-06-01T00:00:00Z")
        .expect("the date is valid")
        .instant
}

fn found(flag: &str) -> Vec<Diagnostic> {
    let document = Document::parse(flag.trim_start_matches('\n'), Format::Yaml, None).expect("the text is a document");
    let entry = &document.entries[0];
    let definition = entry.parsed.definition.as_ref().expect("the flag decodes");
    let found = validate(&entry.key, definition, now());
    found.iter().map(|found| entry.absolute(found, None)).collect()
}

fn rendered(found: &[Diagnostic]) -> String {
    found.iter().map(rendered_line).collect()
}

fn rendered_line(found: &Diagnostic) -> String {
    let severity = format!("{:?}", found.severity).to_lowercase();
    let span = found.span.expect("the flag was read from a text");
    let (line, column) = (span.line, span.column);
    let path = if found.path.is_empty() { "." } else { &found.path };
    format!(
        "{severity} {} {path} {line}:{column} {}\n",
        found.code.name(),
        found.message
    )
}

#[test]
fn every_flag_has_its_findings() {
    let mut wrong = String::new();
    for case in CASES.into_iter().flatten() {
        let actual = rendered(&found(case.flag));
        if actual != case.found.trim_start_matches('\n') {
            write!(wrong, "== {}\n{actual}", case.title).unwrap();
        }
    }
    assert!(wrong.is_empty(), "other findings than expected:\n{wrong}");
}

/// The codes of the groups `query`, `validation` and `differences`, but for those of the decoder.
#[test]
fn every_code_has_a_case() {
    let cases = CASES.into_iter().flatten();
    let seen: BTreeSet<_> = cases
        .flat_map(|case| found(case.flag))
        .map(|found| found.code)
        .collect();
    let first = Code::ALL.iter().position(|code| *code == Code::QuerySyntax).unwrap();
    let decoders = [
        Code::NativeDate,
        Code::LocalDate,
        Code::GeneralMapKey,
        Code::WideInteger,
    ];
    for code in Code::ALL[first..].iter().filter(|code| !decoders.contains(code)) {
        assert!(seen.contains(code), "no case of {}", code.name());
    }
}

#[test]
fn every_finding_says_what_to_do_and_where() {
    for case in CASES.into_iter().flatten() {
        for found in found(case.flag) {
            assert!(found.hint.is_some(), "{}: no hint for {}", case.title, found.message);
            assert!(found.span.is_some(), "{}: no place for {}", case.title, found.message);
            assert_eq!(found.flag.as_deref(), Some("f"));
        }
    }
}

/// GO Feature Flag stops at its first problem; what it does not know is passed over.
#[test]
fn the_first_problem_is_go_feature_flags() {
    let first = |flag| first_goff_error(&found(flag)).map(|found| found.message.clone());
    let several =
        "f: {variations: {a: 1}, targeting: [{name: x, variation: z}], defaultRule: {percentage: {a: -5, b: 9}}}";
    assert_eq!(
        first(several).as_deref(),
        Some("invalid percentage: variation b does not exist")
    );
    let only_ours = "f: {variations: {a: 1, b: 2}, defaultRule: {percentage: {a: -5, b: 9}}}";
    assert_eq!(first(only_ours).as_deref(), Some("negative percentage: a has -5"));
    let behind_ours = "f: {variations: {a: 1}, targeting: [{variation: a}], defaultRule: {percentage: {a: -5}}}";
    assert_eq!(
        first(behind_ours).as_deref(),
        Some("each targeting should have a query")
    );
    let sound = "f: {variations: {a: 1}, defaultRule: {variation: a}, experimentation: {}}";
    assert_eq!(first(sound), None);
}

/// Hints are sentences for people; these are the ones that compute something.
#[test]
fn hints_are_to_the_point() {
    let hint = |flag: &str| found(flag).remove(0).hint.unwrap();
    let split = "f: {variations: {a: 1, b: 2}, defaultRule: {percentage: {a: 10, b: 80}}}";
    assert_eq!(hint(split), "what is served: a 11.111 %, b 88.889 %");
    let names = "f: {variations: {on: 1, off: 2}, defaultRule: {variation: of}}";
    assert_eq!(hint(names), "the variations are `off`, `on`");
    let rollout = "f: {variations: {a: 1, b: 2}, defaultRule: {progressiveRollout: {\
                   initial: {variation: a, date: 2024-01-01T00:00:00Z}, \
                   end: {variation: b, percentage: 40, date: 2024-02-01T00:00:00Z}}}}";
    assert_eq!(
        hint(rollout),
        "it stays at 40 %: write that as `percentage` instead of the rollout"
    );
}

/// Numbers in messages that GO Feature Flag gives too are printed as Go prints them.
#[test]
fn percentages_are_printed_as_in_go() {
    let message = |initial: &str| {
        let step = |percentage: &str| format!("{{variation: a, percentage: {percentage}, date: 2024-05-01T00:00:00Z}}");
        let rollout = format!("{{initial: {}, end: {}}}", step(initial), step("0"));
        let flag = format!("f: {{variations: {{a: 1}}, defaultRule: {{progressiveRollout: {rollout}}}}}");
        let message = found(&flag).remove(0).message;
        message.rsplit(' ').next().unwrap().to_owned()
    };
    let printed = ["80", "12.5", "100000", "1234567", "0.0001", "0.00001"].map(message);
    assert_eq!(
        printed,
        ["80/0", "12.5/0", "100000/0", "1.234567e+06/0", "0.0001/0", "1e-05/0"]
    );
}

/// An error in a disabled rule or a scheduled step does not keep the flag from loading.
#[test]
fn disabled_rules_and_steps_cause_no_errors() {
    let valid = "f: {variations: {a: 1}, defaultRule: {variation: a}";
    let disabled = "targeting: [{query: plan = 1, percentage: {}, disable: true}]";
    let step = "scheduledRollout: [{date: 2024-07-01T00:00:00Z, targeting: [{query: plan = 1, variation: z}]}]";
    for part in [disabled, step] {
        let found = found(&format!("{valid}, {part}}}"));
        assert!(found.iter().all(|found| found.severity < Severity::Error), "{part}");
        assert!(found.iter().any(|found| found.severity == Severity::Warning), "{part}");
    }
}
