//! The built program, started in a folder of its own on a free port.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::http::{Connection, Request, Response};

/// Stands for the API's port in files of a [`Workspace`].
pub const PORT: &str = "18031";

/// How long a start or a change may take on a busy machine before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A temporary folder for a relay: its configuration and its flag files.
#[derive(Debug)]
pub struct Workspace {
    folder: TempDir,
    port: u16,
}

impl Workspace {
    /// An empty folder and a free port.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            folder: tempfile::tempdir()?,
            port: free_port()?,
        })
    }

    /// A copy of the files of a folder; [`PORT`] in `goff-proxy*` becomes the free port.
    pub fn copy_of(folder: &Path) -> io::Result<Self> {
        let workspace = Self::new()?;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            fs::copy(entry.path(), workspace.path(&name))?;
            if name.starts_with("goff-proxy") {
                let text = fs::read_to_string(entry.path())?;
                fs::write(workspace.path(&name), workspace.with_port(&text))?;
            }
        }
        Ok(workspace)
    }

    /// The path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file aside and renames it, so that it appears whole.
    pub fn write(&self, name: &str, text: &str) -> io::Result<()> {
        let aside = self.path(&format!(".{name}.new"));
        fs::write(&aside, text)?;
        fs::rename(aside, self.path(name))
    }

    /// The text with the port put in.
    pub fn with_port(&self, text: &str) -> String {
        text.replace(PORT, &self.port.to_string())
    }

    /// The port of the API.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its port on this machine.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }
}

/// How to get a connection to the relay of a workspace.
pub type Connect = fn(&Workspace) -> io::Result<Connection>;

/// A running relay. Ends when it is dropped.
#[derive(Debug)]
pub struct Relay {
    child: Child,
    workspace: Workspace,
    connect: Connect,
}

impl Relay {
    /// Starts `program relay --config goff-proxy.yaml` in the folder and waits until `/health` answers with 200.
    ///
    /// # Panics
    /// When it does not start; with its log.
    pub fn start(program: &str, workspace: Workspace) -> Self {
        let mut command = Command::new(program);
        command
            .args(["relay", "--config", "goff-proxy.yaml"])
            .env_clear()
            .stdin(Stdio::null());
        Self::start_with(command, workspace, |workspace| Connection::open(workspace.address()))
    }

    /// Starts a relay by any command, in the folder, and waits until `/health` answers with 200 on a connection.
    ///
    /// # Panics
    /// When it does not start; with its log.
    pub fn start_with(mut command: Command, workspace: Workspace, connect: Connect) -> Self {
        let log = File::create(workspace.path("relay.log")).expect("a log file can be created");
        let child = command
            .current_dir(workspace.folder.path())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
        let mut relay = Self {
            child,
            workspace,
            connect,
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok(Some(status)) = relay.child.try_wait() {
                panic!("the relay ended with {status}:\n{}", relay.log());
            }
            if relay
                .try_ask(&Request::get("/health"))
                .is_ok_and(|answer| answer.status == 200)
            {
                return relay;
            }
            assert!(Instant::now() < deadline, "the relay does not answer:\n{}", relay.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.workspace.address()
    }

    /// Its folder.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// Asks on a connection of its own.
    ///
    /// # Panics
    /// When there is no answer; with the log.
    pub fn ask(&self, request: &Request) -> Response {
        self.try_ask(request)
            .unwrap_or_else(|error| panic!("{} {}: {error}\n{}", request.method, request.path, self.log()))
    }

    /// Asks on a connection of its own.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn try_ask(&self, request: &Request) -> io::Result<Response> {
        self.connect()?.send(request)
    }

    /// A new connection.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn connect(&self) -> io::Result<Connection> {
        (self.connect)(&self.workspace)
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.workspace.path("relay.log")).unwrap_or_default()
    }

    /// Waits until a condition holds.
    ///
    /// # Panics
    /// When it does not come true; with `what` and the log.
    pub fn wait_until(&self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !condition(self) {
            assert!(Instant::now() < deadline, "{what} does not happen:\n{}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends it a signal, like `HUP`.
    ///
    /// # Panics
    /// When that is not possible.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.child.id())])
            .status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "the signal {name} cannot be sent"
        );
    }

    /// Asks it to end with SIGTERM and waits for that; how it ended, and its log.
    pub fn terminate(mut self) -> (ExitStatus, String) {
        let status = self.end();
        (status, self.log())
    }

    /// Kills it in the midst of whatever it does and starts it again in its folder, by the same command.
    ///
    /// # Panics
    /// When it does not start again; with its log.
    pub fn kill_and_restart(mut self, program: &str) -> Self {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let workspace = std::mem::replace(&mut self.workspace, Workspace::new().expect("a folder"));
        Self::start(program, workspace)
    }

    /// Asks it to end with SIGTERM and waits for that; its folder stays.
    ///
    /// # Panics
    /// When it cannot be asked.
    pub fn end(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.child.wait().expect("a child can be waited for")
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about an error here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
