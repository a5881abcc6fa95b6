//! A topic of Google Cloud Pub/Sub: one message for each event.
//!
//! ```yaml
//! exporter:
//!   kind: pubsub
//!   projectID: my-project
//!   topic: flag-evaluations       # or projects/PROJECT/topics/TOPIC
//! ```
//!
//! A message's data is the JSON of the event, and its attribute `emitter` is `GO Feature Flag`. Up to 1,000 events are published with
//! one request. The token is that of the application default credentials; `PUBSUB_EMULATOR_HOST` names an emulator, which gets none.
//! A batch is taken as a whole or not at all; one whose answer gets lost is published again.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use flagstaff_backend::Surroundings;
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::google::{GoogleService, Identity};
use crate::{Contacting, EMITTER, ErrorKind, Event, Export, ExportError, Exporter, Limits, Receipt};

pub use options::PubsubOptions;

mod options;

const SERVICE: &str = "https://pubsub.googleapis.com";

const SCOPE: &str = "https://www.googleapis.com/auth/pubsub";

/// A request holds 1,000 messages, and 10 MB of what is mostly base64.
const LIMITS: Limits = Limits {
    events: 1000,
    bytes: 7_000_000,
};

/// Publishes to a topic.
#[derive(Debug)]
pub struct PubsubExporter {
    options: PubsubOptions,
    service: GoogleService,
}

#[derive(Serialize)]
struct Publication {
    messages: Vec<Message>,
}

#[derive(Serialize)]
struct Message {
    data: String,
    attributes: BTreeMap<&'static str, &'static str>,
}

impl PubsubExporter {
    /// An exporter to one topic. Credentials are looked for with the first batch, and again until they are found.
    pub fn new(options: PubsubOptions, surroundings: &Surroundings) -> Self {
        let service = match surroundings.variable("PUBSUB_EMULATOR_HOST") {
            Some(host) => GoogleService::emulator(host),
            None => GoogleService::new(SERVICE, Identity::Machine { scope: SCOPE }),
        };
        Self { options, service }
    }

    async fn publish(&self, batch: &[Event]) -> Result<Receipt, ExportError> {
        let size: usize = batch.iter().map(|event| event.text().len()).sum();
        if size > LIMITS.bytes {
            return Err(ExportError::new(ErrorKind::TooLarge, "larger than a message can be").context("bytes", size));
        }
        let message = |event: &Event| Message {
            data: BASE64.encode(event.text()),
            attributes: BTreeMap::from([("emitter", EMITTER)]),
        };
        let publication = Publication {
            messages: batch.iter().map(message).collect(),
        };
        let path = format!("{}:publish", self.path());
        let published: Result<IgnoredAny, _> = self.service.post(&path, &publication).await;
        published
            .map(|_| Receipt::delivered())
            .map_err(|error| error.context("topic", &self.options.topic))
    }

    fn path(&self) -> String {
        format!("/v1/{}", self.options.topic.replace('%', "%25"))
    }
}

impl Exporter for PubsubExporter {
    fn export<'a>(&'a self, batch: &'a [Event]) -> Export<'a> {
        Box::pin(self.publish(batch))
    }

    fn contact(&self) -> Contacting<'_> {
        Box::pin(async {
            let contact = self.service.contact(&self.path()).await;
            contact.map_err(|error| error.context("topic", &self.options.topic))
        })
    }

    fn target(&self) -> String {
        self.options.topic.clone()
    }

    fn limits(&self) -> Limits {
        LIMITS
    }
}

#[cfg(test)]
mod tests;
