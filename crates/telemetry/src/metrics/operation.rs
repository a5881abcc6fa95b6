//! How the relay itself is doing: reloads of its configuration, requests that it refused, spans that it sends.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::{IntCounter, IntGauge, Registry};

use super::families::{
    CONFIGURATION_RELOADED, CONFIGURATION_RELOADED_AT, CONFIGURATION_RELOADS, RATE_LIMITED, REFUSED_KEYS,
    SHED_REQUESTS, SPANS,
};

/// Reloads of the configuration.
#[derive(Debug, Clone)]
pub struct ConfigurationReloads {
    successes: IntCounter,
    failures: IntCounter,
    successful: IntGauge,
    succeeded_at: IntGauge,
}

impl ConfigurationReloads {
    pub(super) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let reloads = CONFIGURATION_RELOADS.counters(registry)?;
        let successful = CONFIGURATION_RELOADED.gauge(registry)?;
        successful.set(1);
        Ok(Self {
            successes: reloads.with_label_values(&["success"]),
            failures: reloads.with_label_values(&["failure"]),
            successful,
            succeeded_at: CONFIGURATION_RELOADED_AT.gauge(registry)?,
        })
    }

    /// The configuration of the start took effect.
    pub fn started(&self, at: SystemTime) {
        let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.succeeded_at.set(i64::try_from(seconds).unwrap_or(i64::MAX));
    }

    /// Another configuration took effect.
    pub fn succeeded(&self, at: SystemTime) {
        self.successes.inc();
        self.successful.set(1);
        self.started(at);
    }

    /// Another configuration was refused.
    pub fn failed(&self) {
        self.failures.inc();
        self.successful.set(0);
    }
}

/// Spans of traces.
#[derive(Debug, Clone)]
pub struct Spans {
    /// Handed over to where they go.
    pub sent: IntCounter,
    /// Not: the queue was full, or nobody took them.
    pub lost: IntCounter,
}

impl Spans {
    pub(super) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let spans = SPANS.counters(registry)?;
        Ok(Self {
            sent: spans.with_label_values(&["sent"]),
            lost: spans.with_label_values(&["lost"]),
        })
    }
}

/// Requests that were refused, by why.
#[derive(Debug, Clone)]
pub struct Refusals {
    /// Too many requests were being answered.
    pub shed: IntCounter,
    /// No key, or one that does not open what was asked for.
    pub keys: IntCounter,
    /// A key asked too often.
    pub rate_limited_keys: IntCounter,
    /// An address asked too often.
    pub rate_limited_addresses: IntCounter,
}

impl Refusals {
    pub(super) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let rate_limited = RATE_LIMITED.counters(registry)?;
        Ok(Self {
            shed: SHED_REQUESTS.counter(registry)?,
            keys: REFUSED_KEYS.counter(registry)?,
            rate_limited_keys: rate_limited.with_label_values(&["key"]),
            rate_limited_addresses: rate_limited.with_label_values(&["address"]),
        })
    }
}
