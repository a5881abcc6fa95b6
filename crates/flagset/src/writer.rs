//! The one task that changes a flag set: rounds of fetch, parse, compile, swap, tell.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use flagstaff_retrievers::{Changes, Fetched, RetrieveError, Settling};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep};

use crate::assembly::{Assembly, Built};
use crate::options::Options;
use crate::persistence;
use crate::set::{Refreshed, StartError, Store};
use crate::snapshot::Snapshot;

/// How long to wait before looking again whether the last reader of a snapshot is gone.
const RETIREMENT: Duration = Duration::from_millis(100);

/// What the writer can be asked for.
pub(crate) enum Command {
    /// Fetch everything now.
    Refresh(oneshot::Sender<Refreshed>),
    /// Look at the source of this index: it says that it changed.
    Look(usize),
}

/// What came of fetching the source of an index.
pub(crate) type Answer = (usize, Result<Fetched, RetrieveError>);

/// The writer of a flag set.
pub(crate) struct Writer {
    options: Arc<Options>,
    /// Lent to a blocking thread during a round. Should parsing panic, it is lost: the next round starts from the flags that are
    /// served, and reads every source again.
    assembly: Option<Box<Assembly>>,
    store: Arc<Store>,
    revision: watch::Sender<u64>,
    persisting: Option<JoinHandle<()>>,
    /// Forwards what watched sources tell. Ends with the writer.
    watches: Watches,
}

impl Writer {
    /// Runs the first round, under the rules of a start.
    pub(crate) async fn start(options: Options, commands: &mpsc::Sender<Command>) -> Result<Self, StartError> {
        let options = Arc::new(options);
        let failed = |cause: String| StartError {
            name: Arc::clone(&options.name),
            cause,
        };
        // Watching begins before reading, so that no change falls in between.
        let watches = watch_sources(&options, commands);
        let now = (options.clock)();
        let empty = Snapshot::empty(now, options.enrichment.clone(), options.client_time);
        let mut assembly = Box::new(Assembly::new(&options, Arc::new(empty)));
        let answers = fetch(&options, &assembly, 0..options.sources.len()).await;
        let (assembly, built) = spawn_blocking(move || assembly.start(answers, now).map(|built| (assembly, built)))
            .await
            .map_err(|error| failed(format!("internal error: {error}")))?
            .map_err(failed)?;
        let store = Store {
            snapshot: ArcSwap::new(Arc::clone(assembly.snapshot())),
            status: ArcSwap::from_pointee(built.status.clone()),
        };
        let revision = watch::Sender::new(assembly.snapshot().revision());
        let mut writer = Self {
            options,
            assembly: Some(assembly),
            store: Arc::new(store),
            revision,
            persisting: None,
            watches,
        };
        writer.persist(&built).await;
        Ok(writer)
    }

    /// What readers see.
    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Tells each new revision.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Keeps the set up to date until it is told to stop.
    pub(crate) async fn run(mut self, mut commands: mpsc::Receiver<Command>, mut stop: oneshot::Receiver<()>) {
        let mut ticker = self.options.period().map(|period| {
            let mut ticker = interval_at(Instant::now() + period, period);
            ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticker
        });
        loop {
            let mut order = Order::default();
            tokio::select! {
                biased;
                _ = &mut stop => break,
                Some(command) = commands.recv() => order.take(command),
                () = tick(&mut ticker) => order.poll = true,
            }
            // One round serves everybody who waits already.
            while let Ok(command) = commands.try_recv() {
                order.take(command);
            }
            let refreshed = tokio::select! {
                biased;
                _ = &mut stop => break,
                refreshed = self.round(&order) => refreshed,
            };
            for reply in order.replies {
                // Nobody may be waiting any more.
                let _ = reply.send(refreshed);
            }
        }
        self.finish_persisting().await;
    }

    /// One round: fetch, parse and compile, swap, then tell.
    async fn round(&mut self, order: &Order) -> Refreshed {
        let polled = |source: &usize| order.poll && !self.watches.is_settling(*source);
        let wanted = (0..self.options.sources.len())
            .filter(|source| order.everything || order.sources.contains(source) || polled(source));
        let wanted: Vec<usize> = wanted.collect();
        let mut assembly = self.assembly.take().unwrap_or_else(|| {
            let served = self.store.snapshot.load_full();
            Box::new(Assembly::new(&self.options, served))
        });
        let answers = fetch(&self.options, &assembly, wanted.into_iter()).await;
        let now = (self.options.clock)();
        let (built, snapshot) = match spawn_blocking(move || (assembly.update(answers, now), assembly)).await {
            Ok((built, assembly)) => {
                let snapshot = Arc::clone(assembly.snapshot());
                self.assembly = Some(assembly);
                (built, snapshot)
            }
            Err(error) => {
                tracing::error!(flag_set = %self.options.name, %error, "internal error while reading flags: the last good ones stay");
                return Refreshed {
                    refreshed: false,
                    revision: self.store.snapshot.load().revision(),
                };
            }
        };
        let revision = snapshot.revision();
        self.store.status.store(Arc::new(built.status.clone()));
        if built.changed {
            retire(self.store.snapshot.swap(snapshot));
            self.revision.send_replace(revision);
        }
        self.persist(&built).await;
        Refreshed {
            refreshed: built.refreshed,
            revision,
        }
    }

