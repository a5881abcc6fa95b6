//! A topic of Apache Kafka: one record for each event.
//!
//! ```yaml
//! exporter:
//!   kind: kafka
//!   kafka:
//!     topic: flag-evaluations
//!     addresses: [broker-1.example.com:9093, broker-2.example.com:9093]
//!     config:                       # names as in sarama, the client of GO Feature Flag
//!       net:
//!         tls:
//!           enable: true
//!           caCertPath: /etc/ssl/kafka-ca.pem          # the system's certificates otherwise
//!           clientCertPath: /etc/ssl/relay.pem
//!           clientKeyPath: /etc/ssl/relay.key
//!         sasl: {enable: true, mechanism: SCRAM-SHA-512, user: relay, password: secret}
//!       producer: {requiredAcks: -1, compression: zstd}
//! ```
//!
//! A record's key is the user's targeting key, by which its partition is chosen as sarama chooses it; its value is the JSON of
//! the event. Every key of `kafka.config` counts, whatever GO Feature Flag makes of it; one that cannot be honoured is an error.
//! Records that brokers do not take are sent again, alone; one that is larger than they take is refused for good.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer, PurgeConfig};
use tokio::sync::OnceCell;
use tokio::task::{spawn_blocking, yield_now};

use crate::user_key::user_key;
use crate::{Contact, Contacting, ErrorKind, Event, Export, ExportError, Exporter, Limits, Receipt, Refusal};

pub use options::KafkaOptions;

mod configuration;
mod options;
mod value;

/// So many records are handed to the client before other tasks get their turn.
const TURN: usize = 256;

/// How long brokers are asked for their topics before it is looked what the client complains about.
const LOOK: Duration = Duration::from_secs(1);

/// What the client holds at once. It makes batches of its own out of it.
const LIMITS: Limits = Limits {
    events: 10_000,
    bytes: 16 << 20,
};

/// Produces to a topic.
#[derive(Debug)]
pub struct KafkaExporter {
    options: KafkaOptions,
    client: OnceCell<Client>,
}

/// A client with threads of its own.
struct Client {
    producer: FutureProducer<Journal>,
    complaint: Complaint,
}

/// What the client complained about last.
type Complaint = Arc<Mutex<Option<String>>>;

/// What the client says while it works. Its errors tell why nothing is delivered, long before a delivery fails.
struct Journal(Complaint);

/// A record on its way, or why it is not.
type Attempt = Result<DeliveryFuture, KafkaError>;

impl KafkaExporter {
    /// An exporter to one topic. Brokers are connected to with the first batch.
    pub fn new(options: KafkaOptions) -> Self {
        Self {
            options,
            client: OnceCell::new(),
        }
    }

    async fn produce(&self, batch: &[Event]) -> Result<Receipt, ExportError> {
        let client = self.client.get_or_try_init(|| self.connect()).await?;
        client.complaint.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut purge = Purge {
            producer: &client.producer,
            is_done: false,
        };
        let mut attempts = Vec::with_capacity(batch.len());
        for events in batch.chunks(TURN) {
            attempts.extend(events.iter().map(|event| self.attempt(client, event)));
            yield_now().await;
        }
        let results = join_all(attempts.into_iter().map(outcome)).await;
        purge.is_done = true;
        client.settle(results)
    }

    fn attempt(&self, client: &Client, event: &Event) -> Attempt {
        let key = user_key(event);
        let record = FutureRecord::to(&self.options.topic)
            .key(key.as_bytes())
            .payload(event.text().as_ref());
        client.producer.send_result(record).map_err(|(error, _)| error)
    }

    /// Looks for the topic in the list of all of them: brokers may make one that is asked for by its name.
    async fn look(&self) -> Result<Contact, ExportError> {
        let client = self.client.get_or_try_init(|| self.connect()).await?;
        loop {
            let producer = client.producer.clone();
            // a thread that waits cannot be interrupted, so it does not wait for long
            let asked = spawn_blocking(move || producer.client().fetch_metadata(None, LOOK)).await;
            match asked.unwrap_or(Err(KafkaError::Canceled)) {
                Ok(metadata) => {
                    let topic = metadata
                        .topics()
                        .iter()
                        .find(|topic| topic.name() == self.options.topic);
                    return match topic.map(|topic| topic.partitions().len()) {
                        Some(partitions) => Ok(Contact::Answers(format!("partitions: {partitions}"))),
                        None => Err(ExportError::new(
                            ErrorKind::NotFound,
                            "there is no such topic to be seen; brokers that make topics make it with the first record",
                        )),
                    };
                }
                Err(error) if client.has_complaint() => return Err(client.explain("no broker answers", &error)),
                Err(_) => {}
            }
        }
    }

