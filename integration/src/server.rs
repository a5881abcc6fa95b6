//! A server on loopback that can be killed, and started again where it was.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use flagstaff_testkit::http::{Connection, Request};
use flagstaff_testkit::process::Process;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(90);

/// Ports of servers lie below those that Linux gives to connections, so that nobody takes one while its server is being killed.
const PORTS: Range<u16> = 20_000..32_000;

/// A running server. It ends when this is dropped, or when this program ends in whatever way.
pub(crate) struct Server {
    name: String,
    launch: Launch,
    log: PathBuf,
    process: Option<Process>,
}

/// How a server is started.
pub(crate) struct Launch {
    /// The program with its arguments.
    pub(crate) command: Box<dyn Fn() -> Command + Send>,
    /// Whether it answers.
    pub(crate) ready: Box<dyn Fn() -> bool + Send>,
}

impl Server {
    /// Starts it and waits until it answers; its output goes to a file in `folder`.
    pub(crate) fn start(name: &str, folder: &Path, launch: Launch) -> Result<Self> {
        let mut server = Self {
            name: name.to_owned(),
            launch,
            log: folder.join(format!("{name}.log")),
            process: None,
        };
        server.revive()?;
        Ok(server)
    }

    /// Ends it as a power failure would.
    pub(crate) fn kill(&mut self) -> Result<()> {
        let mut process = self.process.take().context("the server runs")?;
        Ok(process.kill()?)
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it again, on the same port and with what it has stored.
    pub(crate) fn revive(&mut self) -> Result<()> {
        let mut process = Process::start(&self.name, (self.launch.command)(), self.log.clone())?;
        let deadline = Instant::now() + PATIENCE;
        while !(self.launch.ready)() {
            let ended = process.ended()?;
            if ended.is_some() || Instant::now() > deadline {
                bail!("{} does not answer ({ended:?}):\n{}", self.name, process.log());
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.process = Some(process);
        Ok(())
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("process", &self.process)
            .finish_non_exhaustive()
    }
}

/// A port that nobody listens on, and that is given only once.
pub(crate) fn free_port() -> Result<u16> {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(fastrand::u16(PORTS)));
    for _ in PORTS {
        let port = PORTS.start + NEXT.fetch_add(1, Ordering::Relaxed) % (PORTS.end - PORTS.start);
        if TcpListener::bind(loopback(port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free between {} and {}", PORTS.start, PORTS.end)
}

/// A port of this machine.
pub(crate) fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// Whether somebody listens on a port.
pub(crate) fn is_listening(port: u16) -> bool {
    TcpStream::connect(loopback(port)).is_ok()
}

/// Whether a server answers a request over HTTP, with any status below 500.
pub(crate) fn answers(port: u16, path: &str) -> bool {
    let answer = Connection::open(loopback(port)).and_then(|mut server| server.send(&Request::get(path)));
    answer.is_ok_and(|answer| answer.status < 500)
}
