//! Amazon's client in Python, which comes with moto.

use anyhow::Result;
use serde_json::{Map, Value};

use crate::execution::answer;
use crate::package::Installed;

const SCRIPT: &str = include_str!("boto3.py");

/// A client of S3, or of what speaks its protocol.
#[derive(Debug)]
pub(crate) struct Boto3 {
    installed: Installed,
    variables: Vec<(String, String)>,
}

impl Boto3 {
    /// A client with the variables that it is told everything by.
    pub(crate) fn new(installed: Installed, variables: Vec<(String, String)>) -> Self {
        Self { installed, variables }
    }

    /// Writes an object, and makes the bucket when there is none.
    pub(crate) fn put(&self, bucket: &str, key: &str, content: &str) -> Result<()> {
        self.run(&["put", bucket, key], content).map(drop)
    }

    /// Makes a bucket, unless there is one.
    pub(crate) fn make(&self, bucket: &str) -> Result<()> {
        self.run(&["make", bucket], "").map(drop)
    }

    /// Everything in a bucket: contents in hexadecimal by name.
    pub(crate) fn dump(&self, bucket: &str) -> Result<Map<String, Value>> {
        Ok(serde_json::from_str(&self.run(&["dump", bucket], "")?)?)
    }

    fn run(&self, arguments: &[&str], content: &str) -> Result<String> {
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        answer(self.installed.script(SCRIPT).envs(variables).args(arguments), content)
    }
}
