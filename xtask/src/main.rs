//! Chores of the repository: `cargo xtask <chore>`.

mod conformance;
mod instructions;

use std::process::ExitCode;

use clap::Parser;

/// Chores of the repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_version_flag = true)]
enum Chore {
    /// Asks the engine the cases of a folder (or of one file) and prints each difference.
    Conformance(conformance::Arguments),
    /// Counts the instructions of an evaluation of each kind under callgrind and compares with their limits.
    Instructions,
}

fn main() -> ExitCode {
    let done = match Chore::parse() {
        Chore::Conformance(arguments) => conformance::run(&arguments),
        Chore::Instructions => instructions::run(),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
