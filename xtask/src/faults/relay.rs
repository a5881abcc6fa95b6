//! The relay that things are done to.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use flagstaff_testkit::http::{Connection, Request, Response};
use flagstaff_testkit::process::Process;
use flagstaff_testkit::relay::Workspace;
use serde_json::{Value, json};

use super::case::Stage;
use super::disk::{self, Disk};
use super::flags;
use crate::exposition::{self, Balance};

/// How long a start may take.
const START_PATIENCE: Duration = Duration::from_secs(20);

/// How long it may take until every event is accounted for when no more come.
const EVEN_PATIENCE: Duration = Duration::from_secs(5);

/// How long sinks may take for what has piled up.
const SETTLE_PATIENCE: Duration = Duration::from_secs(20);

/// Name of the configuration file.
pub(super) const CONFIGURATION: &str = "goff-proxy.yaml";

/// Name of the flag file.
pub(super) const FLAG_FILE: &str = "flags.yaml";

/// A relay of a case. Ends when it is dropped.
#[derive(Debug)]
pub(super) struct Relay {
    process: Process,
    workspace: Workspace,
    memory_at_rest: Option<u64>,
}

/// How a relay is started.
#[derive(Debug, Default, Clone)]
pub(super) struct Launch {
    /// How many file descriptors it may have.
    pub(super) descriptors: Option<u32>,
    /// Its environment.
    pub(super) environment: Vec<(&'static str, String)>,
    /// A small disk in its folder.
    pub(super) disk: Option<Disk>,
}

impl Stage {
    /// A folder with a configuration, in which 18031 stands for a free port, and the first edition of the flags.
    pub(super) fn workspace(&self, configuration: &str) -> Result<Workspace> {
        let workspace = Workspace::new().context("cannot make a temporary folder")?;
        workspace.write(CONFIGURATION, &workspace.with_port(configuration))?;
        workspace.write(FLAG_FILE, &flags::file("before"))?;
        Ok(workspace)
    }

    /// Starts a relay and waits until it serves.
    pub(super) fn start(&self, configuration: &str) -> Result<Relay> {
        self.start_in(self.workspace(configuration)?, &Launch::default())
    }

    /// Starts a relay in a folder and waits until it serves.
    pub(super) fn start_in(&self, workspace: Workspace, launch: &Launch) -> Result<Relay> {
        let mut relay = self.launch(workspace, launch)?;
        relay.wait_until_healthy()?;
        relay.memory_at_rest = relay.process.memory();
        Ok(relay)
    }

