//! How many instructions an evaluation takes, counted by callgrind: the same on every machine and at any load.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::build::executable;

/// The most instructions that each kind of flag may take, with an empty observer and the context already decoded.
const LIMITS: [(&str, u64); 6] = [
    ("static", 400),
    ("split", 400),
    ("progressive", 400),
    ("scheduled", 500),
    ("six_terms", 2_000),
    ("list_of_100k", 1_000),
];

/// Evaluations of the two runs whose difference is counted.
const RUNS: [u64; 2] = [1_000, 11_000];

/// Counts every kind of flag and compares with its limit; `false` when one is above. Also that a watching observer costs
/// something and the empty one does not: their difference is what the empty one is spared.
pub(crate) fn run() -> Result<bool> {
    let example = executable(&["--package", "flagstaff-engine", "--example", "instructions"])?;
    let mut within = true;
    println!("{:14} {:>12} {:>8} {:>10}", "flag", "instructions", "limit", "observed");
    for (kind, limit) in LIMITS {
        let plain = count(&example, kind, &[])?;
        let observed = count(&example, kind, &["observed"])?;
        ensure!(
            observed > plain,
            "{kind}: an observer that counts costs nothing, so the example does not measure it"
        );
        let verdict = if plain <= limit { "" } else { "  above the limit" };
        within &= plain <= limit;
        println!("{kind:14} {plain:>12} {limit:>8} {observed:>10}{verdict}");
    }
    Ok(within)
}

/// Instructions of one evaluation.
fn count(example: &Path, kind: &str, options: &[&str]) -> Result<u64> {
    let [few, many] = RUNS;
    Ok((total(example, kind, many, options)? - total(example, kind, few, options)?) / (many - few))
}

/// Instructions of a whole run.
fn total(example: &Path, kind: &str, evaluations: u64, options: &[&str]) -> Result<u64> {
    let ran = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(example)
        .args([kind, &evaluations.to_string()])
        .args(options)
        .output()
        .context("cannot run valgrind: install it (Debian package valgrind)")?;
    let log = String::from_utf8_lossy(&ran.stderr);
    let Some(collected) = log.lines().find_map(|line| line.split_once("Collected : ")) else {
        bail!("callgrind did not count {kind}:\n{log}");
    };
    collected
        .1
        .trim()
        .parse()
        .with_context(|| format!("not a number: {:?}", collected.1))
}
