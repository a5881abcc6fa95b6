//! A program that this one starts, weighs and signals, and that ends with it.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// How long a program may take to end before it is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// A running program. It is asked to end when this is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    guard: Option<Child>,
    log: PathBuf,
}

impl Process {
    /// Starts a program whose output is added to a file.
    ///
    /// # Errors
    /// When the program or the file cannot be opened, which the error names.
    pub fn start(name: &str, mut command: Command, log: PathBuf) -> io::Result<Self> {
        let written = || format!("cannot write {}", log.display());
        let output = File::options().create(true).append(true).open(&log);
        let output = output.map_err(|error| about(&error, &written()))?;
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0);
        let child = command.spawn();
        let program = command.get_program().display();
        let child = child.map_err(|error| about(&error, &format!("cannot start {name} ({program})")))?;
        let mut process = Self {
            name: name.to_owned(),
            child,
            guard: None,
            log,
        };
        process.guard = Some(watch(&process.child).map_err(|error| about(&error, "cannot run sh"))?);
        Ok(process)
    }

    /// Its name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id.
    pub fn id(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// How it ended; `None` while it runs.
    ///
    /// # Errors
    /// When the system does not know the process.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Waits for its end; `None` when it still runs after all that time.
    ///
    /// # Errors
    /// When the system does not know the process.
    pub fn wait(&mut self, patience: Duration) -> io::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + patience;
        loop {
            match self.ended()? {
                None if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
                status => return Ok(status),
            }
        }
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// When it has ended.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        kill_process(self.id(), signal).map_err(|error| about(&error.into(), &format!("cannot signal {}", self.name)))
    }

    /// Ends it and all that it started, at once and without a word.
    ///
    /// # Errors
    /// When it has ended.
    pub fn kill(&mut self) -> io::Result<()> {
        let killed = kill_process_group(self.id(), Signal::KILL);
        killed.map_err(|error| about(&error.into(), &format!("cannot kill {}", self.name)))?;
        self.child.wait().map(drop)
    }

    /// What it has written.
    pub fn log(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Resident bytes now; `None` where the system has no `/proc`, or the program has ended.
    pub fn memory(&self) -> Option<u64> {
        self.status("VmRSS:")
    }

    /// The most resident bytes that it ever had.
    pub fn memory_peak(&self) -> Option<u64> {
        self.status("VmHWM:")
    }

    /// Processor time that it took.
    pub fn processor_time(&self) -> Option<Duration> {
        let statistics = fs::read_to_string(self.proc("stat")).ok()?;
        // the name of the program may hold blanks, what follows it does not
        let (_, fields) = statistics.rsplit_once(')')?;
        let ticks = |at: usize| fields.split_whitespace().nth(at)?.parse::<u64>().ok();
        // the system tells time in hundredths of a second to programs, whatever its own clock does
        Some(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
    }

    fn status(&self, label: &str) -> Option<u64> {
        let status = fs::read_to_string(self.proc("status")).ok()?;
        let value = status.lines().find_map(|line| line.strip_prefix(label))?;
        let kibibytes: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kibibytes * 1024)
    }

    fn proc(&self, file: &str) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join(file)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A program that ended by itself is what was wanted: there is nothing to do about errors here.
        if let Some(mut guard) = self.guard.take() {
            drop(guard.stdin.take());
            let _ = guard.wait();
            let _ = self.wait(STOP_PATIENCE);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a process that asks the program, and all that it started, to end as soon as this one lets go of it: also when this one
/// is interrupted or killed, and has no say any more.
fn watch(program: &Child) -> std::io::Result<Child> {
    Command::new("sh")
        .args(["-c", r#"read -r _; kill -s TERM -- "-$1""#, "guard"])
        .arg(program.id().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // an interrupt from the terminal must not reach it before this program has ended
        .process_group(0)
        .spawn()
}

/// The same error, with what it is about.
fn about(error: &io::Error, what: &str) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
