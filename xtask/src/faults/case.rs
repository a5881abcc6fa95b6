//! A fault, what must hold while it lasts, and what was found.

use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};
use rustix::process::{Pid, Signal, kill_process};

use super::load::Tally;
use super::relay::Relay;

/// How long a case may take to end once its processes are killed.
const LAST_WORDS: Duration = Duration::from_secs(30);

/// A fault that is provoked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    /// As the command line calls it.
    pub(super) name: &'static str,
    /// What must hold.
    pub(super) promise: &'static str,
    /// The case has failed when it takes longer.
    pub(super) limit: Duration,
    /// Does it.
    pub(super) provoke: fn(&Stage, &mut Findings) -> Result<()>,
}

/// Where a case happens: the program, and every process of it that was started.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) program: PathBuf,
    started: Mutex<Vec<Pid>>,
}

/// What a case found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Requests that were answered as they should.
    pub(super) answered: u64,
    /// Requests that were not.
    pub(super) failed: u64,
    /// The most resident bytes of the relay.
    pub(super) memory_peak: Option<u64>,
    /// From the end of the fault until everything was as it should be.
    pub(super) recovery: Option<Duration>,
    /// Further figures.
    pub(super) remarks: Vec<String>,
    /// What should have been otherwise.
    pub(super) problems: Vec<String>,
    /// Why the case could not be tried on this machine.
    pub(super) not_run: Option<String>,
}

impl Case {
    /// Provokes the fault; a case that takes too long is given up, and its processes are killed.
    pub(super) fn run(&self, program: PathBuf) -> Findings {
        let stage = Arc::new(Stage {
            program,
            started: Mutex::default(),
        });
        let (sender, receiver) = channel();
        let (on, provoke) = (Arc::clone(&stage), self.provoke);
        thread::spawn(move || {
            let mut findings = Findings::default();
            if let Err(error) = provoke(&on, &mut findings) {
                findings.problems.push(format!("{error:#}"));
            }
            // nobody listens any more when it took too long
            let _ = sender.send(findings);
        });
        let problem = match receiver.recv_timeout(self.limit) {
            Ok(findings) => return findings,
            Err(RecvTimeoutError::Timeout) => format!("took longer than {} s", self.limit.as_secs()),
            Err(RecvTimeoutError::Disconnected) => "the case panicked".to_owned(),
        };
        // without its processes it comes to an end, and tells how far it was
        stage.kill();
        let mut findings = receiver.recv_timeout(LAST_WORDS).unwrap_or_default();
        findings.problems.insert(0, problem);
        findings
    }
}

impl Stage {
    /// Remembers a process that belongs to the case.
    pub(super) fn remember(&self, process: Pid) {
        self.started
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(process);
    }

    fn kill(&self) {
        for process in &*self.started.lock().unwrap_or_else(PoisonError::into_inner) {
            // most of them ended long ago
            let _ = kill_process(*process, Signal::KILL);
        }
    }
}

impl Findings {
    /// Notes a problem unless something holds.
    pub(super) fn check(&mut self, holds: bool, problem: impl FnOnce() -> String) {
        if !holds {
            self.problems.push(problem());
        }
    }

    /// Notes a figure.
    pub(super) fn remark(&mut self, figure: impl Into<String>) {
        self.remarks.push(figure.into());
    }

    /// Counts what clients saw: none of their requests may have failed.
    pub(super) fn served(&mut self, tally: Tally) {
        self.answered += tally.answered;
        self.failed += tally.failed();
        self.check(tally.answered > 0, || "no client was answered".to_owned());
        let failed = tally.failed();
        if let Some(first) = tally.first_failure {
            self.problems
                .push(format!("{failed} requests failed, the first: {first}"));
        }
    }

    /// Weighs the relay: it may have grown by this many bytes since it started.
    pub(super) fn weighed(&mut self, relay: &Relay, allowance: u64) {
        let (Some(rest), Some(peak)) = (relay.memory_at_rest(), relay.process().memory_peak()) else {
            return;
        };
        self.memory_peak = self.memory_peak.max(Some(peak));
        let grown = peak.saturating_sub(rest);
        self.check(grown <= allowance, || {
            format!(
                "memory grew by {}, allowed are {}",
                megabytes(grown),
                megabytes(allowance)
            )
        });
    }

    /// Notes how long it took until all was well; an error when it did not become well.
    pub(super) fn recovered(&mut self, after: Option<Duration>, limit: Duration) -> Result<()> {
        let after = after.ok_or_else(|| anyhow!("no recovery within {} s", limit.as_secs()))?;
        self.recovery = self.recovery.max(Some(after));
        Ok(())
    }
}

/// A number of bytes for people.
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
