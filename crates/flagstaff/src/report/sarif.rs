//! SARIF 2.1.0, which code hosts show beside the lines of a change.

use std::io::{self, Write};

use flagstaff_definition::diagnostic::{Code, Diagnostic, Severity};
use serde_json::{Value, json};

use super::PAGE;
use crate::flag_file::FlagFile;

/// Writes one run with one result for each finding.
pub(crate) fn write(out: &mut impl Write, files: &[FlagFile]) -> io::Result<()> {
    let results = files
        .iter()
        .flat_map(|file| file.findings.iter().map(|found| result(found, &file.name)));
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "flagstaff",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": used(files).map(rule).collect::<Value>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Value>(),
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

/// The codes that occur, in the order of the reference page.
fn used(files: &[FlagFile]) -> impl Iterator<Item = Code> {
    let occurs = |code: &Code| {
        files
            .iter()
            .flat_map(|file| &file.findings)
            .any(|found| found.code == *code)
    };
    Code::ALL.iter().copied().filter(occurs)
}

fn rule(code: Code) -> Value {
    let explanation = code.explanation().trim();
    let summary = explanation.split("\n\n").next().unwrap_or_default();
    let summary: Vec<_> = summary.lines().map(str::trim).collect();
    json!({
        "id": code.name(),
        "shortDescription": {"text": summary.join(" ")},
        "help": {"text": explanation, "markdown": explanation},
        "helpUri": format!("{PAGE}#{}", code.name()),
        "defaultConfiguration": {"level": level(code.severity())},
    })
}

fn result(found: &Diagnostic, file: &str) -> Value {
    let mut physical = json!({"artifactLocation": {"uri": uri(file)}});
    if let Some(span) = found.span {
        physical["region"] = json!({
            "startLine": span.line,
            "startColumn": span.column,
            "byteOffset": span.start,
            "byteLength": span.end - span.start,
        });
    }
    let mut location = json!({"physicalLocation": physical});
    if let Some(flag) = &found.flag {
        let name = if found.path.is_empty() {
            flag.to_string()
        } else {
            format!("{flag}.{}", found.path)
        };
        location["logicalLocations"] = json!([{"name": &**flag, "fullyQualifiedName": name, "kind": "member"}]);
    }
    let text = match &found.hint {
        Some(hint) => format!("{} ({hint})", found.message),
        None => found.message.clone(),
    };
    json!({
        "ruleId": found.code.name(),
        "level": level(found.severity),
        "message": {"text": text},
        "locations": [location],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A path as a relative URI reference: what a URI cannot carry is percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.trim_start_matches("./").bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
