//! A server under test: started, asked, weighed, and stopped however the bench ends.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use flagstaff_testkit::http::{Connection, Response};
use flagstaff_testkit::relay::Workspace;

use super::case::{self, Case};

/// How long a server may take to start.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// How long a server may take to stop before it is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

const LOG: &str = "log";

/// A running server. Stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    name: String,
    child: Child,
    guard: Option<Child>,
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
        let log = File::create(workspace.path(LOG))?;
        command
            .current_dir(workspace.path(""))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        let began = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let mut server = Self {
            name: name.to_owned(),
            child,
            guard: None,
            workspace,
            started_after: Duration::ZERO,
            memory_at_rest: None,
        };
        server.guard = Some(watch(&server.child).context("cannot run sh")?);
        server.wait_for_answer(began + START_PATIENCE)?;
        server.started_after = began.elapsed();
        server.memory_at_rest = server.memory();
        Ok(server)
    }

    /// Its name in tables.
    pub(crate) fn name(&self) -> &str {
        &self.name
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
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kibibytes: u64 = resident.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kibibytes * 1024)
    }

    /// Asks one question; an error unless the answer is a 200.
    pub(crate) fn ask(&self, case: Case) -> Result<Response> {
        let answer = Connection::open(self.address())?.send(&case.request())?;
        ensure!(
            answer.status == 200,
            "{} answers {} to {}: {}",
            self.name,
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
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended with {status}:\n{}", self.name, self.log());
            }
            if Instant::now() > deadline {
                bail!("{} does not answer: {error:#}\n{}", self.name, self.log());
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn log(&self) -> String {
        let log = fs::read(self.workspace.path(LOG)).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that ended by itself is what was wanted: there is nothing to do about errors here.
        if let Some(mut guard) = self.guard.take() {
            drop(guard.stdin.take());
            let _ = guard.wait();
            let deadline = Instant::now() + STOP_PATIENCE;
            while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(5));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a process that asks the server, and all that it started, to end as soon as this program lets go of it: also when this
/// program is interrupted or killed, and has no say any more.
fn watch(server: &Child) -> std::io::Result<Child> {
    Command::new("sh")
        .args(["-c", r#"read -r _; kill -s TERM -- "-$1""#, "guard"])
        .arg(server.id().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // an interrupt from the terminal must not reach it before this program has ended
        .process_group(0)
        .spawn()
}
