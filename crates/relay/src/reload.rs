//! Following the configuration while the relay serves.
//!
//! A reload is applied whole or not at all: the file must be valid, and every source that is new in it must have given its
//! flags; until then the relay serves what it served, and tries again. The one exception is for safety: keys that the edit
//! removes stop working at once.

mod plan;
mod restart;
mod triggers;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use flagstaff_telemetry::logging::LogHandle;
use tokio::sync::mpsc;

use crate::changes::Herald;
use crate::config::{self, FlagSets, Settings, Sources};
use crate::exports::Exports;
use crate::lifetime::Origin;
use crate::reload::plan::{Plan, Step};
use crate::reload::triggers::Triggers;
use crate::serving::Serving;
use crate::start;
use crate::state::State;

/// The shortest and the longest time until sources that do not answer are asked again.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Keeps what is served in step with the configuration.
pub(crate) struct Reload {
    sources: Sources,
    /// The file that was read; `None` when everything came from the environment.
    file: Option<PathBuf>,
    /// What is in effect.
    settings: Settings,
    state: Arc<State>,
    /// `None` where somebody else owns the logger.
    log: Option<LogHandle>,
}

impl Reload {
    /// Follows the configuration that came from these sources and is in effect.
    pub(crate) fn new(origin: Origin, settings: Settings, state: Arc<State>) -> Self {
        let Origin { sources, file, log } = origin;
        Self {
            sources,
            file,
            settings,
            state,
            log,
        }
    }

    /// Reloads when the file changes or a signal arrives, for ever.
    pub(crate) async fn run(mut self, signals: mpsc::Receiver<()>) {
        let mut triggers = Triggers::new(signals);
        triggers.watch(self.files(Vec::new()));
        // what was read and could not be applied yet
        let mut wanted = None;
        let mut retry = (!self.state.serving().flag_sets.are_complete()).then_some(RETRY.0);
        // an edit may have come after the start read the file and before it was watched; one that is written later is none
        let mut edited = self.file.is_some();
        loop {
            if !edited {
                edited = tokio::select! {
                    () = triggers.next() => true,
                    () = wait(retry) => false,
                };
            }
            if std::mem::take(&mut edited) {
                (wanted, retry) = (self.read(&mut triggers), None);
            }
            let prepared = tokio::select! {
                prepared = Plan::prepare(wanted.as_ref().unwrap_or(&self.settings), &self.state) => prepared,
                // whatever was about to come of the former edit, this one replaces it
                () = triggers.next() => {
                    edited = true;
                    continue;
                }
            };
            let incomplete = match prepared {
                Ok(plan) => {
                    let incomplete = !plan.is_complete();
                    self.commit(plan, wanted.take()).await;
                    incomplete
                }
                Err(error) => {
                    self.state.counts.metrics.configuration_reloads.failed();
                    self.state
                        .last_edit
                        .refuse_because(format!("it waits for its sources: {error}"));
                    tracing::error!(
                        error,
                        "the new configuration waits for its sources: failed to create the flagset added at runtime, or to \
                         edit one; what was served before stays"
                    );
                    true
                }
            };
            let next = retry.map_or(RETRY.0, |before| (before * 2).min(RETRY.1));
            retry = incomplete.then_some(next);
        }
    }

    /// The files that the configuration is read from, and those that would mend it.
    fn files(&self, more: Vec<PathBuf>) -> BTreeSet<PathBuf> {
        let file = self.file.iter().map(|file| self.sources.working_directory.join(file));
        file.chain(self.settings.files.iter().cloned()).chain(more).collect()
    }

    /// The configuration as it is written now, unless it cannot be served or is the one in effect. What it does not allow
    /// any more stops at once.
    fn read(&mut self, triggers: &mut Triggers) -> Option<Settings> {
        let loaded = match config::load(&self.sources) {
            Ok(loaded) => loaded,
            Err(error) => {
                for problem in &error.problems {
                    tracing::error!(
                        origin = %problem.origin,
                        setting = problem.path,
                        error = problem.message,
                        "the new configuration is invalid, it will not be applied"
                    );
                }
                self.state.counts.metrics.configuration_reloads.failed();
                self.state.last_edit.refuse(error.problems);
                triggers.watch(self.files(error.files));
                return None;
            }
        };
        let mut settings = loaded.settings;
        triggers.watch(self.files(settings.files.clone()));
        if let Some(switch) = mode_switch(&self.settings.flag_sets, &settings.flag_sets) {
            tracing::error!("switching from {switch} mode needs a restart, the new configuration will not be applied");
            self.state.counts.metrics.configuration_reloads.failed();
            let message = format!("switching from {switch} mode needs a restart");
            self.state.last_edit.refuse_because(message);
            return None;
        }
        for setting in restart::keep(&mut settings, &self.settings) {
            tracing::warn!(
                setting,
                "only API Keys and AuthorizedKeys can be changed of the settings outside of flag sets, with log level and \
                 limits: this change takes effect at the next start"
            );
        }
        self.revoke(&settings);
        if settings == self.settings {
            self.state.last_edit.accept();
            return None;
        }
        for notice in &loaded.notices {
            tracing::warn!(origin = %notice.origin, setting = notice.path, "{}", notice.message);
        }
        Some(settings)
    }