    /// Reads certificates and starts threads.
    async fn connect(&self) -> Result<Client, ExportError> {
        let config = self.options.client.clone();
        let complaint = Complaint::default();
        let journal = Journal(Arc::clone(&complaint));
        let created = spawn_blocking(move || config.create_with_context(journal)).await;
        let unusable = |problem: String| {
            ExportError::new(ErrorKind::Settings, "the client cannot be set up").context("cause", problem)
        };
        match created {
            Ok(Ok(producer)) => Ok(Client { producer, complaint }),
            Ok(Err(KafkaError::ClientConfig(_, _, name, _))) => Err(unusable(format!("the value of {name}"))),
            Ok(Err(error)) => Err(unusable(error.to_string())),
            Err(error) => Err(unusable(error.to_string())),
        }
    }
}

impl Exporter for KafkaExporter {
    fn export<'a>(&'a self, batch: &'a [Event]) -> Export<'a> {
        Box::pin(async move {
            let produced = self.produce(batch).await;
            produced.map_err(|error| error.context("topic", &self.options.topic))
        })
    }

    fn contact(&self) -> Contacting<'_> {
        Box::pin(async {
            let contact = self.look().await;
            contact.map_err(|error| error.context("topic", &self.options.topic))
        })
    }

    fn target(&self) -> String {
        format!("{} at {}", self.options.topic, self.options.addresses.join(","))
    }

    fn limits(&self) -> Limits {
        LIMITS
    }
}

impl Drop for KafkaExporter {
    /// The client waits for its threads, which no thread of the runtime may do.
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            std::thread::spawn(move || drop(client));
        }
    }
}

impl Client {
    /// What became of a batch whose records ended like this, in their order.
    fn settle(&self, results: Vec<Result<(), KafkaError>>) -> Result<Receipt, ExportError> {
        let count = results.len();
        let mut receipt = Receipt::delivered();
        let mut failure = None;
        for (index, result) in results.into_iter().enumerate() {
            match result {
                Ok(()) => {}
                Err(error) if is_final(&error) => {
                    let reason = error.to_string();
                    receipt.refused.push(Refusal { index, reason });
                }
                Err(error) => {
                    receipt.again.push(index);
                    failure.get_or_insert(error);
                }
            }
        }
        match failure {
            Some(failure) if receipt.again.len() == count => Err(self.explain("no record was taken", &failure)),
            _ => Ok(receipt),
        }
    }

    fn has_complaint(&self) -> bool {
        self.complaint.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn explain(&self, message: &str, failure: &KafkaError) -> ExportError {
        use RDKafkaErrorCode as Code;
        let complaint = self.complaint.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_denied = complaint.as_deref().is_some_and(|text| text.contains("uthenticat"));
        let kind = match failure.rdkafka_error_code() {
            Some(Code::UnknownTopic | Code::UnknownTopicOrPartition) => ErrorKind::NotFound,
            Some(
                Code::Authentication
                | Code::SaslAuthenticationFailed
                | Code::TopicAuthorizationFailed
                | Code::ClusterAuthorizationFailed,
            ) => ErrorKind::Denied,
            _ if is_denied => ErrorKind::Denied,
            Some(Code::MessageTimedOut | Code::RequestTimedOut) if complaint.is_none() => ErrorKind::TimedOut,
            _ => ErrorKind::Unreachable,
        };
        let error = ExportError::new(kind, message).context("cause", failure);
        match complaint {
            Some(complaint) => error.context("client", complaint),
            None => error,
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl ClientContext for Journal {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(?level, facility, message, "from the client of Kafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "from the client of Kafka");
        // that all brokers are down follows on why each of them is
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown) {
            let line = reason.lines().next().unwrap_or_default().to_owned();
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(line);
        }
    }
}

/// Takes back what waits in the client when an export is broken off, so that it is not sent twice for that.
struct Purge<'p> {
    producer: &'p FutureProducer<Journal>,
    is_done: bool,
}

impl Drop for Purge<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            self.producer
                .purge(PurgeConfig::default().queue().inflight().non_blocking());
        }
    }
}

async fn outcome(attempt: Attempt) -> Result<(), KafkaError> {
    match attempt?.await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err((error, _))) => Err(error),
        Err(_) => Err(KafkaError::Canceled),
    }
}

/// Whether the record itself is what brokers do not take.
fn is_final(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        error.rdkafka_error_code(),
        Some(Code::MessageSizeTooLarge | Code::InvalidRecord)
    )
}

#[cfg(test)]
mod tests;
