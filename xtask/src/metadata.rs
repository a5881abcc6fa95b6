//! What `cargo metadata` says about the workspace and everything it is built from.

use std::process::Command;

use anyhow::{Context, ensure};
use serde::Deserialize;

/// Packages of the workspace and of its dependencies, all features on.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
}

/// A package.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    /// The registry or repository it comes from; absent for packages of the workspace.
    pub(crate) source: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A dependency as a manifest names it.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `dev` or `build`; absent for the ordinary kind.
    pub(crate) kind: Option<String>,
    pub(crate) path: Option<String>,
}

impl Package {
    /// Name and version as `cargo tree` prints them.
    pub(crate) fn identity(&self) -> String {
        format!("{} v{}", self.name, self.version)
    }
}

impl Metadata {
    /// Asks cargo.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let text = cargo(&["metadata", "--format-version", "1", "--all-features", "--locked"])?;
        serde_json::from_str(&text).context("cargo metadata is not understood")
    }

    /// The packages of the workspace.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.source.is_none())
    }
}

/// Runs cargo and returns what it printed.
pub(crate) fn cargo(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("cargo")
        .args(arguments)
        .output()
        .context("cannot run cargo")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "cargo {} failed:\n{errors}",
        arguments.join(" ")
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
