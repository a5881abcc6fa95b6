//! A server under test: started, asked, weighed, and stopped however the bench ends.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use flagstaff_testkit::http::{Connection, Response};
use flagstaff_testkit::relay::Workspace;

use super::case::{self, Case};
use crate::process::Process;

/// How long a server may take to start.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// A running server. Stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    process: Process,
    workspace: Workspace,
    started_after: Duration,
    memory_at_rest: Option<u64>,
}

impl Server {
    /// Starts a server in a folder that holds the flag file, and waits for its first answer.
    pub(crate) fn start(name: &str, command: impl FnOnce(&Workspace) -> Result<Command>) -> Result<Self> {
        let workspace = Workspace::new().context("cannot make a temporary folder")?;
        workspace.write(case::FLAG_FILE, &case::flag_file())?;
        let mut command = command(&workspace)?;
        command.current_dir(workspace.path(""));
        let began = Instant::now();
        let mut server = Self {
            process: Process::start(name, command, workspace.path("log"))?,
            workspace,
            started_after: Duration::ZERO,
            memory_at_rest: None,
        };
        server.wait_for_answer(began + START_PATIENCE)?;
        server.started_after = began.elapsed();
        server.memory_at_rest = server.memory();
        Ok(server)
    }

    /// Its name in tables.
    pub(crate) fn name(&self) -> &str {
        self.process.name()
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.workspace.port()).into()
    }

    /// Its folder.
    pub(crate) fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// From its start to its first answer.
    pub(crate) fn started_after(&self) -> Duration {
        self.started_after
    }

    /// Resident bytes after its first answer.
    pub(crate) fn memory_at_rest(&self) -> Option<u64> {
        self.memory_at_rest
    }

    /// Resident bytes now; `None` where the system has no `/proc`.
    pub(crate) fn memory(&self) -> Option<u64> {
        self.process.memory()
    }

    /// Asks one question; an error unless the answer is a 200.
    pub(crate) fn ask(&self, case: Case) -> Result<Response> {
        let answer = Connection::open(self.address())?.send(&case.request())?;
        ensure!(
            answer.status == 200,
            "{} answers {} to {}: {}",
            self.name(),
            answer.status,
            case.name(),
            answer.text()
        );
        Ok(answer)
    }

    fn wait_for_answer(&mut self, deadline: Instant) -> Result<()> {
        loop {
            let Err(error) = self.ask(Case::Static) else {
                return Ok(());
            };
            if let Some(status) = self.process.ended()? {
                bail!("{} ended with {status}:\n{}", self.name(), self.process.log());
            }
            if Instant::now() > deadline {
                bail!("{} does not answer: {error:#}\n{}", self.name(), self.process.log());
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}
