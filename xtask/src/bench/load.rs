//! One run of wrk.

use std::io;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use super::case::Case;
use super::server::Server;

/// Connections that wrk keeps busy.
const CONNECTIONS: u32 = 32;

/// What one run showed.
#[derive(Debug, PartialEq)]
pub(crate) struct Load {
    /// Requests per second.
    pub(crate) rate: f64,
    /// 99 of 100 answers took at most this long.
    pub(crate) p99: Duration,
    /// What wrk says of answers that were no success, and of broken connections.
    pub(crate) failures: Option<String>,
}

/// Whether wrk is there; checked before anything is built.
pub(crate) fn check_tool() -> Result<()> {
    // asked for its version it prints that and fails
    Command::new("wrk").arg("--version").output().map_err(missing)?;
    Ok(())
}

impl Load {
    /// Keeps a server busy with a case.
    pub(crate) fn put(server: &Server, case: Case, seconds: u32) -> Result<Self> {
        let request = server.request(case)?;
        let mut script = format!("wrk.method = \"{}\"\n", request.method);
        for (name, value) in &request.headers {
            // tags of entities hold quotes
            script.push_str(&format!("wrk.headers[\"{name}\"] = [==[{value}]==]\n"));
        }
        script.push_str(&format!("wrk.body = [==[{}]==]\n", String::from_utf8(request.body)?));
        let name = "load.lua";
        server.workspace().write(name, &script)?;
        let ran = Command::new("wrk")
            .args([
                "-t1",
                &format!("-c{CONNECTIONS}"),
                &format!("-d{seconds}s"),
                "--latency",
            ])
            .arg("-s")
            .arg(server.workspace().path(name))
            .arg(format!("http://{}{}", server.address(), request.path))
            .output()
            .map_err(missing)?;
        let report = String::from_utf8_lossy(&ran.stdout);
        ensure!(
            ran.status.success(),
            "wrk failed:\n{report}{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        Self::read(&report).with_context(|| format!("the report of wrk is not understood:\n{report}"))
    }

    /// Reads a report of wrk.
    fn read(report: &str) -> Option<Self> {
        let after = |label: &str| {
            report
                .lines()
                .find_map(|line| line.trim().strip_prefix(label))
                .map(str::trim)
        };
        let failures = ["Non-2xx or 3xx responses:", "Socket errors:"]
            .iter()
            .filter_map(|label| Some(format!("{label} {}", after(label)?)));
        let failures = failures.collect::<Vec<_>>().join("; ");
        Some(Self {
            rate: after("Requests/sec:")?.parse().ok()?,
            p99: read_duration(after("99%")?)?,
            failures: (!failures.is_empty()).then_some(failures),
        })
    }
}

/// A time as wrk prints it: `812.00us`, `1.25ms`, `2.00s`, `1.10m`.
fn read_duration(text: &str) -> Option<Duration> {
    let unit = text.find(|character: char| character.is_ascii_alphabetic())?;
    let seconds = match &text[unit..] {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let number: f64 = text[..unit].parse().ok()?;
    Duration::try_from_secs_f64(number * seconds).ok()
}

fn missing(error: io::Error) -> anyhow::Error {
    anyhow!(error).context("cannot run wrk: install it (Debian package wrk)")
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "\
Running 4s test @ http://127.0.0.1:1031/ofrep/v1/evaluate/flags
  1 threads and 32 connections
  Latency Distribution
     50%  310.00us
     99%    1.25ms
  90317 requests in 4.00s, 25.93MB read
Requests/sec:  22573.50
Transfer/sec:      6.48MB
";

    fn check(report: &str, p99: Duration, failures: Option<&str>) {
        let expected = Load {
            rate: 22573.5,
            p99,
            failures: failures.map(str::to_owned),
        };
        assert_eq!(Load::read(report), Some(expected), "{report}");
    }

    #[test]
    fn reports() {
        check(REPORT, Duration::from_micros(1250), None);
        check(&REPORT.replace("1.25ms", "812.00us"), Duration::from_micros(812), None);
        check(&REPORT.replace("1.25ms", "1.50s"), Duration::from_millis(1500), None);
        let failing = REPORT.replace(
            "Requests/sec",
            "  Socket errors: connect 0, read 3, write 0, timeout 0\n  Non-2xx or 3xx responses: 7\nRequests/sec",
        );
        check(
            &failing,
            Duration::from_micros(1250),
            Some("Non-2xx or 3xx responses: 7; Socket errors: connect 0, read 3, write 0, timeout 0"),
        );
        assert_eq!(Load::read(&REPORT.replace("99%", "98%")), None);
    }
}
