//! `flagstaff completions`.

use std::io;
use std::process::ExitCode;

use clap::CommandFactory;

use crate::command::{Arguments, CompletionsArguments};

/// Prints the completion script of a shell.
pub(crate) fn run(arguments: &CompletionsArguments) -> anyhow::Result<ExitCode> {
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "flagstaff",
        &mut io::stdout(),
    );
    Ok(ExitCode::SUCCESS)
}
