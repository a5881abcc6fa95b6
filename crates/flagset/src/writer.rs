//! The one task that changes a flag set: rounds of fetch, parse, compile, swap, tell.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use flagstaff_retrievers::{Changes, Settling};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, sleep_until};

use crate::assembly::{Assembly, Built};
use crate::fetches::{self, Answer, Fetches};
use crate::follower::Followers;
use crate::options::{Options, Source};
use crate::persistence;
use crate::reconfiguration::{Origin, Prepared};
use crate::schedule::Schedule;
use crate::set::{Refreshed, StartError, Store};
use crate::snapshot::Snapshot;

/// How long to wait before looking again whether the last reader of a snapshot is gone.
const RETIREMENT: Duration = Duration::from_millis(100);

/// A round waits so long for its sources, unless somebody waits for all of them. Sources that change together mostly answer
/// together, and are then served together; one that hangs must not keep the others from being served.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the writer can be asked for.
pub(crate) enum Command {
    /// Fetch everything now.
    Refresh(oneshot::Sender<Refreshed>),
    /// Look at the source of this index: it says that it changed.
    Look(usize),
    /// Work with other options from now on.
    Reconfigure(Box<Prepared>, oneshot::Sender<()>),
}

/// The writer of a flag set.
pub(crate) struct Writer {
    options: Arc<Options>,
    /// Lent to a blocking thread during a round. Should parsing panic, it is lost: the next round starts from the flags that are
    /// served, and reads every source again.
    assembly: Option<Box<Assembly>>,
    store: Arc<Store>,
    revision: watch::Sender<u64>,
    persisting: Option<JoinHandle<()>>,
    fetches: Fetches,
    schedule: Schedule,
    /// What watched sources are asked through.
    commands: mpsc::WeakSender<Command>,
    /// Forwards what watched sources tell. Ends with the writer.
    watches: Watches,
}

