//! The bounded log of one type of events of one flag set.
//!
//! Recording is a push into a queue without locks. A task, the keeper, moves what is there onto the shelf, from which each
//! exporter reads at its own pace, and makes room when there is too much of it: onto a disk where there is a spool, otherwise
//! by letting the exporters that are behind lose their oldest events.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crossbeam_queue::SegQueue;
use flagstaff_backend::Complaints;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::counts::{Counts, Loss};
use crate::shelf::{Shelf, Taken};
use crate::spool::{Spool, SpoolError, SpoolSettings};
use crate::{Event, Receipt};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// How long the keeper lets events gather, so that it is woken seldom.
const GATHERING: Duration = Duration::from_millis(2);

/// How many events are moved while others wait for the shelf.
const HANDFUL: usize = 4096;

/// How long no exporter takes anything, while there is no room, until new events are not even written.
const STANDSTILL: Duration = Duration::from_millis(250);

/// Time between two looks at what the spool can let go, and at what found no room.
const TIDYING: Duration = Duration::from_secs(1);

/// What a log may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// Bytes of memory for events, whoever they wait for.
    pub memory: usize,
    /// What happens when there is no room.
    pub on_full: OnFull,
    /// Where events go that find no room in memory.
    pub spool: Option<SpoolSettings>,
}

/// What happens when there is no room for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFull {
    /// The exporters that are behind lose their oldest events.
    #[default]
    Drop,
    /// New events are refused, and whoever brings them is told.
    Refuse,
}

/// The log. The keeper ends with it.
#[derive(Debug)]
pub struct EventLog {
    shared: Arc<Shared>,
    keeper: AbortHandle,
}

/// Reads a log under a name, and settles what became of what it read.
#[derive(Debug, Clone)]
pub struct Reader {
    name: Arc<str>,
    counts: Arc<Counts>,
    log: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    intake: SegQueue<Event>,
    intake_bytes: AtomicUsize,
    /// Of what is on the shelf and in the hands of readers, as of the last look.
    shelf_bytes: AtomicUsize,
    /// Events that found no room in the intake and are to be counted.
    overrun: AtomicU64,
    /// Whether there is no room, and nobody takes anything.
    stands_still: AtomicBool,
    /// Whether the keeper is about to look.
    is_called: AtomicBool,
    call: Notify,
    shelf: Mutex<Shelf>,
    /// Number that the next event gets.
    end: watch::Sender<u64>,
    /// Rounds of the keeper that have begun, and that have ended well or badly.
    begun: AtomicU64,
    ended: watch::Sender<Round>,
    spool: Option<Spool>,
    /// About the spool.
    complaints: Mutex<Complaints>,
    settings: LogSettings,
}

/// When readers did something last.
#[derive(Debug, Default)]
struct Pace {
    /// How often they had, and since when that is so.
    last: Option<(u64, Instant)>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Round {
    number: u64,
    /// The last round whose events did not reach the disk.
    failed: u64,
}

/// Events could not be put where nothing can lose them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the events could not be written to the spool")]
pub struct NotDurable;

impl EventLog {
    /// Starts a log, with what its spool still holds. Must be called inside of a tokio runtime.
    pub fn start(settings: LogSettings, clock: Clock) -> Result<Self, SpoolError> {
        let spool = settings
            .spool
            .as_ref()
            .map(|spool| Spool::open(spool, clock))
            .transpose()?;
        let first = spool.as_ref().map_or(0, Spool::end);
        let shared = Arc::new(Shared {
            intake: SegQueue::new(),
            intake_bytes: AtomicUsize::new(0),
            shelf_bytes: AtomicUsize::new(0),
            overrun: AtomicU64::new(0),
            stands_still: AtomicBool::new(false),
            is_called: AtomicBool::new(false),
            call: Notify::new(),
            shelf: Mutex::new(Shelf::starting_at(first)),
            end: watch::Sender::new(first),
            begun: AtomicU64::new(0),
            ended: watch::Sender::new(Round::default()),
            spool,
            complaints: Mutex::default(),
            settings,
        });
        let keeper = tokio::spawn(Arc::clone(&shared).keep()).abort_handle();
        Ok(Self { shared, keeper })
    }

