//! One JSON document for programs.

use std::io::{self, Write};

use flagstaff_definition::diagnostic::{Diagnostic, Severity};
use serde_json::{Value, json};

use super::{PAGE, severity_name};
use crate::flag_file::FlagFile;

/// Writes the document: that of the only file, or else a list of them with the failures of sources. Lines and columns count from 1,
/// columns in characters; bytes count from 0.
pub(crate) fn write(out: &mut impl Write, files: &[FlagFile], failures: Option<&[String]>) -> io::Result<()> {
    let document = match (files, failures) {
        ([file], None) => document(file),
        _ => json!({"files": files.iter().map(document).collect::<Value>(), "failures": failures}),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn document(file: &FlagFile) -> Value {
    json!({
        "file": &*file.name,
        "flags": file.document.entries.len(),
        "errors": file.count(Severity::Error),
        "warnings": file.count(Severity::Warning),
        "infos": file.count(Severity::Info),
        "findings": file.findings.iter().map(finding).collect::<Value>(),
    })
}

fn finding(found: &Diagnostic) -> Value {
    let code = found.code.name();
    let place = found
        .span
        .map(|span| json!({"line": span.line, "column": span.column, "start": span.start, "end": span.end}));
    json!({
        "severity": severity_name(found.severity),
        "code": code,
        "message": found.message,
        "hint": found.hint,
        "flag": found.flag.as_deref(),
        "path": found.path,
        "place": place,
        "page": format!("{PAGE}#{code}"),
    })
}
