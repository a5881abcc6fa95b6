//! The server: configuration, routes, authentication, listeners, shutdown.
//!
//! [`config`] reads `goff-proxy.yaml` into [`Settings`], [`run`] serves them.
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
mod route;
mod routes;
mod server;
mod service;
mod serving;
mod start;
mod state;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use flagstaff_flagset::Clock;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::config::{Mode, Settings};
use crate::route::Listener;
use crate::serving::Serving;
use crate::state::State;

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

/// Serves the settings until `shutdown` resolves, then ends gracefully: the listener is closed, requests in flight are
/// answered within the drain timeout, the flag sets stop.
///
/// # Errors
/// When the relay cannot serve: no flag set starts, an address is taken.
pub async fn run(settings: Settings, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
    Relay::start(&settings, Arc::new(SystemTime::now))
        .await?
        .serve(shutdown)
        .await
}

/// Resolves when the process is asked to end, by SIGINT or SIGTERM.
///
/// # Errors
/// When the process cannot listen to signals.
pub fn termination() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// A relay whose flag sets are loaded and whose listeners are open.
struct Relay {
    state: Arc<State>,
    api: TcpListener,
    monitoring: Option<TcpListener>,
    drain: std::time::Duration,
    /// The flags of the start count as created.
    count_initial: Vec<bool>,
}

impl Relay {
    /// Starts the flag sets, then opens the listeners.
    async fn start(settings: &Settings, clock: Clock) -> Result<Self, RunError> {
        let server = &settings.server;
        let port = match &server.mode {
            Mode::Http { port } => *port,
            Mode::UnixSocket { .. } => return Err(RunError::Mode("unixsocket")),
            Mode::Lambda { .. } => return Err(RunError::Mode("lambda")),
        };
        let flag_sets = start::flag_sets(&settings.flag_sets, &clock).await?;
        let api = listen(server.address(port)).await?;
        let monitoring = match server.monitoring_port {
            Some(port) => Some(listen(server.address(port)).await?),
            None => None,
        };
        Ok(Self {
            state: Arc::new(State::new(Serving::new(settings, flag_sets), clock)?),
            api,
            monitoring,
            drain: server.drain_timeout,
            count_initial: settings
                .flag_sets
                .all()
                .iter()
                .map(|set| !set.disable_notifier_on_init)
                .collect(),
        })
    }

    /// Serves until `shutdown` resolves, and a little longer.
    async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
        let Self {
            state,
            api,
            monitoring,
            drain,
            count_initial,
        } = self;
        let mut counting = JoinSet::new();
        for (set, initial) in state.serving().flag_sets.all().iter().zip(count_initial) {
            if let Some(flags) = &set.flags {
                counting.spawn(changes::count(Arc::clone(flags), state.counts.metrics.clone(), initial));
            }
        }
        if let Ok(address) = api.local_addr() {
            tracing::info!(%address, version = VERSION, "Starting Flagstaff relay");
        }
        let listener = Listener::Api {
            monitoring: monitoring.is_none(),
        };
        // the monitoring listener outlives the other one, so that the end can be watched
        let (end, ended) = oneshot::channel::<()>();
        let monitoring = monitoring.map(|socket| {
            let ended = async move { drop(ended.await) };
            tokio::spawn(server::serve(
                socket,
                Listener::Monitoring,
                Arc::clone(&state),
                ended,
                drain,
            ))
        });
        server::serve(api, listener, Arc::clone(&state), shutdown, drain).await;
        tracing::info!("Stopping API server");
        drop(end);
        if let Some(monitoring) = monitoring
            && let Err(error) = monitoring.await
        {
            tracing::error!(%error, "the monitoring listener ended badly");
        }
        let sets: Vec<_> = state.serving().flag_sets.started().cloned().collect();
        for set in sets {
            set.stop().await;
        }
        Ok(())
    }
}

async fn listen(address: String) -> Result<TcpListener, RunError> {
    TcpListener::bind(&address)
        .await
        .map_err(|cause| RunError::Listen { address, cause })
}
