//! The binary: one program with the relay and the tools around flag files.

mod activation;
mod check;
mod command;
mod completions;
mod environment;
mod evaluate;
mod flag_file;
mod flag_source;
mod key;
mod lint;
mod probe;
mod relay;
mod report;

use std::io;
use std::process::ExitCode;

use clap::Parser;

use crate::command::{Arguments, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Some(Command::Check { command }) => probe::run(&command),
        Some(Command::Completions(arguments)) => completions::run(&arguments),
        Some(Command::Evaluate(arguments)) => evaluate::run(&arguments),
        Some(Command::Key { command }) => key::run(&command),
        Some(Command::Lint(arguments)) => lint::run(&arguments),
        Some(Command::Relay(arguments)) => relay::run(&arguments),
        None => relay::run(&arguments.relay),
    };
    match done {
        Ok(code) => code,
        // Whoever reads the output has seen enough, as `head` does.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.downcast_ref::<io::Error>().is_some_and(broken)
}
