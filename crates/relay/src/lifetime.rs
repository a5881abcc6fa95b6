//! A relay from its start to its end.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flagstaff_flagset::Clock;
use flagstaff_telemetry::logging::LogHandle;
use tokio::sync::watch;

use crate::changes::Herald;
use crate::config::{Settings, Sources};
use crate::reload::Reload;
use crate::route::Listener;
use crate::serving::Serving;
use crate::signals::Signals;
use crate::socket::{InheritedSockets, Sockets};
use crate::state::State;
use crate::{RunError, VERSION, descriptors, overload, server, start, streams};

/// How long what is left may take to reach a collector.
const FLUSH: Duration = Duration::from_secs(3);

/// How far a relay is. It only ever goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// It serves.
    Serving,
    /// It serves, and tells whoever asks that it will not for long.
    Leaving,
    /// It takes no new connections, ends its streams and finishes its answers.
    Ending,
    /// Nothing is left but to show how it ended.
    Ended,
}

/// The phase of a relay, for everybody to follow.
#[derive(Debug)]
pub(crate) struct Phases {
    phase: watch::Sender<Phase>,
    /// What every request looks at, which must not wait for a lock.
    is_leaving: AtomicBool,
}

impl Phases {
    pub(crate) fn new() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Serving),
            is_leaving: AtomicBool::new(false),
        }
    }

    /// The phase now.
    pub(crate) fn now(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Whether the relay will be gone soon.
    pub(crate) fn are_leaving(&self) -> bool {
        self.is_leaving.load(Ordering::Relaxed)
    }

    /// Resolves when the relay is as far as this.
    pub(crate) fn reached(&self, phase: Phase) -> impl Future<Output = ()> + Send + use<> {
        let mut phases = self.phase.subscribe();
        async move {
            // a relay that is gone is as far as it gets
            let _ = phases.wait_for(|now| *now >= phase).await;
        }
    }

    fn enter(&self, phase: Phase) {
        self.is_leaving.store(phase >= Phase::Leaving, Ordering::Relaxed);
        self.phase.send_replace(phase);
    }
}

/// Where the configuration comes from, and what else follows it.
pub(crate) struct Origin {
    pub(crate) sources: Sources,
    pub(crate) file: Option<PathBuf>,
    pub(crate) log: Option<LogHandle>,
}

/// A relay whose flag sets are loaded and whose listeners are open.
pub(crate) struct Relay {
    state: Arc<State>,
    settings: Settings,
    sockets: Sockets,
}

impl Relay {
    /// Starts the flag sets, then opens the listeners.
    pub(crate) async fn start(settings: Settings, inherited: InheritedSockets, clock: Clock) -> Result<Self, RunError> {
        descriptors::raise_limit();
        let flag_sets = start::flag_sets(&settings.flag_sets, &clock).await?;
        Ok(Self {
            sockets: Sockets::open(&settings.server, inherited).await?,
            state: Arc::new(
                State::new(Serving::new(&settings, flag_sets, None), clock)?.with_traces(settings.traces.as_ref()),
            ),
            settings,
        })
    }

    /// Serves until a signal ends it, and follows the configuration meanwhile.
    ///
    /// It ends in this order: ready no more; a grace in which everybody may notice; no new connections, streams end, answers
    /// that are being given are finished; the monitoring listener, on which all that can be watched, goes last.
    pub(crate) async fn serve(self, origin: Origin, signals: Signals) {
        let Self {
            state,
            settings,
            sockets: Sockets { api, monitoring },
        } = self;
        let Signals { mut end, reload } = signals;
        let named = state.serving().flag_sets.are_named();
        for set in state.serving().flag_sets.all() {
            Herald::start(set, named, &state);
        }
        tracing::info!(address = %api, version = VERSION, "Starting Flagstaff relay");
        let (drain, grace) = (settings.server.drain_timeout, settings.server.readiness_grace);
        let listener = Listener::Api {
            monitoring: monitoring.is_none(),
        };
        let serve = |socket, listener, phase| {
            let ended = state.phases.reached(phase);
            tokio::spawn(server::serve(socket, listener, Arc::clone(&state), ended, drain))
        };
        let mut api = serve(api, listener, Phase::Ending);
        let monitoring = monitoring.map(|socket| serve(socket, Listener::Monitoring, Phase::Ended));
        let measuring = tokio::spawn(overload::measure(Arc::clone(&state)));
        let following = tokio::spawn(Reload::new(origin, settings, Arc::clone(&state)).run(reload));

        end.recv().await;
        state.phases.enter(Phase::Leaving);
        tracing::info!(?grace, ?drain, "Stopping API server");
        let hurried = tokio::select! {
            Some(()) = end.recv() => true,
            () = tokio::time::sleep(grace) => false,
        };
        state.phases.enter(Phase::Ending);
        following.abort();
        measuring.abort();
        let sets: Vec<_> = state.serving().flag_sets.started().cloned().collect();
        if !hurried {
            tokio::select! {
                Some(()) = end.recv() => tracing::warn!("told to end once more: requests that were still being answered are broken off"),
                (ended, ()) = async { tokio::join!(&mut api, streams::close(sets.iter().map(|set| &*set.hub))) } => log_panic(ended),
            }
        }
        for set in sets {
            set.flags.stop().await;
        }
        if let Some(tracer) = &state.tracer {
            tracer.shutdown(FLUSH).await;
        }
        state.phases.enter(Phase::Ended);
        if let Some(monitoring) = monitoring {
            log_panic(monitoring.await);
        }
    }
}

fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a listener ended badly");
    }
}
