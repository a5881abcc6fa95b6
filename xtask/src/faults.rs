//! `cargo xtask faults`: what goes wrong around a relay is done to the real program, on loopback, one fault after the other.
//!
//! Each case starts a relay of its own, keeps clients asking while the fault lasts, ends the fault and waits until all is well.

mod case;
mod clock;
mod configuration;
mod disk;
mod disks;
mod files;
mod flags;
mod lifecycle;
mod load;
mod malformed;
mod relay;
mod reporter;
mod requests;
mod senders;
mod sink;
mod sinks;
mod source;
mod sources;
mod streams;
mod surroundings;
mod table;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::build::executable;
use case::Case;

/// Which faults.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Cases, by a part of their names; all without any
    cases: Vec<String>,
    /// Only names the cases and what must hold
    #[arg(long)]
    list: bool,
    /// A relay that is built already
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// Every case, in the order in which they run.
const FAMILIES: &[&[Case]] = &[
    sources::CASES,
    files::CASES,
    sinks::CASES,
    disks::CASES,
    senders::CASES,
    requests::CASES,
    configuration::CASES,
    streams::CASES,
    clock::CASES,
    surroundings::CASES,
    lifecycle::CASES,
];

/// Provokes the faults and prints what was found; `false` when something did not hold.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let cases = select(&arguments.cases)?;
    if arguments.list {
        table::print_promises(&cases);
        return Ok(true);
    }
    raise_descriptor_limit();
    let program = match &arguments.program {
        Some(program) => std::path::absolute(program).context("no such program")?,
        None => executable(&["--package", "flagstaff", "--features", "full"])?,
    };
    table::print_heading();
    let mut found = Vec::new();
    for case in cases {
        let findings = case.run(program.clone());
        table::print_row(&case, &findings);
        found.push((case, findings));
    }
    Ok(table::print_summary(&found))
}

fn select(wanted: &[String]) -> Result<Vec<Case>> {
    let all = || FAMILIES.iter().flat_map(|family| family.iter());
    for part in wanted {
        ensure!(
            all().any(|case| case.name.contains(part)),
            "no case has {part:?} in its name: `cargo xtask faults --list` names them"
        );
    }
    let is_wanted = |case: &&Case| wanted.is_empty() || wanted.iter().any(|part| case.name.contains(part));
    Ok(all().filter(is_wanted).copied().collect())
}

/// Ten thousand streams have two ends, and each end is a file descriptor.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        eprintln!("the limit of file descriptors stays at {:?}: {error}", limit.current);
    }
}