    /// Records an event that is only written if there may be room for it; whether there was. Never waits.
    pub fn record_with(&self, event: impl FnOnce() -> Event) -> bool {
        if self.shared.stands_still.load(Ordering::Relaxed) {
            self.shared.overrun.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        self.record(event())
    }

    /// Records an event; whether there was room for it. Never waits.
    pub fn record(&self, event: Event) -> bool {
        let shared = &*self.shared;
        let size = event.size();
        let before = shared.intake_bytes.fetch_add(size, Ordering::Relaxed);
        if before + size + shared.shelf_bytes.load(Ordering::Relaxed) > shared.settings.memory {
            shared.intake_bytes.fetch_sub(size, Ordering::Relaxed);
            shared.overrun.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        shared.intake.push(event);
        if !shared.is_called.swap(true, Ordering::SeqCst) {
            shared.call.notify_one();
        }
        true
    }

    /// Whether events of so many bytes should be refused, since accepting them would cost others.
    pub fn refuses(&self, bytes: usize) -> bool {
        let shared = &*self.shared;
        let held = shared.intake_bytes.load(Ordering::Relaxed) + shared.shelf_bytes.load(Ordering::Relaxed);
        shared.settings.on_full == OnFull::Refuse && held + bytes > shared.settings.memory
    }

    /// Resolves when what was recorded before is where a crash cannot lose it; at once where the log does not promise that.
    pub async fn committed(&self) -> Result<(), NotDurable> {
        let shared = &*self.shared;
        if !shared.is_durable() {
            return Ok(());
        }
        // the round that runs now may have passed by the last event, the next one cannot
        let wanted = shared.begun.load(Ordering::SeqCst) + 1;
        shared.call.notify_one();
        let mut rounds = shared.ended.subscribe();
        let round = rounds.wait_for(|round| round.number >= wanted).await;
        match round {
            Ok(round) if round.failed < wanted => Ok(()),
            _ => Err(NotDurable),
        }
    }

    /// A reader of this name. One that is known goes on where it was, a new one begins with the next event.
    pub fn reader(&self, name: &Arc<str>) -> Reader {
        let known = self.shared.spool.as_ref().and_then(|spool| spool.cursor(name));
        let mut shelf = self.shared.shelf();
        let from = known.unwrap_or_else(|| shelf.end()).min(shelf.end());
        Reader {
            name: Arc::clone(name),
            counts: shelf.join(name, from),
            log: Arc::clone(&self.shared),
        }
    }

    /// Lets a reader go for good; what it has not delivered is lost to it.
    pub fn remove(&self, reader: &Reader) {
        let left = self.shared.on_shelf(|shelf| shelf.leave(&reader.name));
        reader.counts.lose(Loss::Removed, left);
        if let Some(spool) = &self.shared.spool {
            spool.forget(&reader.name);
        }
    }

    /// Puts away what is left when a relay ends: into the spool, or nowhere.
    pub async fn close(&self) {
        self.keeper.abort();
        let shared = &self.shared;
        shared.gather();
        let is_kept = match &shared.spool {
            Some(spool) => {
                let (all, held) = {
                    let shelf = shared.shelf();
                    (shelf.end(), shelf.held().cloned().collect())
                };
                spool.append(held).await.is_ok() && shared.spill(all).await && shared.note().await
            }
            None => false,
        };
        if !is_kept {
            shared.shelf().abandon(Loss::Shutdown);
        }
    }

    /// Bytes of the spool.
    pub fn spooled_bytes(&self) -> u64 {
        self.shared.spool.as_ref().map_or(0, Spool::bytes)
    }

    /// Bytes of memory that events take.
    pub fn memory(&self) -> usize {
        self.shared.intake_bytes.load(Ordering::Relaxed) + self.shared.shelf_bytes.load(Ordering::Relaxed)
    }
}

impl Pace {
    /// For how long readers have done nothing.
    fn rest(&mut self, steps: u64) -> Duration {
        let now = Instant::now();
        match self.last {
            Some((before, since)) if before == steps => now - since,
            _ => {
                self.last = Some((steps, now));
                Duration::ZERO
            }
        }
    }
}

impl Drop for EventLog {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Reader {
    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Its counters.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// How many events wait for it in memory.
    pub fn queued(&self) -> u64 {
        let shelf = self.log.shelf();
        shelf.pending(&self.name) - shelf.elsewhere(&self.name) + self.log.intake.len() as u64
    }

    /// How many events wait for it on a disk.
    pub fn spooled(&self) -> u64 {
        self.log.shelf().elsewhere(&self.name)
    }

    /// How many events it has not settled, of those that the keeper has seen.
    pub(crate) fn pending(&self) -> u64 {
        self.log.shelf().pending(&self.name)
    }

    /// Changes when there are new events.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.log.end.subscribe()
    }

    /// How many bytes of events it should take at most, so that others find room beside it.
    pub(crate) fn share(&self) -> usize {
        self.log.settings.memory / 4
    }

    /// The next events; those that were taken and not settled come again. An error when they are on a disk that cannot be read now.
    pub(crate) async fn take(&self, events: usize, bytes: usize) -> Result<Vec<Event>, SpoolError> {
        loop {
            let taken = self.log.on_shelf(|shelf| shelf.take(&self.name, events, bytes));
            self.log.stands_still.store(false, Ordering::Relaxed);
            match taken {
                Taken::Events(events) => return Ok(events),
                Taken::Elsewhere(from, to) => {
                    let (to, found) = match self.log.load(from, to, bytes).await {
                        Ok(found) => found,
                        Err(error) if error.is_lasting() => {
                            tracing::error!(error = %error, exporter = &*self.name, "the spool is damaged, events are lost");
                            (to, Vec::new())
                        }
                        Err(error) => return Err(error),
                    };
                    self.log.on_shelf(|shelf| shelf.give(&self.name, from, to, found));
                }
            }
        }
    }

    /// Says what became of the first `count` events that were taken; how many of them are done.
    pub(crate) fn settle(&self, count: usize, receipt: &Receipt) {
        let done = count - receipt.again.len();
        self.counts
            .deliver((done - receipt.refused.len() - receipt.left_out) as u64);
        self.counts.lose(Loss::Sampled, receipt.left_out as u64);
        self.log
            .on_shelf(|shelf| shelf.settle(&self.name, count, &receipt.again));
    }
}

impl Shared {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_durable(&self) -> bool {
        self.settings.spool.as_ref().is_some_and(|spool| spool.durable)
    }

    /// Does something to the shelf and notes what it holds then, before anybody else does something to it.
    fn on_shelf<T>(&self, work: impl FnOnce(&mut Shelf) -> T) -> T {
        let mut shelf = self.shelf();
        let done = work(&mut shelf);
        self.shelf_bytes.store(shelf.bytes(), Ordering::Relaxed);
        done
    }

    async fn keep(self: Arc<Self>) {
        let mut pace = Pace::default();
        let mut tidying = tokio::time::interval(TIDYING);
        tidying.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.call.notified() => {
                    self.round(&mut pace).await;
                    if !self.is_durable() {
                        tokio::time::sleep(GATHERING).await;
                    }
                }
                _ = tidying.tick() => {
                    self.tidy().await;
                    if self.spool.is_some() {
                        // while there is no room nothing is recorded, and nobody calls
                        self.make_room(&mut pace).await;
                    }
                }
            }
        }
    }

