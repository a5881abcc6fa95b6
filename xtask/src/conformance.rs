//! `cargo xtask conformance`: cases as data, asked of the engine. The formats are described in `conformance/README.md`.

mod flags;
mod hash;
mod jsonlogic;
mod malformed;
mod probe;
mod queries;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A folder with files of the known names, or one file (of an unknown name: evaluations, one a line)
    path: PathBuf,
    /// Shows every malformed query that is answered otherwise than by GO Feature Flag
    #[arg(long)]
    list: bool,
}

/// A kind of case: the name of its file, and how one line is checked.
#[derive(Clone, Copy)]
struct Kind {
    file: &'static str,
    check: fn(&str, &mut Tally) -> anyhow::Result<Verdict>,
}

const EVALUATIONS: Kind = Kind {
    file: "flags.jsonl",
    check: flags::check,
};

/// Every kind, in the order they are run.
const KINDS: &[Kind] = &[
    EVALUATIONS,
    Kind {
        file: "queries.jsonl",
        check: queries::check,
    },
    Kind {
        file: "jsonlogic.jsonl",
        check: jsonlogic::check,
    },
    Kind {
        file: "malformed_queries.jsonl",
        check: malformed::check,
    },
    Kind {
        file: "hash.jsonl",
        check: hash::check,
    },
];

/// What a case came to.
enum Verdict {
    Pass,
    /// What is different, in one line.
    Differs(String),
}

impl Verdict {
    /// Passes when nothing is different.
    fn of(difference: Option<String>) -> Self {
        difference.map_or(Self::Pass, Self::Differs)
    }
}

/// Counts over one file. The named ones are of the malformed queries, which have no right answer.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    as_goff: usize,
    rejected: usize,
    /// Queries that are answered otherwise than by GO Feature Flag.
    otherwise: Vec<String>,
}

/// Runs the cases; whether all of them passed.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    std::panic::set_hook(Box::new(|_| {}));
    let began = Instant::now();
    let (mut passed, mut failed) = (0, 0);
    for (kind, path) in files(&arguments.path)? {
        let tally = run_file(kind, &path)?;
        println!("{}: {} passed, {} failed", path.display(), tally.passed, tally.failed);
        if tally.as_goff + tally.rejected + tally.otherwise.len() > 0 {
            println!(
                "  {} answered as GO Feature Flag, {} answered otherwise, {} rejected",
                tally.as_goff,
                tally.otherwise.len(),
                tally.rejected
            );
        }
        if arguments.list {
            tally.otherwise.iter().for_each(|line| println!("  otherwise: {line}"));
        }
        passed += tally.passed;
        failed += tally.failed;
    }
    println!("{:.2} s", began.elapsed().as_secs_f64());
    println!("{passed} passed, {failed} failed");
    Ok(failed == 0)
}

/// The files to run and what they hold.
fn files(path: &Path) -> anyhow::Result<Vec<(Kind, PathBuf)>> {
    if path.is_file() {
        let kind = KINDS
            .iter()
            .find(|kind| path.ends_with(kind.file))
            .unwrap_or(&EVALUATIONS);
        return Ok(vec![(*kind, path.to_owned())]);
    }
    let present: Vec<_> = KINDS
        .iter()
        .map(|kind| (*kind, path.join(kind.file)))
        .filter(|(_, file)| file.is_file())
        .collect();
    if present.is_empty() {
        let known: Vec<_> = KINDS.iter().map(|kind| kind.file).collect();
        bail!(
            "nothing to run in {}: it holds none of {}",
            path.display(),
            known.join(", ")
        );
    }
    Ok(present)
}

fn run_file(kind: Kind, path: &Path) -> anyhow::Result<Tally> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut tally = Tally::default();
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let line = line.with_context(|| format!("cannot read {}", path.display()))?;
        if line.trim().is_empty() {
            continue;
        }
        let checked = catch_unwind(AssertUnwindSafe(|| (kind.check)(&line, &mut tally)));
        let difference = match checked {
            Ok(verdict) => match verdict.with_context(|| format!("{}:{}", path.display(), index + 1))? {
                Verdict::Pass => None,
                Verdict::Differs(difference) => Some(difference),
            },
            Err(_) => Some("it panics".to_owned()),
        };
        match difference {
            None => tally.passed += 1,
            Some(difference) => {
                tally.failed += 1;
                println!("{}:{}: {difference}", path.display(), index + 1);
            }
        }
    }
    Ok(tally)
}
