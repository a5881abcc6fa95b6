//! What people write about a queue.

use flagstaff_backend::{Settings, SettingsError};

/// Options of the kind `sqs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqsOptions {
    /// `queueUrl`
    pub queue_url: String,
}

impl SqsOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let queue_url = settings.required("queueUrl")?;
        if !queue_url.starts_with("https://") && !queue_url.starts_with("http://") {
            return Err(settings.invalid("queueUrl", "must begin with http:// or https://"));
        }
        Ok(Self { queue_url })
    }

    /// Whether the queue keeps order. The names of such queues end like this, and no others do.
    pub(super) fn keeps_order(&self) -> bool {
        self.queue_url.ends_with(".fifo")
    }

    /// The region that is part of the URL of an Amazon queue: `https://sqs.REGION.amazonaws.com/ACCOUNT/QUEUE`.
    pub(super) fn region(&self) -> Option<&str> {
        let (_, host) = self.queue_url.split_once("://sqs.")?;
        let (region, rest) = host.split_once('.')?;
        rest.starts_with("amazonaws.com").then_some(region)
    }
}
