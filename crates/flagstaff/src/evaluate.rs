//! `flagstaff evaluate`: what a relay would answer, without a relay.

mod source;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use flagstaff_definition::diagnostic::{Diagnostic, Severity};
use flagstaff_definition::flag::FlagDefinition;
use flagstaff_definition::format::Format;
use flagstaff_definition::timestamp::Instant;
use flagstaff_engine::attribute::{AttributeTable, Attributes};
use flagstaff_engine::context::EvaluationContext;
use flagstaff_engine::flag::{Flag, Subject, times};
use flagstaff_protocol::json::{self, Object};
use flagstaff_protocol::wire::{EvaluationText, FlagWire};

use crate::command::EvaluateArguments;
use crate::flag_file::{FlagFile, now};
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
    let (name, bytes) = source.fetch()?;
    let now = now();
    let file = FlagFile::read(&name, &bytes, Format::from_setting(&arguments.format), now);
    let refused: Vec<_> = file
        .findings
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .collect();
    let mut errors = io::stderr().lock();
    for found in &refused {
        writeln!(errors, "{}", one_line(&name, found))?;
    }
    if file.unreadable {
        bail!("{name} is no flag file: see above");
    }
    let flags: BTreeMap<_, _> = file
        .document
        .entries
        .iter()
        .filter(|entry| refused.iter().all(|found| found.flag.as_ref() != Some(&entry.key)))
        .filter_map(|entry| Some((&entry.key, entry.parsed.definition.as_ref()?)))
        .filter(|(key, _)| arguments.flag.is_empty() || arguments.flag == ***key)
        .collect();
    if flags.is_empty() && !arguments.flag.is_empty() {
        bail!("flag {} is not present or disabled", arguments.flag);
    }
    out.write_all(&json::pretty(&evaluate(&flags, &context, now)))?;
    writeln!(out)?;
    Ok(ExitCode::SUCCESS)
}

/// One JSON object: each flag's raw result under its key.
fn evaluate(flags: &BTreeMap<&Arc<str>, &Arc<FlagDefinition>>, context: &serde_json::Value, now: Instant) -> Vec<u8> {
    let context = EvaluationContext::from_json(context);
    let attributes = Attributes::new(&context, None);
    let subject = Subject::new(&attributes, times(&context, None, now, true));
    let mut table = AttributeTable::default();
    let mut text = Vec::new();
    let mut object = Object::open(&mut text);
    for (key, definition) in flags {
        let flag = Flag::compile(key, definition, &mut table);
        let evaluation = flag.evaluate(&subject, &mut ());
        let value = object.member(key);
        match FlagWire::encode(&flag).evaluation(evaluation.index) {
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
fn one_line(name: &str, found: &Diagnostic) -> String {
    let place = found
        .span
        .map_or(String::new(), |span| format!(":{}:{}", span.line, span.column));
    let flag = found
        .flag
        .as_ref()
        .map_or(String::new(), |flag| format!("flag {flag}: "));
    format!("{name}{place}: error: {flag}{} [{}]", found.message, found.code.name())
}
