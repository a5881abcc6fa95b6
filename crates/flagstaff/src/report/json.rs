//! One JSON document for programs.

use std::io::{self, Write};

use flagstaff_definition::diagnostic::{Diagnostic, Severity};
use serde_json::{Value, json};

use super::{PAGE, severity_name};
use crate::flag_file::FlagFile;

/// Writes the document. Lines and columns count from 1, columns in characters; bytes count from 0.
pub(crate) fn write(out: &mut impl Write, file: &FlagFile) -> io::Result<()> {
    let document = json!({
        "file": &*file.name,
        "flags": file.document.entries.len(),
        "errors": file.count(Severity::Error),
        "warnings": file.count(Severity::Warning),
        "infos": file.count(Severity::Info),
        "findings": file.findings.iter().map(finding).collect::<Value>(),
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
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
