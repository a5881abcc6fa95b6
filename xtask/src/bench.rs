//! `cargo xtask bench`: the relay beside a bare axum server, in turns, in one run. Machines differ and are never quiet, so what
//! counts are the ratios.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::metadata::cargo;
use server::{Load, Server};

mod flags;
mod server;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Measures another server too: NAME=COMMAND, where {port} and {flags} (the flag file) are replaced
    #[arg(long, value_name = "NAME=COMMAND")]
    peer: Vec<String>,
    /// How often each server has its turn
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long a turn takes
    #[arg(long, default_value_t = 4)]
    seconds: u32,
    /// What is asked
    #[arg(long, value_delimiter = ',', default_values = ["static", "split", "query", "bulk"])]
    cases: Vec<String>,
}

/// The requests that can be measured, by name, with the path of each.
const CASES: [(&str, &str); 4] = [
    ("static", "/ofrep/v1/evaluate/flags/flag-000"),
    ("split", "/ofrep/v1/evaluate/flags/flag-001"),
    ("query", "/ofrep/v1/evaluate/flags/flag-002"),
    ("bulk", "/ofrep/v1/evaluate/flags"),
];

/// Starts the servers, measures them and prints a table. The bare server is the denominator.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    ensure!(
        Command::new("wrk").arg("-v").output().is_ok(),
        "wrk is not installed: it is the Debian package wrk"
    );
    let (relay, limit) = build()?;
    let folder = std::env::temp_dir().join(format!("flagstaff-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let done = measure(arguments, &relay, &limit, &folder);
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    done.map(|()| true)
}

/// Builds both programs and returns where they stand.
fn build() -> Result<(PathBuf, PathBuf)> {
    println!("building the relay and the bare server");
    cargo(&["build", "--release", "--quiet", "--package", "flagstaff"])?;
    cargo(&[
        "build",
        "--release",
        "--quiet",
        "--package",
        "flagstaff-relay",
        "--example",
        "limit",
    ])?;
    let metadata: serde_json::Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--no-deps"])?)?;
    let target = metadata["target_directory"]
        .as_str()
        .context("cargo did not say where it builds")?;
    let release = Path::new(target).join("release");
    Ok((release.join("flagstaff"), release.join("examples/limit")))
}

fn measure(arguments: &Arguments, relay: &Path, limit: &Path, folder: &Path) -> Result<()> {
    let flag_file = folder.join("flags.yaml");
    fs::write(&flag_file, flags::file())?;
    let mut servers = vec![Server::start("relay", folder, |port| {
        let configuration = folder.join("goff-proxy.yaml");
        fs::write(&configuration, flags::configuration(port, &flag_file))?;
        let mut command = Command::new(relay);
        command.args(["relay", "--config"]).arg(configuration);
        Ok(command)
    })?];
    let bulk = servers[0].ask("/ofrep/v1/evaluate/flags", flags::BODY)?;
    let bare = Server::start("bare", folder, |port| {
        let mut command = Command::new(limit);
        command.args([port.to_string(), bulk.len().to_string()]);
        Ok(command)
    })?;
    servers.insert(0, bare);
    for peer in &arguments.peer {
        let (name, words) = peer
            .split_once('=')
            .with_context(|| format!("{peer:?} is not NAME=COMMAND"))?;
        servers.push(Server::start(name, folder, |port| {
            let words = words
                .replace("{port}", &port.to_string())
                .replace("{flags}", &flag_file.to_string_lossy());
            let mut words = words.split_whitespace();
            let mut command = Command::new(words.next().context("the command of a peer is empty")?);
            command.args(words);
            Ok(command)
        })?);
    }
    println!(
        "{:8} {:12} {:>10} {:>9} {:>7} {:>10}",
        "case", "server", "requests/s", "p99 ms", "ratio", "p99 ratio"
    );
    for case in &arguments.cases {
        let known = CASES.iter().find(|(name, _)| name == case);
        let (_, path) = known.with_context(|| format!("no case {case}: there are static, split, query and bulk"))?;
        let mut loads: Vec<Vec<Load>> = servers.iter().map(|_| Vec::new()).collect();
        for _ in 0..arguments.rounds {
            for (server, loads) in servers.iter().zip(&mut loads) {
                loads.push(server.load(path, arguments.seconds)?);
            }
        }
        let medians: Vec<Load> = loads.iter().map(|loads| Load::median(loads)).collect();
        for (server, load) in servers.iter().zip(&medians) {
            let (ratio, tail) = (load.rate / medians[0].rate, load.p99 / medians[0].p99);
            println!(
                "{case:8} {:12} {:10.0} {:9.2} {ratio:7.3} {tail:10.2}",
                server.name, load.rate, load.p99
            );
        }
    }
    println!("{:12} {:>9} {:>12}", "server", "start ms", "resident MB");
    for server in &servers {
        println!(
            "{:12} {:9.0} {:12.1}",
            server.name,
            server.started.as_secs_f64() * 1000.0,
            server.resident()?
        );
    }
    Ok(())
}