    /// Takes away what the settings do not grant any more; what they grant beyond that comes with everything else.
    fn revoke(&self, settings: &Settings) {
        let serving = self.state.serving();
        let keys = serving.keys.restricted_to(&settings.keys);
        let tokens = serving.tokens_under(settings);
        if keys != serving.keys || tokens.is_some() != serving.tokens.is_some() {
            self.state.replace(Serving {
                keys,
                tokens,
                ..(**serving).clone()
            });
        }
    }

    /// Sets that cannot start may have another reason for that by now.
    fn tell_failures(&self, plan: Plan) {
        let serving = self.state.serving();
        let sets: Vec<_> = plan.steps.into_iter().map(|(step, _)| step.into_set()).collect();
        let mut is_news = false;
        for (set, known) in sets.iter().zip(serving.flag_sets.all()) {
            if let Some(failure) = set.failure.as_ref().filter(|_| set.failure != known.failure) {
                tracing::error!(flagset = &*set.name, error = &**failure, "flag set still cannot start");
                is_news = true;
            }
        }
        if is_news {
            self.state.replace(Serving {
                flag_sets: start::assemble(&self.settings.flag_sets, sets),
                ..(**serving).clone()
            });
        }
    }

    /// Puts a plan into effect.
    async fn commit(&mut self, plan: Plan, wanted: Option<Settings>) {
        if wanted.is_none() && plan.is_idle() {
            return self.tell_failures(plan);
        }
        let is_edit = wanted.is_some();
        let settings = wanted.unwrap_or_else(|| self.settings.clone());
        let named = matches!(settings.flag_sets, FlagSets::Named(_));
        let mut sets = Vec::new();
        for (step, exports) in plan.steps {
            let mut set = match step {
                Step::Keep(set) | Step::Missing(set) => set,
                Step::Edit(set, prepared) => {
                    if let Some(live) = &set.live {
                        live.flags.reconfigure(*prepared).await;
                    }
                    tracing::info!(flagset = &*set.name, "flagset edited at runtime");
                    set
                }
                Step::Add(set) => {
                    Herald::start(&set, named, &self.state);
                    tracing::info!(flagset = &*set.name, "flagset added at runtime");
                    set
                }
            };
            set.apply_announcements(named);
            if let (Some(live), Some(exports)) = (&mut set.live, exports) {
                live.exports = Arc::new(Exports::start(exports, Some(&live.exports)).await);
                tracing::info!(flagset = &*set.name, "exporters edited at runtime");
            }
            sets.push(set);
        }
        let sets = start::assemble(&settings.flag_sets, sets);
        let serving = Serving::new(&settings, sets, Some(&self.state.serving()));
        let before = self.state.replace(serving);
        let after = self.state.serving();
        for set in before.flag_sets.all() {
            let Some(live) = &set.live else { continue };
            if after.flag_sets.started().any(|served| served.is_same(live)) {
                continue;
            }
            tracing::info!(flagset = &*set.name, "flagset removed at runtime");
            let live = live.clone();
            tokio::spawn(async move { live.stop().await });
        }
        if settings.keys != self.settings.keys {
            tracing::info!("Configuration changed: reloading the AuthorizedKeys and the APIKeys");
        }
        if let Some(log) = self.log.as_ref().filter(|_| settings.logging != self.settings.logging) {
            log.set_level(settings.logging.level);
        }
        self.settings = settings;
        if is_edit {
            self.state.last_edit.accept();
        }
        let reloads = &self.state.counts.metrics.configuration_reloads;
        reloads.succeeded(self.state.now());
        tracing::info!("the configuration is in effect");
    }
}

/// Says between which modes a configuration switches, if it does.
fn mode_switch(old: &FlagSets, new: &FlagSets) -> Option<&'static str> {
    match (old, new) {
        (FlagSets::Default(_), FlagSets::Named(_)) => Some("default to flagsets"),
        (FlagSets::Named(_), FlagSets::Default(_)) => Some("flagsets to default"),
        _ => None,
    }
}

async fn wait(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}
