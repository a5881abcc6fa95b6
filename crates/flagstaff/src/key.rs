//! `flagstaff key`.

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::Context;
use data_encoding::BASE64URL_NOPAD;
use flagstaff_relay::config::{ApiKey, Scope};

use crate::command::{KeyCommand, KeyNewArguments, KeyScope};

/// Bytes of randomness in a key.
const STRENGTH: usize = 32;

/// Runs a command about keys.
pub(crate) fn run(command: &KeyCommand) -> anyhow::Result<ExitCode> {
    match command {
        KeyCommand::New(arguments) => new(arguments),
    }
}

/// Prints a random key, its hash and what to write into the configuration.
fn new(arguments: &KeyNewArguments) -> anyhow::Result<ExitCode> {
    let scope = Scope::from(arguments.scope);
    let mut random = [0; STRENGTH];
    getrandom::fill(&mut random).context("the system has no random numbers to give")?;
    // the beginning helps people, and tools that look for secrets where none belong
    let key = format!("flagstaff-{}-{}", scope.name(), BASE64URL_NOPAD.encode(&random));
    let sha256 = ApiKey::new(key.as_bytes())
        .context("the key cannot be hashed")?
        .sha256();
    let list = if scope == Scope::Admin { "admin" } else { "evaluation" };
    let name = match &arguments.name {
        // a JSON string is a YAML string
        Some(name) => format!("\n      name: {}", serde_json::to_string(name)?),
        None => String::new(),
    };
    writeln!(
        stdout().lock(),
        "key:    {key}
sha256: {sha256}

The key is not shown again. Give it to whoever asks the relay; the configuration needs its hash only:

authorizedKeys:
  {list}:
    - sha256: {sha256}
      scope: {}{name}",
        scope.name()
    )?;
    Ok(ExitCode::SUCCESS)
}

impl From<KeyScope> for Scope {
    fn from(scope: KeyScope) -> Self {
        match scope {
            KeyScope::Client => Self::Client,
            KeyScope::Server => Self::Server,
            KeyScope::Admin => Self::Admin,
        }
    }
}
