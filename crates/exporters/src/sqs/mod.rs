//! A queue of Amazon SQS: one message for each event.
//!
//! ```yaml
//! exporter:
//!   kind: sqs
//!   queueUrl: https://sqs.eu-west-1.amazonaws.com/123456789012/flag-evaluations
//! ```
//!
//! A message's body is the JSON of the event, and its attribute `emitter` is `GO Feature Flag`. Ten go with one request, and up to ten
//! requests are under way at once. Messages that the queue does not take are sent again, alone.
//!
//! A queue whose name ends in `.fifo` gets its requests one after the other. All events of a user are one group, so that they
//! stay in order; an event that is sent again keeps its identity, so that SQS drops a second copy.
//!
//! Credentials, region and endpoint are found as every AWS program does, `AWS_ENDPOINT_URL_SQS` and `AWS_ENDPOINT_URL` included. The
//! region of the queue's URL counts where the machine has none.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, MessageAttributeValue, QueueAttributeName, SendMessageBatchRequestEntry,
};
use data_encoding::HEXLOWER;
use flagstaff_backend::Surroundings;
use futures_util::future::join_all;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::aws::{self, first_line};
use crate::identities::Identities;
use crate::user_key::user_key;
use crate::{Contact, Contacting, EMITTER, ErrorKind, Event, Export, ExportError, Exporter, Limits, Receipt, Refusal};

pub use options::SqsOptions;

mod options;

/// A request holds so many messages.
const MESSAGES: usize = 10;

/// What attributes add to the size of a message.
const ATTRIBUTES: usize = "emitter".len() + "String".len() + EMITTER.len();

/// Ten requests. All messages together are no larger than what a single request may hold: 1 MiB, attributes included.
const LIMITS: Limits = Limits {
    events: 10 * MESSAGES,
    bytes: (1 << 20) - 10 * MESSAGES * ATTRIBUTES,
};

/// Sends to a queue.
#[derive(Debug)]
pub struct SqsExporter {
    options: SqsOptions,
    surroundings: Surroundings,
    client: OnceCell<Client>,
    identities: Identities,
}

impl SqsExporter {
    /// An exporter to one queue. Credentials are looked for with the first batch, and again until they are found.
    pub fn new(options: SqsOptions, surroundings: &Surroundings) -> Self {
        Self {
            options,
            surroundings: surroundings.clone(),
            client: OnceCell::new(),
            identities: Identities::new(),
        }
    }

    async fn send(&self, batch: &[Event]) -> Result<Receipt, ExportError> {
        let size: usize = batch.iter().map(|event| event.text().len()).sum();
        if size > LIMITS.bytes {
            return Err(ExportError::new(ErrorKind::TooLarge, "larger than a message can be").context("bytes", size));
        }
        let client = self.client.get_or_try_init(|| self.connect()).await?;
        if !self.options.keeps_order() {
            let requests = batch
                .chunks(MESSAGES)
                .map(|messages| self.request(client, messages, &[]));
            return gather(batch, join_all(requests).await);
        }
        let names = self.identities.of(batch);
        let mut results = Vec::new();
        for (messages, names) in batch.chunks(MESSAGES).zip(names.chunks(MESSAGES)) {
            let result = self.request(client, messages, names).await;
            let is_complete = result.as_ref().is_ok_and(|receipt| receipt.again.is_empty());
            results.push(result);
            if !is_complete {
                break;
            }
        }
        let gathered = gather(batch, results);
        if let Ok(receipt) = &gathered {
            self.identities.settle(batch, &names, receipt);
        }
        gathered
    }

    /// Sends up to ten messages; the places in its receipt are among them.
    async fn request(&self, client: &Client, messages: &[Event], names: &[String]) -> Result<Receipt, ExportError> {
        let mut request = client.send_message_batch().queue_url(&self.options.queue_url);
        for (place, event) in messages.iter().enumerate() {
            request = request.entries(entry(place, event, names.get(place))?);
        }
        let answer = request.send().await.map_err(|error| aws::failure(&error))?;
        let mut receipt = Receipt::delivered();
        for failed in answer.failed() {
            let Ok(index) = failed.id().parse() else {
                continue;
            };
            if is_final(failed) {
                let reason = format!(
                    "{}: {}",
                    failed.code(),
                    first_line(failed.message().unwrap_or_default())
                );
                receipt.refused.push(Refusal { index, reason });
            } else {
                receipt.again.push(index);
            }
        }
        if let (true, [failed, ..]) = (receipt.again.len() == messages.len(), answer.failed()) {
            return Err(ExportError::new(ErrorKind::Unreachable, "no message was taken")
                .context("code", failed.code())
                .context("message", first_line(failed.message().unwrap_or_default())));
        }
        Ok(receipt)
    }