    /// Starts a relay in a folder and lets it go its way.
    pub(super) fn launch(&self, workspace: Workspace, launch: &Launch) -> Result<Relay> {
        let mut command = launch.command(&self.program);
        command
            .args(["relay", "--config", CONFIGURATION])
            .current_dir(workspace.path(""))
            // the relay takes settings from the environment too
            .env_clear()
            .envs(launch.environment.iter().map(|(name, value)| (name, value)));
        let process = Process::start("the relay", command, workspace.path("log"))?;
        self.remember(process.id());
        Ok(Relay {
            process,
            workspace,
            memory_at_rest: None,
        })
    }
}

impl Launch {
    /// The program, or a shell that becomes the program when its surroundings are as they should be.
    fn command(&self, program: &Path) -> Command {
        let limit = self.descriptors.map(|limit| format!("ulimit -n {limit}"));
        let mount = self.disk.map(Disk::mount);
        let steps: Vec<_> = limit.into_iter().chain(mount).collect();
        if steps.is_empty() {
            return Command::new(program);
        }
        let mut command = match self.disk {
            Some(_) => disk::apart(),
            None => Command::new("sh"),
        };
        let script = format!("{} && exec \"$@\"", steps.join(" && "));
        command.args(["-c", &script, "sh"]).arg(program);
        command
    }
}

impl Relay {
    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.workspace.port()).into()
    }

    /// Its folder.
    pub(super) fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// Its process.
    pub(super) fn process(&self) -> &Process {
        &self.process
    }

    /// Resident bytes after its first answer.
    pub(super) fn memory_at_rest(&self) -> Option<u64> {
        self.memory_at_rest
    }

    /// Asks on a connection of its own.
    pub(super) fn ask(&self, request: &Request) -> io::Result<Response> {
        Connection::open(self.address())?.send(request)
    }

    /// What the edited flag serves; `None` when that is not to be had.
    pub(super) fn edition(&self) -> Option<Value> {
        self.edition_for("")
    }

    /// What the edited flag serves to a key.
    pub(super) fn edition_for(&self, key: &str) -> Option<Value> {
        let path = format!("/ofrep/v1/evaluate/flags/{}", flags::EDITED);
        let request = Request::post(&path, &json!({"context": {}})).header("X-API-Key", key);
        let answer = self.ask(&request).ok().filter(|answer| answer.status == 200)?;
        let mut body: Value = serde_json::from_slice(&answer.body).ok()?;
        Some(body["value"].take())
    }

    /// How long it takes until an edition is served; `None` when it takes longer than that.
    pub(super) fn time_to_edition(&self, edition: &str, patience: Duration) -> Option<Duration> {
        time_until(patience, || self.edition().is_some_and(|value| value == edition))
    }

    /// What it tells of itself.
    pub(super) fn metrics(&self) -> Result<String> {
        Ok(self.ask(&Request::get("/metrics"))?.text())
    }

    /// The highest value that samples of a family have; of those of one retriever, where one is meant.
    pub(super) fn highest(&self, family: &str, retriever: &str) -> Result<f64> {
        let metrics = self.metrics()?;
        let samples = exposition::samples(&metrics)?;
        let meant = samples
            .iter()
            .filter(|sample| sample.name == family && sample.label("retriever") == retriever);
        let highest = meant.map(|sample| sample.value).reduce(f64::max);
        highest.with_context(|| format!("no {family} for retriever {retriever:?}"))
    }

    /// What became of the events of an exporter.
    pub(super) fn balance(&self, exporter: &str) -> Result<Balance> {
        let balances = exposition::balances(&self.metrics()?)?;
        let balance = balances.get(exporter).copied();
        balance.with_context(|| format!("no exporter {exporter}"))
    }

    /// The balance of an exporter as soon as every event is accounted for, while nobody sends events.
    pub(super) fn even_balance(&self, exporter: &str) -> Result<Balance> {
        let mut balance = Balance::default();
        let is_even = || {
            balance = self.balance(exporter).unwrap_or_default();
            balance.accepted > 0 && balance.is_even()
        };
        time_until(EVEN_PATIENCE, is_even).with_context(|| format!("events of {exporter} are unaccounted for"))?;
        Ok(balance)
    }

    /// The balance of an exporter once nothing waits any more and every event is accounted for.
    pub(super) fn settled_balance(&self, exporter: &str) -> Result<Balance> {
        let mut balance = Balance::default();
        let is_settled = || {
            balance = self.balance(exporter).unwrap_or_default();
            balance.accepted > 0 && balance.is_even() && balance.waiting() == 0
        };
        let settled = time_until(SETTLE_PATIENCE, is_settled);
        ensure!(
            settled.is_some(),
            "after {} s events of {exporter} still wait, or are unaccounted for: {balance:?}",
            SETTLE_PATIENCE.as_secs()
        );
        Ok(balance)
    }

    /// Waits until the log holds a text.
    pub(super) fn wait_for_log(&self, text: &str, patience: Duration) -> Result<()> {
        let found = time_until(patience, || self.process.log().contains(text));
        ensure!(
            found.is_some(),
            "the log does not say {text:?} within {} s:\n{}",
            patience.as_secs(),
            self.process.log()
        );
        Ok(())
    }

    /// Waits for its end; an error when it still runs after all that time.
    pub(super) fn wait_for_end(&mut self, patience: Duration) -> Result<ExitStatus> {
        let ended = self.process.wait(patience)?;
        ended.with_context(|| {
            let log = self.process.log();
            format!("the relay still runs after {} s:\n{log}", patience.as_secs())
        })
    }

    /// Ends it and keeps its folder.
    pub(super) fn into_workspace(self) -> Workspace {
        self.workspace
    }

    fn wait_until_healthy(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            if let Some(status) = self.process.ended()? {
                bail!("the relay ended with {status}:\n{}", self.process.log());
            }
            let answer = self.ask(&Request::get("/health"));
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "the relay does not answer:\n{}",
                self.process.log()
            );
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// How long it takes until something holds; `None` when it takes longer than that.
pub(super) fn time_until(patience: Duration, mut holds: impl FnMut() -> bool) -> Option<Duration> {
    let began = Instant::now();
    loop {
        if holds() {
            return Some(began.elapsed());
        }
        if began.elapsed() > patience {
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
}
