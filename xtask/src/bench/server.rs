//! A server under test: started, asked, weighed, and stopped however the bench ends.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use flagstaff_testkit::http::{Connection, Request, Response};
use flagstaff_testkit::process::Process;
use flagstaff_testkit::relay::Workspace;

use super::case::{self, Case};

/// How long a server may take to start.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// A running server. Stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    process: Process,
    workspace: Workspace,
    /// How many flags it serves; `None` for one that knows no flags.
    flags: Option<usize>,
    started_after: Duration,
    memory_at_rest: Option<u64>,
}

impl Server {
    /// Starts a server in a folder that holds a flag file of so many flags, and waits for its first answer.
    pub(crate) fn start(
        name: &str,
        flags: Option<usize>,
        command: impl FnOnce(&Workspace) -> Result<Command>,
    ) -> Result<Self> {
        let workspace = Workspace::new().context("cannot make a temporary folder")?;
        workspace.write(case::FLAG_FILE, &case::flag_file(flags.unwrap_or_default()))?;
        let mut command = command(&workspace)?;
        command.current_dir(workspace.path(""));
        let began = Instant::now();
        let mut server = Self {
            process: Process::start(name, command, workspace.path("log"))?,
            workspace,
            flags,
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

    /// Whether a case is put to this server: to one with as many flags as it is about, and to every one that knows none.
    pub(crate) fn is_asked(&self, case: Case) -> bool {
        self.flags.is_none_or(|flags| flags == case.flags())
    }

    /// The request of a case. A server without flags has no configuration, and evaluates instead.
    pub(crate) fn request(&self, case: Case) -> Result<Request> {
        if case != Case::Unchanged {
            return Ok(case.request());
        }
        if self.flags.is_none() {
            return Ok(Case::Static.request());
        }
        let mut request = case.request();
        let answer = self.answer(&request)?;
        let tag = answer.header("etag").context("the configuration has no entity tag")?;
        request.headers.push(("If-None-Match".into(), tag));
        Ok(request)
    }

    /// Asks one question; an error unless the answer is a good one.
    pub(crate) fn ask(&self, case: Case) -> Result<Response> {
        self.answer(&self.request(case)?)
    }

    fn answer(&self, request: &Request) -> Result<Response> {
        let answer = Connection::open(self.address())?.send(request)?;
        ensure!(
            matches!(answer.status, 200 | 304),
            "{} answers {} to {}: {}",
            self.name(),
            answer.status,
            request.path,
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