    /// Moves what was recorded to where it is read, and makes room.
    async fn round(&self, pace: &mut Pace) {
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        // whoever records after this calls again
        self.is_called.store(false, Ordering::SeqCst);
        self.gather();
        let mut failed = false;
        if self.is_durable() {
            let all = self.shelf().end();
            failed = !self.spill(all).await;
        }
        self.make_room(pace).await;
        self.ended.send_modify(|round| {
            round.number = number;
            if failed {
                round.failed = number;
            }
        });
        self.end.send_replace(self.shelf().end());
    }

    fn gather(&self) {
        self.count_overrun();
        let mut waiting = self.intake.len();
        while waiting > 0 {
            let handful = std::iter::from_fn(|| self.intake.pop()).take(waiting.min(HANDFUL));
            let moved = self.on_shelf(|shelf| shelf.append(handful));
            self.intake_bytes.fetch_sub(moved, Ordering::Relaxed);
            waiting = waiting.saturating_sub(HANDFUL);
        }
    }

    fn count_overrun(&self) {
        let overrun = self.overrun.swap(0, Ordering::Relaxed);
        if overrun > 0 {
            self.shelf().miss(overrun);
        }
    }

    /// Leaves an eighth of the memory free for what comes next.
    async fn make_room(&self, pace: &mut Pace) {
        let limit = self.settings.memory / 8 * 7;
        let (excess, until, steps) = {
            let shelf = self.shelf();
            let excess = shelf.bytes().saturating_sub(limit);
            (excess, shelf.number_after(excess), shelf.steps())
        };
        let rest = pace.rest(steps);
        if excess == 0 {
            return;
        }
        if rest >= STANDSTILL && self.spool.is_none() && self.settings.on_full == OnFull::Drop {
            // whichever events are lost, it should cost nothing
            self.stands_still.store(true, Ordering::Relaxed);
        }
        let is_spilled = self.spool.is_some() && self.spill(until).await;
        self.on_shelf(|shelf| {
            let spooled = self.spool.as_ref().map_or(0, Spool::end);
            shelf.unload(if is_spilled { until } else { until.min(spooled) });
            // whoever is behind would lose what is safe on the disk with what is not: then what is new finds no room instead
            let is_behind = shelf.slowest() < spooled;
            if self.settings.on_full == OnFull::Drop && !is_behind {
                shelf.forget(limit);
            }
        });
    }

