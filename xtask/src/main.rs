//! Chores of the repository: `cargo xtask <chore>`.

mod conformance;

use std::process::ExitCode;

use clap::Parser;

/// Chores of the repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_version_flag = true)]
enum Chore {
    /// Asks the engine the cases of a folder (or of one file) and prints each difference.
    Conformance(conformance::Arguments),
}

fn main() -> ExitCode {
    let done = match Chore::parse() {
        Chore::Conformance(arguments) => conformance::run(&arguments),
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
