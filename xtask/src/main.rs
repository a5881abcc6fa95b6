//! Chores of the repository: `cargo xtask <chore>`.

mod bench;
mod browser;
mod build;
mod clients;
mod conformance;
mod dependencies;
mod differential;
mod docs;
mod exposition;
mod faults;
mod instructions;
mod integration;
mod listener;
mod metadata;
mod walls;

use std::process::ExitCode;

use clap::Parser;

/// Chores of the repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_version_flag = true)]
enum Chore {
    /// Asks the engine the cases of a folder (or of one file) and prints each difference.
    Conformance(conformance::Arguments),
    /// Puts load on the relay and on a bare server in turns, with wrk, and prints what the one is to the other.
    Bench(bench::Arguments),
    /// Sends the same random requests to two servers and prints what they answer differently.
    Differential(differential::Arguments),
    /// Does to the built relay what goes wrong in production, and checks what must hold meanwhile.
    Faults(faults::Arguments),
    /// Installs and starts the real server of every kind of source and sink, and proves against it what must hold.
    Integration(integration::Arguments),
    /// Looks at the pages of the relay in Chromium, with and without scripts, and keeps screenshots beside the built program.
    Browser,
    /// Has published providers of OpenFeature follow changes of the relay.
    Clients,
    /// Counts the instructions of an evaluation of each kind under callgrind and compares with their limits.
    Instructions,
    /// Checks who may know whom.
    Walls,
    /// Checks licences, banned crates and sources by the rules of deny.toml.
    Dependencies,
    /// Writes the pages that come from the program itself.
    Docs(docs::Arguments),
}

fn main() -> ExitCode {
    let done = match Chore::parse() {
        Chore::Conformance(arguments) => conformance::run(&arguments),
        Chore::Bench(arguments) => bench::run(&arguments),
        Chore::Differential(arguments) => differential::run(&arguments),
        Chore::Faults(arguments) => faults::run(&arguments),
        Chore::Integration(arguments) => integration::run(&arguments),
        Chore::Browser => browser::run(),
        Chore::Clients => clients::run(),
        Chore::Instructions => instructions::run(),
        Chore::Walls => walls::run(),
        Chore::Dependencies => dependencies::run(),
        Chore::Docs(arguments) => docs::run(&arguments),
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
