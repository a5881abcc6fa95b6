//! Builds of programs, and where cargo puts them.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Builds one program in release; `selection` are cargo's options that name it.
pub(crate) fn executable(selection: &[&str]) -> Result<PathBuf> {
    build("--release", selection)
}

/// Builds `flagstaff` or `flagstaff-integration` for development, with every kind. Both packages are selected for either, so that cargo
/// settles on the same features of what they have in common, and builds it once.
pub(crate) fn debug_program(name: &str) -> Result<PathBuf> {
    let packages = ["--package", "flagstaff", "--package", "flagstaff-integration"];
    build(
        "--profile=dev",
        &[&packages[..], &["--features", "full", "--bin", name]].concat(),
    )
}

fn build(profile: &str, selection: &[&str]) -> Result<PathBuf> {
    let built = Command::new("cargo")
        .args(["build", profile, "--message-format=json-render-diagnostics"])
        .args(selection)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    ensure!(built.status.success(), "{} does not build", selection.join(" "));
    let messages = String::from_utf8_lossy(&built.stdout);
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let executable = messages
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back();
    executable.with_context(|| format!("cargo did not say where {} stands", selection.join(" ")))
}
