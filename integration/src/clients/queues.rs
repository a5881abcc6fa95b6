//! Queues and streams by Amazon's client in Python, which comes with moto.

use anyhow::Result;
use serde_json::Value;

use crate::execution::output;
use crate::package::Installed;

const SCRIPT: &str = include_str!("queues.py");

/// A client of SQS and Kinesis.
#[derive(Debug)]
pub(crate) struct Queues {
    installed: Installed,
    variables: Vec<(String, String)>,
}

impl Queues {
    /// A client with the variables that it is told everything by.
    pub(crate) fn new(installed: Installed, variables: Vec<(String, String)>) -> Self {
        Self { installed, variables }
    }

    /// Makes a queue, unless there is one. Its URL.
    pub(crate) fn make_queue(&self, name: &str) -> Result<String> {
        Ok(self.run("make-queue", name)?.trim().to_owned())
    }

    /// Takes the messages out of a queue: body, emitter and group of each.
    pub(crate) fn take_messages(&self, url: &str) -> Result<Vec<(String, String, Option<String>)>> {
        Ok(serde_json::from_value(self.json("take-messages", url)?)?)
    }

    /// Makes a stream, unless there is one.
    pub(crate) fn make_stream(&self, name: &str) -> Result<()> {
        self.run("make-stream", name).map(drop)
    }

    /// Everything in a stream: partition key and data of each record.
    pub(crate) fn dump_stream(&self, name: &str) -> Result<Vec<(String, String)>> {
        Ok(serde_json::from_value(self.json("dump-stream", name)?)?)
    }

    fn json(&self, command: &str, name: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.run(command, name)?)?)
    }

    fn run(&self, command: &str, name: &str) -> Result<String> {
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        output(self.installed.script(SCRIPT).envs(variables).args([command, name]))
    }
}
