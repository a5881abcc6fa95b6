//! The server: configuration, routes, authentication, listeners, shutdown.
//!
//! [`config`] reads `goff-proxy.yaml` into [`config::Settings`], [`run`] serves them [from start to end](lifetime) and
//! [follows](reload) the file.
//!
//! A request goes through [one pass](service): its path is [matched](route), its key [checked](auth), its body
//! [read](body); a [route](routes) turns that into an [answer], which becomes a response in the form that was asked for.
//! What routes look at is the [state] and what is [served](serving) now, flags are [evaluated](evaluate) on one snapshot a request.

mod answer;
mod auth;
mod body;
mod changes;
pub mod config;
mod content;
mod evaluate;
mod lifetime;
mod reload;
mod route;
mod routes;
mod server;
mod service;
mod serving;
mod signals;
mod start;
mod state;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use flagstaff_telemetry::logging::LogHandle;

use crate::config::{Loaded, Sources};
use crate::lifetime::{Origin, Relay};

pub use signals::{Signaller, Signals};

/// The version of Flagstaff.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Why a relay cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No flag set could start.
    #[error("{0}")]
    FlagSets(String),
    /// A listener could not be opened.
    #[error("cannot listen on {address}: choose a free port and an address of this machine")]
    Listen {
        /// What was to be listened on.
        address: String,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// The mode is not part of this build.
    #[error("server mode {0} is not available in this build: use mode http")]
    Mode(&'static str),
    /// Metrics could not be set up.
    #[error("metrics cannot be set up")]
    Metrics(#[from] prometheus::Error),
}

/// What a relay starts from.
#[derive(Debug)]
pub struct Start {
    /// The configuration.
    pub loaded: Loaded,
    /// Where it came from, so that it can be followed.
    pub sources: Sources,
    /// Changes the log level; `None` where somebody else owns the logger.
    pub log: Option<LogHandle>,
}

/// Serves until a signal ends it, gracefully; the configuration is followed meanwhile.
///
/// # Errors
/// When the relay cannot serve: no flag set starts, an address is taken.
pub async fn run(start: Start, mut signals: Signals) -> Result<(), RunError> {
    let Start { loaded, sources, log } = start;
    let Loaded { settings, file, .. } = loaded;
    let relay = tokio::select! {
        biased;
        Some(()) = signals.end.recv() => {
            tracing::info!("stopped before anything was served");
            return Ok(());
        }
        relay = Relay::start(settings, Arc::new(SystemTime::now)) => relay?,
    };
    relay.serve(Origin { sources, file, log }, signals).await;
    Ok(())
}
