//! A server under measurement.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::flags;

/// How long a server may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; stopped when dropped.
pub(super) struct Server {
    pub(super) name: String,
    /// From its start to its first answer.
    pub(super) started: Duration,
    process: Child,
    port: u16,
    script: PathBuf,
}

/// What a turn came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Requests a second.
    pub(super) rate: f64,
    /// 99th percentile of the latency in milliseconds.
    pub(super) p99: f64,
}

impl Server {
    /// Starts a server on a free port and waits for its first evaluation.
    pub(super) fn start(name: &str, folder: &Path, command: impl FnOnce(u16) -> Result<Command>) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let script = folder.join("post.lua");
        let body = flags::BODY;
        let text =
            format!("wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.body = [[{body}]]\n");
        fs::write(&script, text)?;
        let mut command = command(port)?;
        let began = Instant::now();
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{name}: cannot run {command:?}"))?;
        let mut server = Self {
            name: name.to_owned(),
            started: Duration::ZERO,
            process,
            port,
            script,
        };
        while let Err(error) = server.ask("/ofrep/v1/evaluate/flags/flag-000", flags::BODY) {
            ensure!(began.elapsed() < PATIENCE, "{name} does not answer: {error:#}");
            ensure!(server.process.try_wait()?.is_none(), "{name} ended before it answered");
            std::thread::sleep(Duration::from_millis(1));
        }
        server.started = began.elapsed();
        Ok(server)
    }

    /// The body of an answer.
    pub(super) fn ask(&self, path: &str, body: &str) -> Result<String> {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port))?;
        let length = body.len();
        write!(
            connection,
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
        ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
        Ok(body.to_owned())
    }

    /// One turn of wrk on 32 connections.
    pub(super) fn load(&self, path: &str, seconds: u32) -> Result<Load> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let ran = Command::new("wrk")
            .args(["-t1", "-c32", "--latency", &format!("-d{seconds}s"), "-s"])
            .arg(&self.script)
            .arg(url)
            .output()
            .context("cannot run wrk")?;
        let text = String::from_utf8_lossy(&ran.stdout);
        ensure!(!text.contains("Non-2xx"), "{}: failed requests\n{text}", self.name);
        let after = |label: &str| {
            text.lines()
                .find_map(|line| line.trim().strip_prefix(label))
                .map(str::trim)
        };
        let (Some(rate), Some(tail)) = (after("Requests/sec:"), after("99%")) else {
            bail!("wrk said something else than expected:\n{text}");
        };
        Ok(Load {
            rate: rate.parse()?,
            p99: milliseconds(tail)?,
        })
    }

    /// Resident memory in MB.
    pub(super) fn resident(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // it fails when the process has ended by itself
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Load {
    /// The median of each figure.
    pub(super) fn median(loads: &[Self]) -> Self {
        let median = |figure: fn(&Self) -> f64| {
            let mut figures: Vec<f64> = loads.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures[figures.len() / 2]
        };
        Self {
            rate: median(|load| load.rate),
            p99: median(|load| load.p99),
        }
    }
}

/// A duration as wrk writes it.
fn milliseconds(text: &str) -> Result<f64> {
    let units = [("us", 0.001), ("ms", 1.0), ("s", 1000.0)];
    let unit = units
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)));
    let (number, factor) = unit.with_context(|| format!("not a duration: {text:?}"))?;
    Ok(number.parse::<f64>()? * factor)
}