    /// Writes the persistent file where there is one to write, beside everything else.
    async fn persist(&mut self, built: &Built) {
        let Some(path) = self
            .options
            .persistent_file
            .clone()
            .filter(|_| built.status.sources.iter().any(|source| source.last_success.is_some()))
        else {
            return;
        };
        self.finish_persisting().await;
        let (snapshot, changed, options) = (
            self.store.snapshot.load_full(),
            built.changed,
            Arc::clone(&self.options),
        );
        self.persisting = Some(spawn_blocking(move || {
            if !changed && path.exists() {
                return;
            }
            if let Err(error) = persistence::write(&path, &snapshot) {
                let (flag_set, path) = (&options.name, path.display());
                tracing::error!(%flag_set, %path, %error, "cannot write the persistent flag configuration file");
            }
        }));
    }

    async fn finish_persisting(&mut self) {
        if let Some(persisting) = self.persisting.take()
            && let Err(error) = persisting.await
        {
            tracing::error!(flag_set = %self.options.name, %error, "internal error while writing the persistent file");
        }
    }
}

/// What the next round is to do.
#[derive(Default)]
struct Order {
    /// Look at every source, whatever happens to it just now.
    everything: bool,
    /// Look at every source that is left alone just now.
    poll: bool,
    sources: Vec<usize>,
    replies: Vec<oneshot::Sender<Refreshed>>,
}

impl Order {
    fn take(&mut self, command: Command) {
        match command {
            Command::Refresh(reply) => {
                self.everything = true;
                self.replies.push(reply);
            }
            Command::Look(source) => self.sources.push(source),
        }
    }
}

/// Fetches sources in parallel.
async fn fetch(options: &Options, assembly: &Assembly, wanted: impl Iterator<Item = usize>) -> Vec<Answer> {
    let mut fetches = JoinSet::new();
    for at in wanted {
        let retriever = Arc::clone(&options.sources[at].retriever);
        let previous = assembly.revision(at);
        fetches.spawn(async move { (at, retriever.retrieve(previous.as_ref()).await) });
    }
    let mut answers = Vec::with_capacity(fetches.len());
    while let Some(answer) = fetches.join_next().await {
        match answer {
            Ok(answer) => answers.push(answer),
            Err(error) => tracing::error!(flag_set = %options.name, %error, "internal error while fetching flags"),
        }
    }
    answers.sort_by_key(|(at, _)| *at);
    answers
}

/// The tasks that wait for watched sources, and whether each source is being changed.
struct Watches {
    _tasks: JoinSet<()>,
    settling: Vec<Option<Settling>>,
}

impl Watches {
    fn is_settling(&self, source: usize) -> bool {
        self.settling[source].as_ref().is_some_and(Settling::is_under_way)
    }
}

fn watch_sources(options: &Options, commands: &mpsc::Sender<Command>) -> Watches {
    let mut tasks = JoinSet::new();
    let mut watch = |at: usize, mut changes: Changes| {
        let settling = changes.settling();
        // The sender is weak, so that it does not keep a stopped writer's channel open.
        let commands = commands.downgrade();
        tasks.spawn(async move {
            while changes.next().await {
                match commands.upgrade() {
                    Some(commands) if commands.send(Command::Look(at)).await.is_ok() => {}
                    _ => break,
                }
            }
        });
        settling
    };
    let sources = options.sources.iter().enumerate();
    let settling = sources
        .map(|(at, source)| source.retriever.changes().map(|changes| watch(at, changes)))
        .collect();
    Watches {
        _tasks: tasks,
        settling,
    }
}

async fn tick(ticker: &mut Option<Interval>) {
    match ticker {
        Some(ticker) => {
            ticker.tick().await;
        }
        None => std::future::pending().await,
    }
}

/// Sees to it that no reader has to free a whole snapshot: that can take longer than an evaluation may.
fn retire(snapshot: Arc<Snapshot>) {
    tokio::spawn(async move {
        while Arc::strong_count(&snapshot) > 1 {
            sleep(RETIREMENT).await;
        }
        // A panic in a destructor is the only way to fail, and leaves nothing to do.
        let _ = spawn_blocking(move || drop(snapshot)).await;
    });
}
