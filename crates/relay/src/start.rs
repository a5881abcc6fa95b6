//! From settings to flag sets that serve.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use flagstaff_flagset::{Clock, FlagSet, Options, Source};
use flagstaff_retrievers::kinds;
use tokio::task::JoinSet;

use crate::RunError;
use crate::config::{self, FlagSetSettings};
use crate::serving::{FlagSets, ServedSet};

/// The name of the set of default mode.
const DEFAULT: &str = "default";

/// Starts all flag sets side by side. One that cannot start is left out, loudly, as long as another one can.
pub(crate) async fn flag_sets(settings: &config::FlagSets, clock: &Clock) -> Result<FlagSets, RunError> {
    let mut starting = JoinSet::new();
    for (index, set) in settings.all().iter().enumerate() {
        let (name, options) = (name(settings, index), options(set, name(settings, index), clock));
        starting.spawn(async move {
            let started = match options {
                Ok(options) => FlagSet::start(options).await.map_err(|error| error.to_string()),
                Err(error) => Err(error),
            };
            (index, name, started)
        });
    }
    let mut started = starting.join_all().await;
    started.sort_by_key(|(index, ..)| *index);
    let mut failures = Vec::new();
    let mut sets = Vec::new();
    for (_, name, started) in started {
        let flags = started
            .map(Arc::new)
            .map_err(|error| failures.push((Arc::clone(&name), error)))
            .ok();
        sets.push(ServedSet { name, flags });
    }
    if failures.len() == sets.len() {
        let causes: Vec<_> = failures.into_iter().map(|(_, cause)| cause).collect();
        return Err(RunError::FlagSets(causes.join("; ")));
    }
    for (name, error) in failures {
        tracing::error!(
            flagset = &*name,
            error,
            "flag set cannot start and is not served: its keys are refused"
        );
    }
    Ok(match settings {
        config::FlagSets::Default(_) => FlagSets::default_mode(sets.remove(0)),
        config::FlagSets::Named(_) => FlagSets::by_key(sets),
    })
}

/// A set without a name is called after its place in the configuration.
fn name(settings: &config::FlagSets, index: usize) -> Arc<str> {
    match (settings, &settings.all()[index].name) {
        (_, Some(name)) => Arc::clone(name),
        (config::FlagSets::Default(_), None) => Arc::from(DEFAULT),
        (config::FlagSets::Named(_), None) => Arc::from(format!("flagset-{}", index + 1)),
    }
}

fn options(settings: &FlagSetSettings, name: Arc<str>, clock: &Clock) -> Result<Options, String> {
    let sources = settings.retrievers.iter().map(|source| {
        let retriever = kinds::build(&source.options).map_err(|error| error.to_string())?;
        Ok(Source::new(retriever, source.format))
    });
    let mut options = Options::new(name, sources.collect::<Result<_, String>>()?);
    options.polling_interval = settings.polling_interval;
    options.jitter = if settings.polling_jitter { jitter() } else { 0.0 };
    options.start_with_retriever_error = settings.start_with_retriever_error;
    options.enrichment = settings.enrichment.clone();
    options.client_time = settings.allow_client_time;
    options.persistent_file = settings.persistent_file.clone();
    options.clock = Arc::clone(clock);
    Ok(options)
}

/// A number between -0.1 and 0.1 that is another one in each process.
fn jitter() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    (random as f64 / u64::MAX as f64 - 0.5) / 5.0
}
