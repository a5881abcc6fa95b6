//! A relay from its start to its end.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flagstaff_flagset::Clock;
use flagstaff_telemetry::logging::LogHandle;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinError;

use crate::changes::Herald;
use crate::config::{Mode, Settings, Sources};
use crate::lambda::Invocations;
use crate::reload::Reload;
use crate::route::Listener;
use crate::serving::Serving;
use crate::signals::Signals;
use crate::socket::{Entrance, InheritedSockets};
use crate::state::State;
use crate::{RunError, VERSION, descriptors, overload, server, start, streams};

/// How long what is left may take to leave: events, news of changes, spans.
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

/// A relay whose flag sets are loaded and whose entrance is open.
pub(crate) struct Relay {
    state: Arc<State>,
    settings: Settings,
    entrance: Entrance,
}

impl Relay {
    /// Starts the flag sets, then opens the entrance.
    pub(crate) async fn start(settings: Settings, inherited: InheritedSockets, clock: Clock) -> Result<Self, RunError> {
        descriptors::raise_limit();
        let flag_sets = match (
            start::flag_sets(&settings.flag_sets, &clock).await,
            &settings.server.mode,
        ) {
            (Err(error), Mode::Lambda(function)) => {
                if let Ok(invocations) = Invocations::new(function) {
                    invocations.give_up(&error).await;
                }
                return Err(error);
            }
            (flag_sets, _) => flag_sets?,
        };
        Ok(Self {
            entrance: Entrance::open(&settings.server, inherited).await?,
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
    ///
    /// # Errors
    /// When nothing comes in any more, which ends it too.
    pub(crate) async fn serve(self, origin: Origin, signals: Signals) -> Result<(), RunError> {
        let Self {
            state,
            settings,
            entrance,
        } = self;
        let Signals { mut end, reload } = signals;
        let named = state.serving().flag_sets.are_named();
        for set in state.serving().flag_sets.all() {
            Herald::start(set, named, &state);
        }
        tracing::info!(address = %entrance, version = VERSION, "Starting Flagstaff relay");
        let (drain, grace) = (settings.server.drain_timeout, settings.server.readiness_grace);
        let serve = |socket, listener, phase| {
            let (state, ended) = (Arc::clone(&state), state.phases.reached(phase));
            tokio::spawn(async move {
                server::serve(socket, listener, state, ended, drain).await;
                Ok(())
            })
        };
        let (mut api, monitoring, measuring) = match entrance {
            Entrance::Sockets { api, monitoring } => {
                let listener = Listener::Api {
                    monitoring: monitoring.is_none(),
                };
                let api = serve(api, listener, Phase::Ending);
                let monitoring = monitoring.map(|socket| serve(socket, Listener::Monitoring, Phase::Ended));
                (
                    api,
                    monitoring,
                    Some(tokio::spawn(overload::measure(Arc::clone(&state)))),
                )
            }
            // between two events the whole process stands still, which must not be taken for too much to do
            Entrance::Invocations(invocations) => {
                let ended = state.phases.reached(Phase::Ending);
                (tokio::spawn(invocations.serve(Arc::clone(&state), ended)), None, None)
            }
        };
        let following = tokio::spawn(Reload::new(origin, settings, Arc::clone(&state)).run(reload));

        let mut api_ended = tokio::select! {
            _ = end.recv() => None,
            ended = &mut api => Some(ended),
        };
        state.phases.enter(Phase::Leaving);
        tracing::info!(?grace, ?drain, "Stopping API server");
        let hurried = api_ended.is_some()
            || tokio::select! {
                Some(()) = end.recv() => true,
                () = tokio::time::sleep(grace) => false,
            };
        state.phases.enter(Phase::Ending);
        following.abort();
        if let Some(measuring) = measuring {
            measuring.abort();
        }
        let sets: Vec<_> = state.serving().flag_sets.started().cloned().collect();
        if !hurried {
            tokio::select! {
                Some(()) = end.recv() => tracing::warn!("told to end once more: requests that were still being answered are broken off"),
                (ended, ()) = async { tokio::join!(&mut api, streams::close(sets.iter().map(|set| &*set.hub))) } => api_ended = Some(ended),
            }
        }
        let deadline = tokio::time::Instant::now() + FLUSH;
        join_all(sets.iter().map(|set| set.exports.finish(deadline))).await;
        for set in &sets {
            set.flags.stop().await;
        }
        join_all(sets.iter().map(|set| set.announcements.finish(deadline))).await;
        if let Some(tracer) = &state.tracer {
            tracer.shutdown(FLUSH).await;
        }
        state.phases.enter(Phase::Ended);
        let monitored = match monitoring {
            Some(monitoring) => outcome(monitoring.await),
            None => Ok(()),
        };
        api_ended.map_or(Ok(()), outcome).and(monitored)
    }
}

/// How a listener ended; that it panicked is logged.
fn outcome(ended: Result<Result<(), RunError>, JoinError>) -> Result<(), RunError> {
    ended.unwrap_or_else(|error| {
        tracing::error!(%error, "a listener ended badly");
        Ok(())
    })
}