impl Writer {
    /// Runs the first round, under the rules of a start.
    pub(crate) async fn start(options: &Arc<Options>, commands: &mpsc::Sender<Command>) -> Result<Self, StartError> {
        let options = Arc::clone(options);
        let failed = |cause: String| StartError {
            name: Arc::clone(&options.name),
            cause,
        };
        // Watching begins before reading, so that no change falls in between.
        let changes = watch(&options);
        let now = (options.clock)();
        let empty = Snapshot::empty(now, options.enrichment.clone(), options.client_time);
        let mut assembly = Box::new(Assembly::new(&options, Arc::new(empty)));
        let answers = fetches::first(&options, 0..options.sources.len()).await;
        let mut schedule = Schedule::new(options.sources.len());
        for (at, fetch) in &answers {
            schedule.note(*at, &fetch.result, &options, now);
        }
        let (assembly, built) = spawn_blocking(move || assembly.start(answers, now).map(|built| (assembly, built)))
            .await
            .map_err(|error| failed(format!("internal error: {error}")))?
            .map_err(failed)?;
        let store = Store {
            snapshot: ArcSwap::new(Arc::clone(assembly.snapshot())),
            status: ArcSwap::from_pointee(built.status.clone()),
            followers: Followers::default(),
        };
        let revision = watch::Sender::new(assembly.snapshot().revision());
        let mut writer = Self {
            options,
            assembly: Some(assembly),
            store: Arc::new(store),
            revision,
            persisting: None,
            fetches: Fetches::default(),
            schedule,
            commands: commands.downgrade(),
            watches: Watches::forward(changes, &commands.downgrade()),
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
        let mut ticker = ticker(&self.options);
        loop {
            let mut order = Order::default();
            let mut reconfigurations = Vec::new();
            tokio::select! {
                biased;
                _ = &mut stop => break,
                Some(command) = commands.recv() => reconfigurations.extend(order.take(command)),
                () = tick(&mut ticker) => order.poll = true,
                Some(answer) = self.fetches.next() => order.answers.push(answer),
                () = until(self.schedule.next_retry()) => {}
            }
            // One round serves everybody who waits already.
            while let Ok(command) = commands.try_recv() {
                reconfigurations.extend(order.take(command));
            }
            let refreshed = tokio::select! {
                biased;
                _ = &mut stop => break,
                refreshed = self.round(&mut order) => refreshed,
            };
            for reply in order.replies {
                // Nobody may be waiting any more.
                let _ = reply.send(refreshed);
            }
            for (prepared, reply) in reconfigurations {
                self.reconfigure(*prepared).await;
                ticker = self::ticker(&self.options);
                let _ = reply.send(());
            }
        }
        self.store.followers.end();
        self.finish_persisting().await;
    }

    /// One round: fetch, parse and compile, swap, then tell.
    async fn round(&mut self, order: &mut Order) -> Refreshed {
        let began = Instant::now();
        let (wanted, refused) = self.wanted(order, began);
        if wanted.is_empty() && order.answers.is_empty() && order.replies.is_empty() {
            return self.as_before();
        }
        let mut assembly = self.take_assembly();
        for at in &wanted {
            self.schedule.begin(*at);
            self.fetches
                .begin(*at, &self.options.sources[*at], assembly.revision(*at));
        }
        let deadline = order.replies.is_empty().then(|| began + PATIENCE);
        let mut answers = std::mem::take(&mut order.answers);
        answers.extend(self.fetches.answers(&wanted, deadline).await);
        answers.sort_by_key(|(at, _)| *at);
        let now = (self.options.clock)();
        for (at, fetch) in &answers {
            self.schedule.note(*at, &fetch.result, &self.options, now);
        }
        match spawn_blocking(move || (assembly.update(answers, now), assembly)).await {
            Ok((built, assembly)) => {
                let published = self.publish(built, assembly).await;
                Refreshed {
                    refreshed: published.refreshed && !refused,
                    ..published
                }
            }
            Err(error) => {
                tracing::error!(flag_set = %self.options.name, %error, "internal error while reading flags: the last good ones stay");
                self.as_before()
            }
        }
    }

    /// The sources that an order is about, and whether there are more that want to be left alone.
    fn wanted(&self, order: &Order, now: Instant) -> (Vec<usize>, bool) {
        let mut wanted = Vec::new();
        let mut refused = false;
        for (at, source) in self.options.sources.iter().enumerate() {
            let polled = order.poll && !self.watches.is_settling(at) && !self.schedule.is_off_beat(at);
            // what is under way may have begun before the change
            let anew = order.everything || order.sources.contains(&at);
            let asked = anew || (polled || self.schedule.is_due(at, now)) && !self.fetches.is_under_way(at);
            match self.schedule.pause(at, now) {
                Some(left) if order.everything => {
                    let seconds = left.as_secs_f64().ceil();
                    tracing::warn!(
                        flag_set = %self.options.name, source = %source.label, seconds,
                        "rate limit exceeded: the source wants to be left alone for so many seconds and is not asked"
                    );
                    refused = true;
                }
                Some(_) => {}
                None if asked => wanted.push(at),
                None => {}
            }
        }
        (wanted, refused)
    }

    /// Takes over other options. Flags that mean the same keep their compiled form, sources that are the same what is known
    /// of them; the rest is a round like any other.
    async fn reconfigure(&mut self, prepared: Prepared) {
        let assembly = self.take_assembly();
        let Prepared {
            options,
            sources,
            changes,
        } = prepared;
        self.watches = Watches::forward(changes, &self.commands);
        self.fetches = Fetches::default();
        self.schedule = self.schedule.reordered(sources.iter().map(Origin::index));
        self.options = Arc::clone(&options);
        let now = (options.clock)();
        let adopt = move || {
            let mut assembly = Box::new(assembly.reconfigured(&options, sources));
            (assembly.adopt(now), assembly)
        };
        match spawn_blocking(adopt).await {
            Ok((built, assembly)) => {
                self.publish(built, assembly).await;
            }
            Err(error) => {
                tracing::error!(flag_set = %self.options.name, %error, "internal error while reading flags: the last good ones stay");
            }
        }
    }

    /// What is known, or what is served when that was lost.
    fn take_assembly(&mut self) -> Box<Assembly> {
        self.assembly.take().unwrap_or_else(|| {
            let served = self.store.snapshot.load_full();
            Box::new(Assembly::new(&self.options, served))
        })
    }

    /// Swap, then tell.
    async fn publish(&mut self, built: Built, assembly: Box<Assembly>) -> Refreshed {
        let snapshot = Arc::clone(assembly.snapshot());
        self.assembly = Some(assembly);
        let revision = snapshot.revision();
        self.store.status.store(Arc::new(built.status.clone()));
        if built.changed {
            retire(self.store.snapshot.swap(Arc::clone(&snapshot)));
            self.revision.send_replace(revision);
            self.store.followers.tell(&snapshot).await;
        }
        self.persist(&built).await;
        Refreshed {
            refreshed: built.refreshed,
            revision,
        }
    }

    /// The answer of a round that came to nothing.
    fn as_before(&self) -> Refreshed {
        Refreshed {
            refreshed: false,
            revision: self.store.snapshot.load().revision(),
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
    /// What came of fetches that took longer than their round.
    answers: Vec<Answer>,
    replies: Vec<oneshot::Sender<Refreshed>>,
}

/// Other options to take over, and who waits for it.
type Reconfiguration = (Box<Prepared>, oneshot::Sender<()>);

impl Order {
    /// Notes what a round is to do. Other options are no round: they are handed back, to take effect after it.
    fn take(&mut self, command: Command) -> Option<Reconfiguration> {
        match command {
            Command::Refresh(reply) => {
                self.everything = true;
                self.replies.push(reply);
            }
            Command::Look(source) => self.sources.push(source),
            Command::Reconfigure(prepared, reply) => return Some((prepared, reply)),
        }
        None
    }
}

/// The tasks that wait for watched sources, and whether each source is being changed.
struct Watches {
    _tasks: JoinSet<()>,
    settling: Vec<Option<Settling>>,
}

impl Watches {
    /// Asks the writer to look at each source that says that it changed.
    fn forward(changes: Vec<Option<Changes>>, commands: &mpsc::WeakSender<Command>) -> Self {
        let mut tasks = JoinSet::new();
        let mut forward = |at: usize, mut changes: Changes| {
            let settling = changes.settling();
            // The sender is weak, so that it does not keep a stopped writer's channel open.
            let commands = commands.clone();
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
        let changes = changes.into_iter().enumerate();
        let settling = changes
            .map(|(at, changes)| changes.map(|changes| forward(at, changes)))
            .collect();
        Self {
            _tasks: tasks,
            settling,
        }
    }

    fn is_settling(&self, source: usize) -> bool {
        self.settling[source].as_ref().is_some_and(Settling::is_under_way)
    }
}

/// Starts to watch the sources that can be watched.
pub(crate) fn watch(options: &Options) -> Vec<Option<Changes>> {
    let changes = |source: &Source| Some(source.retriever.changes()?.settled_after(settle(options)));
    options.sources.iter().map(changes).collect()
}

/// How long a watched source must be left alone before it is read: at least as long as the shortest polling, since clients that
/// poll were written for flags that do not change faster. Whoever polls seldom is in no hurry: an upload or a checkout that
/// writes in bursts is then read once it is whole.
fn settle(options: &Options) -> Duration {
    const SHORTEST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(2);
    let interval = options.polling_interval.unwrap_or(SHORTEST);
    (interval / 30).clamp(SHORTEST, LONGEST)
}

/// Tells when to poll.
fn ticker(options: &Options) -> Option<Interval> {
    options.period().map(|period| {
        let mut ticker = interval_at(Instant::now() + period, period);
        ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticker
    })
}

async fn tick(ticker: &mut Option<Interval>) {
    match ticker {
        Some(ticker) => {
            ticker.tick().await;
        }
        None => std::future::pending().await,
    }
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
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
