//! The server: configuration, routes, authentication, listeners, shutdown.
//!
//! [`config`] reads `goff-proxy.yaml` into [`config::Settings`], [`run`] serves them [from start to end](lifetime) and
//! [follows](reload) the file. [`probe`] contacts what they name.
//!
//! A [server] takes in [connections](connection) on a [socket], as many as there is room for; inside of AWS Lambda, requests come as
//! [events](lambda).
//!
//! A request goes through [one pass](service): its path is [matched](route), its key [checked](auth), its body
//! [read](body); a [route](routes) turns that into an [answer], which becomes a response in the form that was asked for.
//! What routes look at is the [state] and what is [served](serving) now, flags are [evaluated](evaluate) on one snapshot a request.

mod announcements;
mod answer;
mod auth;
mod body;
mod calendar;
mod changes;
mod client_address;
mod coding;
pub mod config;
mod connection;
mod content;
mod cross_origin;
mod descriptors;
#[cfg_attr(not(feature = "swagger"), path = "documentation/absent.rs")]
mod documentation;
mod dormant;
mod evaluate;
mod exports;
#[cfg_attr(not(feature = "lambda"), path = "lambda/absent.rs")]
mod lambda;
mod last_edit;
mod lifetime;
#[cfg(feature = "swagger")]
pub mod openapi;
mod overload;
pub mod probe;
mod rate;
mod readings;
mod reload;
mod request_id;
mod route;
mod routes;
mod server;
mod service;
mod serving;
mod signals;
mod socket;
mod start;
mod state;
mod stream;
mod streams;
#[cfg(test)]
mod tests;
#[cfg_attr(not(feature = "jwt"), path = "tokens/absent.rs")]
mod tokens;
mod trace;

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use flagstaff_telemetry::logging::LogHandle;

use crate::config::{Loaded, Sources};
use crate::lifetime::{Origin, Relay};

pub use signals::{Signaller, Signals};
pub use socket::{InheritedSocket, InheritedSockets};
pub use start::flag_set_options;

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
    /// A Unix socket could not be opened.
    #[error("cannot listen on the unix socket {path}: name a path that is free, in a folder that can be written")]
    UnixSocket {
        /// Its path.
        path: PathBuf,
        /// What the system says, or what is at that path.
        #[source]
        cause: io::Error,
    },
    /// A socket that was opened before the start cannot be listened on.
    #[error("cannot listen on the socket that was handed over")]
    InheritedSocket(#[source] io::Error),
    /// The mode is not part of this build.
    #[error("server mode {0} is not available in this build: build with --features {0}, or use mode http")]
    Mode(&'static str),
    /// There are no events.
    #[error(
        "AWS_LAMBDA_RUNTIME_API is not the address of a runtime api: mode lambda is for AWS Lambda, use mode http elsewhere"
    )]
    OutsideOfLambda,
    /// There are no events any more.
    #[error("the runtime api of aws lambda hands out no events")]
    RuntimeApi(#[source] Box<dyn Error + Send + Sync>),
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
    /// Sockets that were opened before.
    pub inherited: InheritedSockets,
    /// Changes the log level; `None` where somebody else owns the logger.
    pub log: Option<LogHandle>,
}

/// Serves until a signal ends it, gracefully; the configuration is followed meanwhile.
///
/// # Errors
/// When the relay cannot serve: no flag set starts, an address is taken.
pub async fn run(start: Start, mut signals: Signals) -> Result<(), RunError> {
    let Start {
        loaded,
        sources,
        inherited,
        log,
    } = start;
    let Loaded { settings, file, .. } = loaded;
    let relay = tokio::select! {
        biased;
        Some(()) = signals.end.recv() => {
            tracing::info!("stopped before anything was served");
            return Ok(());
        }
        relay = Relay::start(settings, inherited, Arc::new(SystemTime::now)) => relay?,
    };
    relay.serve(Origin { sources, file, log }, signals).await
}
