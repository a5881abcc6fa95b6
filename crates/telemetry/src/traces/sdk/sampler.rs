//! Which requests are traced.

use std::time::Duration;

use opentelemetry_sdk::runtime::Tokio;
use opentelemetry_sdk::trace;
use opentelemetry_semantic_conventions::attribute::SERVICE_NAME;

use super::exporter::{client, connection};
use crate::traces::{Sampler, TraceError, TraceSettings};

/// The share of traces until a strategy has arrived, as Jaeger's clients have it.
const UNTIL_TOLD: f64 = 0.001;

/// How long the answer with a strategy may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The sampler of these settings. Must be called inside of a tokio runtime.
pub(super) fn build(settings: &TraceSettings) -> Result<trace::Sampler, TraceError> {
    let service = settings.resource.iter().find(|(name, _)| **name == *SERVICE_NAME);
    build_one(&settings.sampler, service.map_or("", |(_, value)| value))
}

fn build_one(sampler: &Sampler, service: &str) -> Result<trace::Sampler, TraceError> {
    Ok(match sampler {
        Sampler::AlwaysOn => trace::Sampler::AlwaysOn,
        Sampler::AlwaysOff => trace::Sampler::AlwaysOff,
        Sampler::Ratio(ratio) => trace::Sampler::TraceIdRatioBased(*ratio),
        Sampler::ParentBased(root) => trace::Sampler::ParentBased(Box::new(build_one(root, service)?)),
        Sampler::JaegerRemote {
            manager,
            refresh_interval,
        } => {
            let client = client(None)?.timeout(PATIENCE).build().map_err(connection)?;
            trace::Sampler::jaeger_remote(
                Tokio,
                client,
                trace::Sampler::TraceIdRatioBased(UNTIL_TOLD),
                service.to_owned(),
            )
            .with_endpoint(&**manager)
            .with_update_interval(*refresh_interval)
            .build()
            .map_err(connection)?
        }
    })
}
