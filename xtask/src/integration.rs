//! `cargo xtask integration`: every source and every sink against the real server. The package `flagstaff-integration` does it; it
//! is another program so that the other chores need not be built with every driver.

use std::process::Command;

use anyhow::{Context, Result};

use crate::build::debug_program;

/// Which kinds, on which servers.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Kinds of retrievers and exporters; all without any
    kinds: Vec<String>,
    /// Also builds the servers that take minutes
    #[arg(long)]
    all: bool,
    /// Only names the cases and the server of each
    #[arg(long)]
    list: bool,
}

/// Variables by which a machine makes programs trust authorities of its own. They win over what a configuration says.
const PRESET_CERTIFICATES: &[&str] = &[
    "AWS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
];

/// Installs what is missing, and proves what holds; `false` when something did not hold.
pub(crate) fn run(arguments: &Arguments) -> Result<bool> {
    let program = debug_program("flagstaff-integration")?;
    let step = |name: &str| {
        let mut command = Command::new(&program);
        command.arg(name);
        command
    };
    let succeeds = |command: &mut Command| Ok(command.status().context("cannot run the built program")?.success());
    if arguments.list {
        return succeeds(&mut step("list"));
    }
    let mut installation = step("install");
    installation.args(&arguments.kinds);
    if arguments.all {
        installation.arg("--all");
    }
    if !succeeds(&mut installation)? {
        return Ok(false);
    }
    let mut proof = step("run");
    proof.args(&arguments.kinds);
    if arguments.kinds.is_empty() || arguments.kinds.iter().any(|kind| kind == "relay") {
        proof.arg("--program").arg(debug_program("flagstaff")?);
    }
    for variable in PRESET_CERTIFICATES {
        proof.env_remove(variable);
    }
    succeeds(&mut proof)
}
