//! Google's own fake of Pub/Sub, with a front that speaks its REST interface. It forgets everything when it dies.

use std::path::Path;

use anyhow::{Result, ensure};
use flagstaff_testkit::http::{Connection, Request, Response};
use serde_json::{Value, json};

use crate::package::{Cache, Package, Recipe};
use crate::server::{Launch, Server, free_port, is_listening, loopback};

/// The project of everything in it.
pub(crate) const PROJECT: &str = "flagstaff";

pub(crate) const PACKAGE: Package = Package {
    name: "pubsub",
    version: "2.8.1",
    recipe: Recipe::GoProgram {
        module: include_str!("../../go/pubsub/go.mod"),
        source: include_str!("../../go/pubsub/main.go"),
        target: ".",
    },
    minutes: 1,
};

#[derive(Debug)]
pub(crate) struct Pubsub {
    /// Kept so that it lives.
    _server: Server,
    pub(crate) port: u16,
}

impl Pubsub {
    pub(crate) fn start(cache: &Cache, folder: &Path) -> Result<Self> {
        let installed = cache.need(&PACKAGE)?;
        let port = free_port()?;
        let command = move || {
            let mut command = installed.command("pubsub");
            command.arg(format!("127.0.0.1:{port}"));
            command
        };
        let launch = Launch {
            command: Box::new(command),
            ready: Box::new(move || is_listening(port)),
        };
        Ok(Self {
            _server: Server::start("pubsub", folder, launch)?,
            port,
        })
    }

    /// Makes a topic with a subscription of the same name, unless there is one.
    pub(crate) fn make(&self, topic: &str) -> Result<()> {
        let topic = format!("projects/{PROJECT}/topics/{topic}");
        let subscription = topic.replace("/topics/", "/subscriptions/");
        for (name, body) in [(&topic, json!({})), (&subscription, json!({"topic": topic}))] {
            let made = self.post(&format!("/v1/{name}"), &body)?;
            ensure!(
                matches!(made.status, 200 | 409),
                "no {name}: {} {}",
                made.status,
                made.text()
            );
        }
        Ok(())
    }

    /// Takes the messages that wait in the subscription of a topic.
    pub(crate) fn take(&self, topic: &str) -> Result<Vec<Value>> {
        let subscription = format!("/v1/projects/{PROJECT}/subscriptions/{topic}");
        let mut taken = Vec::new();
        loop {
            let order = json!({"maxMessages": 1000, "returnImmediately": true});
            let answer = self.post(&format!("{subscription}:pull"), &order)?;
            ensure!(
                answer.status == 200,
                "nothing to pull: {} {}",
                answer.status,
                answer.text()
            );
            let Some(Value::Array(received)) = answer.json().get_mut("receivedMessages").map(Value::take) else {
                return Ok(taken);
            };
            let acknowledged: Vec<_> = received.iter().map(|message| &message["ackId"]).collect();
            self.post(&format!("{subscription}:acknowledge"), &json!({"ackIds": acknowledged}))?;
            taken.extend(received.into_iter().map(|mut message| message["message"].take()));
        }
    }

    fn post(&self, path: &str, body: &Value) -> Result<Response> {
        Ok(Connection::open(loopback(self.port))?.send(&Request::post(path, body))?)
    }
}
