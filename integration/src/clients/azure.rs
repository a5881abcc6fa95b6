//! Azure's client in Node.js, which is installed beside azurite.

use anyhow::Result;
use serde_json::{Map, Value};

use crate::execution::answer;
use crate::package::Installed;
use crate::servers::azurite::{ACCOUNT, KEY};

const SCRIPT: &str = include_str!("azure.js");

/// A client of Azurite's account.
#[derive(Debug)]
pub(crate) struct AzureClient {
    installed: Installed,
    url: String,
}

impl AzureClient {
    pub(crate) fn new(installed: Installed, url: String) -> Self {
        Self { installed, url }
    }

    /// Writes a blob, and makes the container when there is none.
    pub(crate) fn put(&self, container: &str, blob: &str, content: &str) -> Result<()> {
        self.run("put", &[container, blob], content).map(drop)
    }

    /// Makes a container, unless there is one.
    pub(crate) fn make(&self, container: &str) -> Result<()> {
        self.run("make", &[container], "").map(drop)
    }

    /// Everything in a container: contents in hexadecimal by name.
    pub(crate) fn dump(&self, container: &str) -> Result<Map<String, Value>> {
        Ok(serde_json::from_str(&self.run("dump", &[container], "")?)?)
    }

    fn run(&self, command: &str, arguments: &[&str], content: &str) -> Result<String> {
        let mut script = self.installed.script(SCRIPT);
        script.args([command, &self.url, ACCOUNT, KEY]).args(arguments);
        answer(&mut script, content)
    }
}