    async fn look(&self) -> Result<Contact, ExportError> {
        let client = self.client.get_or_try_init(|| self.connect()).await?;
        let request = client
            .get_queue_attributes()
            .queue_url(&self.options.queue_url)
            .attribute_names(QueueAttributeName::QueueArn);
        aws::contact(request.send().await, |_| "answers".to_owned())
    }

    async fn connect(&self) -> Result<Client, ExportError> {
        let config = aws::config(&self.surroundings, "SQS", self.options.region()).await?;
        Ok(Client::new(&config))
    }
}

impl Exporter for SqsExporter {
    fn export<'a>(&'a self, batch: &'a [Event]) -> Export<'a> {
        Box::pin(async move {
            let sent = self.send(batch).await;
            sent.map_err(|error| error.context("queue", &self.options.queue_url))
        })
    }

    fn contact(&self) -> Contacting<'_> {
        Box::pin(async {
            let contact = self.look().await;
            contact.map_err(|error| error.context("queue", &self.options.queue_url))
        })
    }

    fn target(&self) -> String {
        self.options.queue_url.clone()
    }

    fn limits(&self) -> Limits {
        LIMITS
    }
}

/// A message; one with a name is for a queue that keeps order.
fn entry(place: usize, event: &Event, name: Option<&String>) -> Result<SendMessageBatchRequestEntry, ExportError> {
    let unusable = |error| ExportError::new(ErrorKind::Settings, "the message cannot be built").caused_by(error);
    let emitter = MessageAttributeValue::builder()
        .data_type("String")
        .string_value(EMITTER)
        .build()
        .map_err(unusable)?;
    SendMessageBatchRequestEntry::builder()
        .id(place.to_string())
        .message_body(String::from_utf8_lossy(event.text()))
        .message_attributes("emitter", emitter)
        .set_message_group_id(name.map(|_| group(&user_key(event))))
        .set_message_deduplication_id(name.cloned())
        .build()
        .map_err(unusable)
}

/// The group of a user: the key itself, or its digest where a group cannot be called like that.
fn group(user_key: &str) -> String {
    if (1..=128).contains(&user_key.len()) && user_key.bytes().all(|byte| byte.is_ascii_graphic()) {
        user_key.to_owned()
    } else {
        HEXLOWER.encode(&Sha256::digest(user_key))
    }
}

/// Whether the message itself is wrong, and not the key it would be encrypted with, or the rate.
fn is_final(failed: &BatchResultErrorEntry) -> bool {
    failed.sender_fault()
        && !failed.code().starts_with("Kms")
        && !failed.code().starts_with("KMS")
        && !failed.code().contains("Throttl")
}

/// What became of a batch whose requests ended like this, in their order. Those that are missing were not sent.
fn gather(batch: &[Event], results: Vec<Result<Receipt, ExportError>>) -> Result<Receipt, ExportError> {
    let mut gathered = Receipt::delivered();
    gathered.again = (results.len() * MESSAGES..batch.len()).collect();
    let mut error = None;
    for (number, result) in results.into_iter().enumerate() {
        let first = number * MESSAGES;
        match result {
            Ok(receipt) => {
                gathered
                    .again
                    .extend(receipt.again.into_iter().map(|place| first + place));
                let refused = receipt.refused.into_iter().map(|refusal| Refusal {
                    index: first + refusal.index,
                    ..refusal
                });
                gathered.refused.extend(refused);
            }
            Err(failure) => {
                gathered.again.extend(first..batch.len().min(first + MESSAGES));
                error.get_or_insert(failure);
            }
        }
    }
    gathered.again.sort_unstable();
    match error {
        Some(error) if gathered.again.len() == batch.len() => Err(error),
        _ => Ok(gathered),
    }
}

#[cfg(test)]
mod tests;
