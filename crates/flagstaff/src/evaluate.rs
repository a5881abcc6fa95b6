//! `flagstaff evaluate`: what a relay would answer, without a relay.

mod source;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use flagstaff_definition::diagnostic::{Diagnostic, Severity};
use flagstaff_engine::attribute::Attributes;
use flagstaff_engine::context::EvaluationContext;
use flagstaff_engine::flag::{Subject, times};
use flagstaff_flagset::{ServedFlag, Snapshot, SourceStatus, Status};
use flagstaff_protocol::json::{self, Object};
use flagstaff_protocol::wire::EvaluationText;

use crate::command::EvaluateArguments;
use crate::flag_file::now;
use crate::flag_source;
use source::Source;

/// Fetches the flags and prints the evaluations as one JSON object, or with `--check-mode` the settings of the source.
pub(crate) fn run(arguments: &EvaluateArguments) -> anyhow::Result<ExitCode> {
    let source = Source::new(arguments);
    let mut out = io::stdout().lock();
    if arguments.check_mode {
        writeln!(out, "{}", source.settings()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let context = serde_json::from_str(&arguments.ctx).context("--ctx is not JSON")?;
    let options = source.options()?;
    let needs_all = !options.start_with_retriever_error;
    let survey = flag_source::survey(options)?;
    report(&survey.status, needs_all)?;
    let flags = survey.snapshot.flags().iter();
    let flags: Vec<_> = flags
        .filter(|flag| arguments.flag.is_empty() || arguments.flag == **flag.key())
        .collect();
    if flags.is_empty() && !arguments.flag.is_empty() {
        bail!("flag {} is not present or disabled", arguments.flag);
    }
    out.write_all(&json::pretty(&evaluate(&survey.snapshot, &flags, &context)))?;
    writeln!(out)?;
    Ok(ExitCode::SUCCESS)
}

/// Says which flags are left out and why; fails when a source cannot be read that must be.
fn report(status: &Status, needs_all: bool) -> anyhow::Result<()> {
    let mut errors = io::stderr().lock();
    let of_flags = status.findings.iter().flat_map(|flag| &flag.diagnostics);
    let mut found: Vec<_> = of_flags.filter(|found| found.severity == Severity::Error).collect();
    found.sort_by_key(|found| (found.file.clone(), found.span.map(|span| span.start)));
    let broken = status.sources.iter().flat_map(|source| source.diagnostics.iter());
    for found in broken.chain(found) {
        writeln!(errors, "{}", one_line(found))?;
    }
    for SourceStatus {
        label,
        failure,
        diagnostics,
        ..
    } in &status.sources
    {
        let Some(failure) = failure else { continue };
        let failure = if !diagnostics.is_empty() {
            format!("{label} is no flag file: see above")
        } else if status.sources.len() > 1 {
            format!("{label}: {failure}")
        } else {
            failure.to_string()
        };
        if needs_all {
            bail!(failure);
        }
        writeln!(errors, "error: {failure}")?;
    }
    Ok(())
}

/// One JSON object: each flag's raw result under its key.
fn evaluate(snapshot: &Snapshot, flags: &[&Arc<ServedFlag>], context: &serde_json::Value) -> Vec<u8> {
    let context = EvaluationContext::from_json(context);
    let enrichment = Some(snapshot.enrichment());
    let attributes = Attributes::new(&context, enrichment);
    let subject = Subject::new(&attributes, times(&context, enrichment, now(), snapshot.client_time()));
    let mut text = Vec::new();
    let mut object = Object::open(&mut text);
    for served in flags {
        let evaluation = served.flag.evaluate(&subject, &mut ());
        let value = object.member(served.key());
        match served.wire.evaluation(evaluation.index) {
            EvaluationText::Complete(text) => value.extend_from_slice(text.trim_ascii_end()),
            EvaluationText::AroundDefault(before, after) => {
                value.extend_from_slice(before);
                value.extend_from_slice(b"null");
                value.extend_from_slice(after.trim_ascii_end());
            }
        }
    }
    object.close();
    text
}

/// A finding on one line, `file:line:column: error: ...`.
fn one_line(found: &Diagnostic) -> String {
    let name = found.file.as_deref().unwrap_or_default();
    let place = found
        .span
        .map_or(String::new(), |span| format!(":{}:{}", span.line, span.column));
    let flag = found
        .flag
        .as_ref()
        .map_or(String::new(), |flag| format!("flag {flag}: "));
    format!("{name}{place}: error: {flag}{} [{}]", found.message, found.code.name())
}