    /// Writes events below a number to the disk that are not there yet; whether it worked.
    async fn spill(&self, until: u64) -> bool {
        let Some(spool) = &self.spool else { return true };
        // after a crash a reader must be known, or it would begin with what is new then
        let is_known = self.shelf().settled().all(|(name, _)| spool.cursor(name).is_some());
        if !is_known && !self.note().await {
            return false;
        }
        loop {
            let handful: Vec<(u64, Event)> = {
                let shelf = self.shelf();
                let missing = shelf.from(spool.end().max(shelf.slowest()));
                let missing = missing.take_while(|(number, _)| *number < until).take(HANDFUL * 4);
                missing.map(|(number, event)| (number, event.clone())).collect()
            };
            if handful.is_empty() {
                return true;
            }
            if let Err(error) = spool.append(handful).await {
                self.complain(&error, "events cannot be written to the spool, look at its disk");
                return false;
            }
            self.relent();
        }
    }

    async fn load(&self, from: u64, to: u64, bytes: usize) -> Result<(u64, Vec<Event>), SpoolError> {
        match &self.spool {
            Some(spool) => spool.read(from, to, bytes).await,
            None => Ok((to, Vec::new())),
        }
    }

    /// Notes how far readers are; whether it worked.
    async fn note(&self) -> bool {
        let Some(spool) = &self.spool else { return true };
        let settled: Vec<(Arc<str>, u64)> = {
            let shelf = self.shelf();
            let settled = shelf.settled();
            settled.map(|(name, number)| (Arc::clone(name), number)).collect()
        };
        let noted = spool.note(settled).await;
        noted
            .inspect_err(|error| self.complain(error, "the spool cannot be written, look at its disk"))
            .is_ok()
    }

    /// Notes how far readers are, and lets go what nobody needs or what lay there for too long.
    async fn tidy(&self) {
        self.count_overrun();
        let Some(spool) = &self.spool else { return };
        if !self.note().await {
            return;
        }
        match spool.trim().await {
            Ok(first) => {
                let mut shelf = self.shelf();
                let first = first.min(shelf.first());
                shelf.skip_to(first, Loss::Spool);
            }
            Err(error) => self.complain(&error, "the spool cannot be tidied, look at its disk"),
        }
    }

    /// Logs a failure of the spool, unless there was a line about one just now.
    fn complain(&self, error: &SpoolError, message: &'static str) {
        let now = Instant::now().into_std();
        if let Some(repeated) = self.complaints().fail(now) {
            let repeated = Some(repeated).filter(|repeated| *repeated > 0);
            tracing::error!(%error, repeated, "{message}");
        }
    }

    fn relent(&self) {
        if let Some(failures) = self.complaints().succeed() {
            tracing::info!(failures, "the spool can be written again");
        }
    }

    fn complaints(&self) -> MutexGuard<'_, Complaints> {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
