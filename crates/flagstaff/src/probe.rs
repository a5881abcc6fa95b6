//! `flagstaff check`: which sources, exporters and notifiers of a configuration work.

mod progress;
mod table;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use flagstaff_relay::config;
use flagstaff_relay::probe::{self, Effort, Outcome, Report, Subject};
use flagstaff_telemetry::logging;
use serde_json::{Value, json};

use crate::command::{CheckArguments, CheckCommand, CheckOutput};
use crate::relay;

use progress::Progress;

/// Contacts all of them side by side and reports; a failure when one of them does not work.
pub(crate) fn run(command: &CheckCommand) -> anyhow::Result<ExitCode> {
    let (subject, arguments, sends) = match command {
        CheckCommand::Sources(arguments) => (Subject::Sources, arguments, false),
        CheckCommand::Exporters(arguments) => (Subject::Exporters, &arguments.check, arguments.send_test),
        CheckCommand::Notifiers(arguments) => (Subject::Notifiers, &arguments.check, arguments.send_test),
    };
    let loaded = config::load(&relay::sources(arguments.config.clone())?)?;
    if subject == Subject::Exporters && sends {
        // one of them may be the log
        logging::install(loaded.settings.logging.level, loaded.settings.logging.format)?;
    }
    let effort = Effort {
        patience: Duration::from_secs(arguments.timeout),
        sends,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("cannot start threads")?;
    let mut progress = Progress::of(subject.name());
    let reports = runtime.block_on(probe::contact(&loaded, subject, effort, |done, all| {
        progress.show(done, all);
    }));
    progress.clear();
    // threads that still wait for somebody are of no interest any more
    runtime.shutdown_background();
    let file = loaded.file.as_ref().map(|file| file.display().to_string());
    print(subject, file.as_deref(), &reports, arguments)?;
    let fails = reports.iter().any(|report| matches!(report.outcome, Outcome::Fails(_)));
    Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print(subject: Subject, file: Option<&str>, reports: &[Report], arguments: &CheckArguments) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    match arguments.output {
        CheckOutput::Text => table::write(&mut out, subject, file, reports)?,
        CheckOutput::Json => {
            let document = json!({
                "file": file,
                "subject": subject.name(),
                "reports": reports.iter().map(document).collect::<Value>(),
            });
            serde_json::to_writer_pretty(&mut out, &document)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(())
}

/// A report for programs.
fn document(report: &Report) -> Value {
    let (result, message) = match &report.outcome {
        Outcome::Works(found) => ("works", found),
        Outcome::Unclear(why) => ("unclear", why),
        Outcome::Fails(error) => ("fails", error),
    };
    json!({
        "flagSet": &*report.flag_set,
        "kind": report.kind,
        "name": report.name.as_deref(),
        "target": report.target,
        "result": result,
        "message": message,
        "hint": report.hint,
        "seconds": report.took.as_secs_f64(),
    })
}
