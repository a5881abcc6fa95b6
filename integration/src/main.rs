//! Every source and every sink against the real server, or the best that can be had of it, on loopback. `cargo xtask integration`
//! runs it in two steps: what it needs is installed first, with the machine's own certificates; it runs without them.

mod case;
mod clients;
mod contract;
mod execution;
mod journal;
mod locks;
mod meter;
mod package;
mod parallel;
mod proof;
mod server;
mod servers;
mod sinks;
mod sources;
mod table;
mod trust;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Parser;

use case::Case;
use journal::Journal;
use package::{Cache, Package};

/// Every source and every sink against a real server.
#[derive(Debug, Parser)]
#[command(disable_version_flag = true)]
enum Step {
    /// Names the cases and the server of each.
    List,
    /// Installs what the cases need.
    Install {
        /// Kinds; all without any
        kinds: Vec<String>,
        /// Also builds the servers that take minutes
        #[arg(long)]
        all: bool,
    },
    /// Runs the cases on what is installed.
    Run {
        /// Kinds; all without any
        kinds: Vec<String>,
        /// The built program of Flagstaff, where one relay follows another
        #[arg(long)]
        program: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let done = match Step::parse() {
        Step::List => {
            table::print_list(cases());
            Ok(true)
        }
        Step::Install { kinds, all } => install(&kinds, all).map(|()| true),
        Step::Run { kinds, program } => run(&kinds, program.as_deref()),
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

fn install(kinds: &[String], all: bool) -> Result<()> {
    let cache = cache()?;
    let cases = select(kinds)?;
    let mut wanted: Vec<&Package> = cases.iter().flat_map(|case| case.needs).copied().collect();
    wanted.sort_by_key(|package| (package.minutes, package.name));
    wanted.dedup_by_key(|package| package.name);
    wanted.retain(|package| (all || package.minutes == 0) && cache.find(package).is_none());
    let (quick, slow): (Vec<_>, Vec<_>) = wanted.iter().copied().partition(|package| package.minutes == 0);
    let install = |package: &&Package| {
        let began = Instant::now();
        cache.install(package).map(|()| began.elapsed())
    };
    let told = |package: &&Package, done: Result<Duration>| match done {
        Ok(took) => println!("installed {package} in {:.0} s", took.as_secs_f64()),
        // its cases say so once more
        Err(error) => println!("cannot install {package}: {error:#}"),
    };
    parallel::each(&quick, install, told);
    // a build has all processors to itself
    for package in &slow {
        told(package, install(package));
    }
    if wanted.iter().any(|package| package.recipe.is_go()) {
        cache.tidy()?;
    }
    Ok(())
}

fn run(kinds: &[String], program: Option<&Path>) -> Result<bool> {
    let (cache, journal) = (cache()?, Journal::open());
    let mut outcomes = Vec::new();
    let mut cases = select(kinds)?;
    // the last of the list take longest, and had better not run alone in the end
    cases.reverse();
    table::print_heading();
    parallel::each(
        &cases,
        |case| case.run(&cache, &journal, program),
        |case, outcome| {
            table::print_row(case, &outcome);
            outcomes.push(outcome);
        },
    );
    Ok(table::print_summary(&outcomes))
}

fn cases() -> impl Iterator<Item = &'static Case> {
    let all = sources::CASES.iter().chain(sinks::CASES).chain(locks::CASES);
    all.copied().flatten()
}

fn select(kinds: &[String]) -> Result<Vec<Case>> {
    for kind in kinds {
        ensure!(
            cases().any(|case| case.kind == kind),
            "no case is of the kind {kind}: `cargo xtask integration --list` names them"
        );
    }
    let is_wanted = |case: &&Case| kinds.is_empty() || kinds.iter().any(|kind| kind == case.kind);
    Ok(cases().filter(is_wanted).copied().collect())
}

#[expect(clippy::disallowed_methods, reason = "the cache lies where the user keeps caches")]
fn cache() -> Result<Cache> {
    Cache::of(|name| std::env::var_os(name))
}
