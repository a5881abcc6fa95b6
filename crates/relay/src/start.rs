//! From settings to flag sets that serve.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use flagstaff_flagset::{Clock, FlagSet, Options, Source};
use flagstaff_retrievers::kinds;
use tokio::task::JoinSet;

use crate::RunError;
use crate::config::{self, FlagSetSettings};
use crate::exports::Exports;
use crate::serving::{FlagSets, LiveSet, ServedSet};

/// The name of the set of default mode.
const DEFAULT: &str = "default";

/// Starts all flag sets side by side. One that cannot start is left out, loudly, as long as another one can.
pub(crate) async fn flag_sets(settings: &config::FlagSets, clock: &Clock) -> Result<FlagSets, RunError> {
    let mut starting = JoinSet::new();
    for (index, set) in settings.all().iter().enumerate() {
        let (name, set, clock) = (name(settings, index), set.clone(), Arc::clone(clock));
        starting.spawn(async move { (index, flag_set(name, set, &clock).await) });
    }
    let mut started = starting.join_all().await;
    started.sort_by_key(|(index, _)| *index);
    let mut failures = Vec::new();
    let mut sets = Vec::new();
    for (index, started) in started {
        let name = name(settings, index);
        sets.push(started.unwrap_or_else(|error| {
            let failure = Some(Arc::from(&*error));
            failures.push((Arc::clone(&name), error));
            ServedSet {
                name,
                settings: settings.all()[index].clone().into(),
                live: None,
                failure,
            }
        }));
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
    Ok(assemble(settings, sets))
}

/// Starts one flag set.
pub(crate) async fn flag_set(name: Arc<str>, settings: FlagSetSettings, clock: &Clock) -> Result<ServedSet, String> {
    let options = options(&settings, Arc::clone(&name), clock, None)?;
    let flags = FlagSet::start(options).await.map_err(|error| error.to_string())?;
    let exports = Exports::start(Exports::prepare(&name, &settings, None, clock)?, None).await;
    Ok(ServedSet {
        name,
        settings: settings.into(),
        live: Some(LiveSet::new(flags, exports)),
        failure: None,
    })
}

/// Puts the sets together in the order of the settings.
pub(crate) fn assemble(settings: &config::FlagSets, mut sets: Vec<ServedSet>) -> FlagSets {
    match settings {
        config::FlagSets::Default(_) => FlagSets::default_mode(sets.remove(0)),
        config::FlagSets::Named(_) => FlagSets::by_key(sets),
    }
}

/// What the flag sets of a configuration are made of, in their order, for tools that look at flags.
///
/// # Errors
/// When a source cannot be built, which a configuration that was [loaded](config::load) rules out.
pub fn flag_set_options(settings: &config::FlagSets, clock: &Clock) -> Result<Vec<Options>, String> {
    let sets = settings.all().iter().enumerate();
    sets.map(|(index, set)| options(set, name(settings, index), clock, None))
        .collect()
}

/// A set without a name is called after its place in the configuration.
pub(crate) fn name(settings: &config::FlagSets, index: usize) -> Arc<str> {
    match (settings, &settings.all()[index].name) {
        (_, Some(name)) => Arc::clone(name),
        (config::FlagSets::Default(_), None) => Arc::from(DEFAULT),
        (config::FlagSets::Named(_), None) => Arc::from(format!("flagset-{}", index + 1)),
    }
}

/// The options of a set. Sources that `known` has already are shared with it, each once.
pub(crate) fn options(
    settings: &FlagSetSettings,
    name: Arc<str>,
    clock: &Clock,
    known: Option<&ServedSet>,
) -> Result<Options, String> {
    let mut known: Vec<_> = known
        .and_then(|set| Some((set.live.as_ref()?.flags.options(), &set.settings)))
        .map(|(options, settings)| settings.retrievers.iter().zip(options.sources.clone()).collect())
        .unwrap_or_default();
    let sources = settings.retrievers.iter().map(|source| {
        if let Some(at) = known.iter().position(|(other, _)| *other == source) {
            return Ok(known.swap_remove(at).1);
        }
        let retriever = kinds::build(&source.options, &source.surroundings).map_err(|error| error.to_string())?;
        Ok(Source::new(retriever, source.format))
    });
    let mut options = Options::new(name, sources.collect::<Result<_, String>>()?);
    options.duplicates = settings.duplicates;
    options.polling_interval = settings.polling_interval;
    options.jitter = if settings.polling_jitter { jitter() } else { 0.0 };
    options.start_with_retriever_error = settings.start_with_retriever_error;
    options.enrichment = settings.enrichment.clone();
    options.client_time = settings.allow_client_time;
    options.persistent_file = settings.persistent_file.clone();
    options.clock = Arc::clone(clock);
    options.random = Arc::new(random);
    Ok(options)
}

/// The name of this machine.
pub(crate) fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// A number between -0.1 and 0.1 that is another one in each process.
fn jitter() -> f64 {
    (random() - 0.5) / 5.0
}

/// A number between 0 and 1 that is another one each time.
pub(crate) fn random() -> f64 {
    RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
}
