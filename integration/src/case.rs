//! One kind on one server, and what came of it.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use flagstaff_retrievers::kinds::KINDS;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::contract::exporter::{self, Sink};
use crate::contract::lock::{self, Place};
use crate::contract::retriever::{self, Source};
use crate::journal::Journal;
use crate::package::{Cache, Missing, Package};
use crate::proof::Proof;
use crate::servers::receiver::Receiver;

/// No contract takes longer, not even with drivers that wait half a minute for a server.
const LIMIT: Duration = Duration::from_secs(300);

/// What a kind does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Retriever,
    Exporter,
    /// Says which of several replicas tells a change.
    Lock,
}

/// A kind on a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    /// What it does.
    pub(crate) role: Role,
    /// The name in the configuration.
    pub(crate) kind: &'static str,
    /// What is special about it; empty for most.
    pub(crate) variant: &'static str,
    /// What has to be installed, the server first.
    pub(crate) needs: &'static [&'static Package],
    /// Starts the server and proves the contract.
    pub(crate) run: fn(&Stage) -> Result<()>,
}

/// Where a case happens.
#[derive(Debug)]
pub(crate) struct Stage {
    cache: Cache,
    program: Option<PathBuf>,
    folder: TempDir,
    runtime: Runtime,
    journal: Journal,
    proof: RefCell<Proof>,
}

/// What came of a case.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    /// What was proven.
    pub(crate) proof: String,
    pub(crate) took: Duration,
}

#[derive(Debug)]
pub(crate) enum Verdict {
    Passed,
    /// What should be otherwise, and the last that was logged.
    Failed(String),
    /// Why.
    Skipped(String),
}

impl Case {
    /// Role, kind and variant.
    pub(crate) fn name(&self) -> String {
        let role = match self.role {
            Role::Retriever => "from",
            Role::Exporter => "to",
            Role::Lock => "by",
        };
        match self.variant {
            "" => format!("{role} {}", self.kind),
            variant => format!("{role} {} ({variant})", self.kind),
        }
    }

    /// What it runs on.
    pub(crate) fn server(&self) -> String {
        self.needs.first().map_or_else(|| "-".to_owned(), ToString::to_string)
    }

    /// Starts everything, proves the contract and ends everything.
    pub(crate) fn run(&self, cache: &Cache, journal: &Journal, program: Option<&Path>) -> Outcome {
        let began = Instant::now();
        let (verdict, proof) = match self.prepare(cache, journal, program) {
            Ok(stage) => {
                // a case that panics ends its servers like any other
                let done = catch_unwind(AssertUnwindSafe(|| (self.run)(&stage)));
                let done = done.unwrap_or_else(|panic| Err(anyhow!("panicked: {}", message(&*panic))));
                (done, stage.proof.take().text())
            }
            Err(error) => (Err(error), String::new()),
        };
        let verdict = match verdict {
            Ok(()) => Verdict::Passed,
            Err(error) => match error.downcast_ref::<Missing>() {
                Some(missing) => Verdict::Skipped(missing.to_string()),
                None => Verdict::Failed(format!("{error:#}")),
            },
        };
        Outcome {
            verdict,
            proof,
            took: began.elapsed(),
        }
    }

    fn prepare(&self, cache: &Cache, journal: &Journal, program: Option<&Path>) -> Result<Stage> {
        let mut built = KINDS.iter().filter(|kind| kind.backend.is_active());
        if self.role == Role::Retriever && built.all(|kind| kind.name != self.kind) {
            let reason = format!("the kind {} is not part of this build", self.kind);
            return Err(Missing(reason).into());
        }
        for package in self.needs {
            cache.need(package)?;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        Ok(Stage {
            cache: cache.clone(),
            program: program.map(Path::to_owned),
            folder: TempDir::new().context("cannot make a temporary folder")?,
            runtime: runtime.context("cannot start a runtime")?,
            journal: journal.clone(),
            proof: RefCell::default(),
        })
    }
}

impl Stage {
    /// Installed servers.
    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The built program.
    pub(crate) fn program(&self) -> Result<&Path> {
        let reason = || Missing("no built program was given, which `cargo xtask integration` does".to_owned());
        Ok(self.program.as_deref().ok_or_else(reason)?)
    }

    /// An empty folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Proves what holds for every retriever.
    pub(crate) fn prove_retriever(&self, source: &mut dyn Source) -> Result<()> {
        let mut proof = self.proof.borrow_mut();
        self.finish(retriever::prove(source, &self.journal, &mut proof))
    }

    /// Proves what holds for every exporter.
    pub(crate) fn prove_exporter(&self, sink: &mut dyn Sink) -> Result<()> {
        let mut proof = self.proof.borrow_mut();
        self.finish(exporter::prove(sink, &self.journal, &mut proof))
    }

    /// Proves what holds for every lock of notifiers.
    pub(crate) fn prove_lock(&self, place: &mut dyn Place, receiver: &mut Receiver) -> Result<()> {
        let mut proof = self.proof.borrow_mut();
        self.finish(lock::prove(place, receiver, &self.journal, &mut proof))
    }

    fn finish(&self, contract: impl Future<Output = Result<()>>) -> Result<()> {
        let limited = async { tokio::time::timeout(LIMIT, contract).await };
        self.runtime
            .block_on(limited)
            .with_context(|| format!("takes longer than {} s", LIMIT.as_secs()))?
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
