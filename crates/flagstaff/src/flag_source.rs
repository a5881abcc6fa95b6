//! Flags of any source, as the tools look at them: of a kind with its options, or of a relay's configuration.

use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context;
use flagstaff_definition::format::Format;
use flagstaff_flagset::{Clock, Options, Source, Survey};
use flagstaff_relay::config;
use flagstaff_retrievers::{Surroundings, kinds};
use serde_json::{Map, Value};

use crate::command::RelayConfigurationArguments;
use crate::{environment, relay};

/// What a set of one source is called: nobody is shown that.
const NAME: &str = "flags";

/// A set of one source, described as in a configuration.
pub(crate) fn of_options(options: &Map<String, Value>, format: Format) -> anyhow::Result<Options> {
    let surroundings = Surroundings::new(environment::variables());
    let retriever = kinds::build(options, &surroundings).context("invalid retriever")?;
    Ok(Options::new(NAME, vec![Source::new(retriever, format)]))
}

/// The flag sets of a relay's configuration: the one that was named, or else all of them. `None` when there is none to be read.
pub(crate) fn of_relay(arguments: &RelayConfigurationArguments) -> anyhow::Result<Option<Vec<Options>>> {
    let Some(file) = &arguments.relay_config else {
        return Ok(None);
    };
    let loaded = config::load(&relay::sources(Some(file.clone()))?)?;
    let clock: Clock = Arc::new(SystemTime::now);
    let mut sets = flagstaff_relay::flag_set_options(&loaded.settings.flag_sets, &clock).map_err(anyhow::Error::msg)?;
    if let Some(name) = &arguments.flag_set {
        let known = names(&sets);
        sets.retain(|set| *set.name == **name);
        anyhow::ensure!(!sets.is_empty(), "there is no flag set {name}, there are {known}");
    }
    Ok(Some(sets))
}

/// The names of flag sets, for people.
pub(crate) fn names(sets: &[Options]) -> String {
    let names: Vec<&str> = sets.iter().map(|set| &*set.name).collect();
    names.join(", ")
}

/// Fetches the sources of a set once and puts their flags together.
pub(crate) fn survey(options: Options) -> anyhow::Result<Survey> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("cannot start threads")?;
    Ok(runtime.block_on(Survey::take(options, None))?)
}

/// Options as they are typed, `NAME=VALUE`, with dots between the parts of a name.
pub(crate) fn typed_options(typed: &[String]) -> anyhow::Result<Map<String, Value>> {
    let mut options = Map::new();
    for option in typed {
        let written = option.split_once('=').filter(|(path, _)| !path.is_empty());
        let (path, value) = written.context("--option: expected NAME=VALUE")?;
        let mut parts = path.split('.').rev();
        let last = parts.next().unwrap_or_default();
        let parents: Vec<&str> = parts.collect();
        let mut members = &mut options;
        for parent in parents.into_iter().rev() {
            let member = members.entry(parent).or_insert_with(|| Value::Object(Map::new()));
            members = member
                .as_object_mut()
                .with_context(|| format!("--option {path}: {parent} has a value already"))?;
        }
        members.insert(last.to_owned(), value.into());
    }
    Ok(options)
}
