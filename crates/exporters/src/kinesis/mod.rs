//! A stream of Amazon Kinesis: one record for each event.
//!
//! ```yaml
//! exporter:
//!   kind: kinesis
//!   streamName: flag-evaluations   # or streamArn
//! ```
//!
//! A record's data is the JSON of the event, its partition key is `default` as with GO Feature Flag: all records are in one shard,
//! in order. Up to 500 records of 5 MiB together go with one request. Records that the stream does not take are sent again, alone; one
//! that is larger than the stream takes is refused for good.
//!
//! Credentials, region and endpoint are found as every AWS program does, `AWS_ENDPOINT_URL_KINESIS` and `AWS_ENDPOINT_URL` included. The
//! region of the ARN counts where the machine has none.

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, PutRecordsResultEntry};
use flagstaff_backend::Surroundings;
use tokio::sync::OnceCell;

use crate::aws::{self, first_line};
use crate::{Contact, Contacting, ErrorKind, Event, Export, ExportError, Exporter, Limits, Receipt};

pub use options::KinesisOptions;

mod options;

/// Every record's, as in GO Feature Flag.
const PARTITION_KEY: &str = "default";

/// A request holds 500 records, 5 MiB with their keys.
const LIMITS: Limits = Limits {
    events: 500,
    bytes: (5 << 20) - 500 * PARTITION_KEY.len(),
};

/// Puts records into a stream.
#[derive(Debug)]
pub struct KinesisExporter {
    options: KinesisOptions,
    surroundings: Surroundings,
    client: OnceCell<Client>,
}

impl KinesisExporter {
    /// An exporter to one stream. Credentials are looked for with the first batch, and again until they are found.
    pub fn new(options: KinesisOptions, surroundings: &Surroundings) -> Self {
        Self {
            options,
            surroundings: surroundings.clone(),
            client: OnceCell::new(),
        }
    }

    async fn put(&self, batch: &[Event]) -> Result<Receipt, ExportError> {
        let size: usize = batch.iter().map(|event| event.text().len()).sum();
        if size > LIMITS.bytes {
            return Err(ExportError::new(ErrorKind::TooLarge, "larger than a record can be").context("bytes", size));
        }
        let client = self.client.get_or_try_init(|| self.connect()).await?;
        let records = batch.iter().map(record).collect::<Result<_, _>>()?;
        let request = client.put_records().set_records(Some(records));
        let request = match &self.options {
            KinesisOptions::Name(name) => request.stream_name(name),
            KinesisOptions::Arn(arn) => request.stream_arn(arn),
        };
        let answer = request.send().await.map_err(|error| aws::failure(&error))?;
        settle(batch, answer.records())
    }

    async fn look(&self) -> Result<Contact, ExportError> {
        let client = self.client.get_or_try_init(|| self.connect()).await?;
        let request = client.describe_stream_summary();
        let request = match &self.options {
            KinesisOptions::Name(name) => request.stream_name(name),
            KinesisOptions::Arn(arn) => request.stream_arn(arn),
        };
        aws::contact(request.send().await, |answer| {
            match answer.stream_description_summary() {
                Some(summary) => format!(
                    "{}, open shards: {}",
                    summary.stream_status().as_str().to_lowercase(),
                    summary.open_shard_count()
                ),
                None => "answers".to_owned(),
            }
        })
    }

    async fn connect(&self) -> Result<Client, ExportError> {
        let config = aws::config(&self.surroundings, "KINESIS", self.options.region()).await?;
        Ok(Client::new(&config))
    }
}

impl Exporter for KinesisExporter {
    fn export<'a>(&'a self, batch: &'a [Event]) -> Export<'a> {
        Box::pin(async move {
            let put = self.put(batch).await;
            put.map_err(|error| error.context("stream", self.options.written()))
        })
    }

    fn contact(&self) -> Contacting<'_> {
        Box::pin(async {
            let contact = self.look().await;
            contact.map_err(|error| error.context("stream", self.options.written()))
        })
    }

    fn target(&self) -> String {
        self.options.written().to_owned()
    }

    fn limits(&self) -> Limits {
        LIMITS
    }
}

fn record(event: &Event) -> Result<PutRecordsRequestEntry, ExportError> {
    PutRecordsRequestEntry::builder()
        .data(Blob::new(event.text().as_ref()))
        .partition_key(PARTITION_KEY)
        .build()
        .map_err(|error| ExportError::new(ErrorKind::Settings, "the record cannot be built").caused_by(error))
}

/// What became of a batch whose records ended like this, in their order.
fn settle(batch: &[Event], results: &[PutRecordsResultEntry]) -> Result<Receipt, ExportError> {
    let failed = |result: &PutRecordsResultEntry| result.error_code().is_some();
    let mut receipt = Receipt::delivered();
    receipt.again = (0..batch.len())
        .filter(|place| results.get(*place).is_none_or(failed))
        .collect();
    match results.first() {
        Some(first) if receipt.again.len() == batch.len() => {
            Err(ExportError::new(ErrorKind::Unreachable, "no record was taken")
                .context("code", first.error_code().unwrap_or_default())
                .context("message", first_line(first.error_message().unwrap_or_default())))
        }
        _ => Ok(receipt),
    }
}

#[cfg(test)]
mod tests;
