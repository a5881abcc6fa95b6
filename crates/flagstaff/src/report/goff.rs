//! The lines of GO Feature Flag's own linter: the first error of each flag, and a closing line.

use std::io::{self, Write};

use flagstaff_definition::diagnostic::{Diagnostic, Severity};
use flagstaff_engine::validate::first_goff_error;

use crate::flag_file::FlagFile;

/// Writes a line about each bad flag to `errors`, or says on `out` that there is none.
pub(crate) fn write(out: &mut impl Write, errors: &mut impl Write, file: &FlagFile, format: &str) -> io::Result<()> {
    if file.count(Severity::Error) == 0 {
        return writeln!(out, "INFO: Valid GO Feature Flag configuration");
    }
    if file.unreadable {
        let reason = file.findings.first().map_or("no document", |found| &found.message);
        let failure = anyhow::anyhow!("{}: could not parse file ({format}): {reason}", file.name);
        return write_failure(errors, &failure);
    }
    for entry in &file.document.entries {
        let found: Vec<Diagnostic> = file
            .findings
            .iter()
            .filter(|found| found.flag.as_ref() == Some(&entry.key))
            .cloned()
            .collect();
        if let Some(first) = first_goff_error(&found) {
            writeln!(
                errors,
                "ERROR: {}: invalid flag {}: {}",
                file.name, entry.key, first.message
            )?;
        }
    }
    write_failure(errors, &anyhow::anyhow!("invalid GO Feature Flag configuration"))
}

/// Writes the line with which the command ends when it fails.
pub(crate) fn write_failure(errors: &mut impl Write, failure: &anyhow::Error) -> io::Result<()> {
    writeln!(errors, "ERROR: error executing command: {failure:#}")
}
