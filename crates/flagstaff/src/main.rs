//! The binary: one program with the relay and the tools around flag files.

mod command;
mod completions;
mod evaluate;
mod flag_file;
mod lint;
mod report;

use std::process::ExitCode;

use clap::Parser;

use crate::command::{Arguments, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Some(Command::Completions(arguments)) => completions::run(&arguments),
        Some(Command::Evaluate(arguments)) => evaluate::run(&arguments),
        Some(Command::Lint(arguments)) => lint::run(&arguments),
        Some(Command::Relay(_)) | None => Err(anyhow::anyhow!("not available yet")),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
