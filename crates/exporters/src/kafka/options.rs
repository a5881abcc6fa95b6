//! What people write about a topic.

use std::fmt;

use flagstaff_backend::{Settings, SettingsError, Surroundings};
use rdkafka::ClientConfig;

use super::configuration;

/// Options of the kind `kafka`. `Debug` hides what may be secret.
#[derive(Clone)]
pub struct KafkaOptions {
    /// `kafka.topic`
    pub topic: String,
    /// `kafka.addresses`: hosts and ports, in a list or separated by commas.
    pub addresses: Vec<String>,
    /// `kafka.config`, in the names of librdkafka.
    pub(super) client: ClientConfig,
}

impl KafkaOptions {
    /// Reads the options of a configuration.
    pub fn read(settings: Settings<'_>, surroundings: &Surroundings) -> Result<Self, SettingsError> {
        let topic = settings.required("kafka.topic")?;
        let written = settings.texts("kafka.addresses")?;
        let addresses = written.iter().flat_map(|text| text.split(','));
        let addresses: Vec<String> = addresses.map(|address| address.trim().to_owned()).collect();
        let mut client = configuration::read(settings, surroundings)?;
        client.set("bootstrap.servers", addresses.join(","));
        Ok(Self {
            topic,
            addresses,
            client,
        })
    }
}

impl fmt::Debug for KafkaOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaOptions")
            .field("topic", &self.topic)
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}
