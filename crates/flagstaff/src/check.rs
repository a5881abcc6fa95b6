//! `flagstaff relay --check`: what a configuration comes to, and what is wrong with it.

use std::io::{self, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use flagstaff_relay::config::{self, Checked, Origin, Problem, Sources};
use serde_json::{Value, json};

use crate::command::CheckOutput;

const BOLD: Style = Style::new().bold();
const DIMMED: Style = Style::new().dimmed();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Origins stand in one column, unless a value is longer than this.
const WIDTH: usize = 60;

/// Reads the configuration and reports; a failure when it cannot be served.
pub(crate) fn run(sources: &Sources, output: CheckOutput) -> anyhow::Result<ExitCode> {
    let checked = config::check(sources);
    let mut out = anstream::stdout().lock();
    match output {
        CheckOutput::Text => write_text(&mut out, &checked)?,
        CheckOutput::Json => {
            serde_json::to_writer_pretty(&mut out, &document(&checked))?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(if checked.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// For people: a line for each setting with its origin behind it, then what is wrong.
fn write_text(out: &mut impl Write, checked: &Checked) -> io::Result<()> {
    let lines: Vec<_> = checked
        .settings
        .iter()
        .map(|setting| (format!("{}: {}", setting.path, plain(&setting.value)), &setting.origin))
        .collect();
    let lengths = lines.iter().map(|(line, _)| line.chars().count());
    let width = lengths.filter(|length| *length <= WIDTH).max().unwrap_or(0);
    for (line, origin) in &lines {
        writeln!(out, "{line:width$}  {DIMMED}# {origin}{DIMMED:#}")?;
    }
    if !lines.is_empty() {
        writeln!(out)?;
    }
    write_findings(out, "warning", WARNING, &checked.notices)?;
    write_findings(out, "error", ERROR, &checked.problems)?;
    let name = match &checked.file {
        Some(file) => file.display().to_string(),
        None => "configuration".to_owned(),
    };
    let counts = [(checked.problems.len(), "error"), (checked.notices.len(), "warning")];
    let counts: Vec<_> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| format!("{count} {noun}{}", if count == 1 { "" } else { "s" }))
        .collect();
    let counts = if counts.is_empty() {
        "no problems".to_owned()
    } else {
        counts.join(", ")
    };
    writeln!(out, "{BOLD}{name}: {counts}{BOLD:#}")
}

fn write_findings(out: &mut impl Write, noun: &str, style: Style, findings: &[Problem]) -> io::Result<()> {
    findings
        .iter()
        .try_for_each(|finding| writeln!(out, "{style}{noun}{style:#}: {finding}"))
}

/// A value as one would write it: texts without quotes where they need none.
fn plain(value: &Value) -> String {
    let needs_none = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|character| character.is_alphanumeric() || "-_./:@*+?=&%,".contains(character))
    };
    match value {
        Value::String(text) if needs_none(text) => text.clone(),
        _ => value.to_string(),
    }
}

/// For programs.
fn document(checked: &Checked) -> Value {
    let findings = |findings: &[Problem]| {
        findings
            .iter()
            .map(|finding| {
                json!({
                    "setting": finding.path,
                    "message": finding.message,
                    "origin": origin(&finding.origin),
                })
            })
            .collect::<Value>()
    };
    let settings = checked.settings.iter().map(|setting| {
        json!({
            "setting": setting.path,
            "value": setting.value,
            "origin": origin(&setting.origin),
        })
    });
    json!({
        "file": checked.file.as_ref().map(|file| file.display().to_string()),
        "settings": settings.collect::<Value>(),
        "warnings": findings(&checked.notices),
        "errors": findings(&checked.problems),
    })
}

/// Lines and columns count from 1, columns in characters.
fn origin(origin: &Origin) -> Value {
    match origin {
        Origin::File { file, line, column } => json!({"file": &**file, "line": line, "column": column}),
        Origin::WholeFile(file) => json!({"file": &**file}),
        Origin::Variable(name) => json!({"variable": &**name}),
        Origin::Default => "default".into(),
        Origin::Absent => Value::Null,
    }
}
