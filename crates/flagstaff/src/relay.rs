//! `flagstaff relay`: settings, logger, runtime, serve.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use flagstaff_relay::config::{self, Settings, Sources};
use flagstaff_relay::{Signals, Start};
use flagstaff_telemetry::logging;

use crate::activation;
use crate::check;
use crate::command::RelayArguments;
use crate::environment;

/// Serves flags until the process is asked to end, or only checks the configuration.
pub(crate) fn run(arguments: &RelayArguments) -> anyhow::Result<ExitCode> {
    let sources = sources(arguments.config.clone())?;
    if arguments.check {
        return check::run(&sources, arguments.output);
    }
    let loaded = config::load(&sources)?;
    let settings = &loaded.settings;
    let log = Some(logging::install(settings.logging.level, settings.logging.format)?);
    if !settings.hide_banner {
        print_banner(settings);
    }
    for notice in &loaded.notices {
        tracing::warn!(origin = %notice.origin, setting = notice.path, "{}", notice.message);
    }
    let inherited = activation::inherited_sockets()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context("cannot start threads")?.block_on(async {
        let signals = Signals::of_process().context("cannot listen to signals")?;
        let start = Start {
            loaded,
            sources,
            inherited,
            log,
        };
        flagstaff_relay::run(start, signals)
            .await
            .context("the relay cannot serve")
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Where a configuration is looked for; in the file, if one was named.
pub(crate) fn sources(file: Option<PathBuf>) -> anyhow::Result<Sources> {
    Ok(Sources {
        file,
        environment: environment::variables().collect(),
        working_directory: std::env::current_dir().context("the working folder cannot be found")?,
    })
}

fn print_banner(settings: &Settings) {
    println!(
        "Flagstaff {}, feature flags for {} flag set(s)",
        flagstaff_relay::VERSION,
        settings.flag_sets.all().len()
    );
}
