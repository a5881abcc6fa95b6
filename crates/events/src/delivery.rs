//! Delivering: reads a log behind the cursor of one exporter and sends batch after batch, however often the sink fails.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flagstaff_backend::Complaints;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

use crate::counts::Loss;
use crate::dead_letters::DeadLetters;
use crate::log::Reader;
use crate::{ErrorKind, Event, ExportError, Exporter, Receipt};

/// The pause after the first failure at most; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The longest pause, unless a sink asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// So many failures in a row mean that a sink is down.
const DOWN_AFTER: u32 = 5;

/// So often a batch is sent as a whole before its parts are tried.
const WHOLE_ATTEMPTS: u32 = 3;

/// When events leave, and how.
#[derive(Clone)]
pub struct Schedule {
    /// Time after which a batch leaves, however small; `None`: at once.
    pub interval: Option<Duration>,
    /// Number of events at which a batch leaves, which is also the most that it holds.
    pub events: usize,
    /// How long a sink may take for a batch.
    pub patience: Duration,
    /// Where events go that a sink will never take.
    pub dead_letters: Option<PathBuf>,
    /// A number from 0 to 1 at random, another one each time.
    pub random: fn() -> f64,
}

/// A task that delivers what one reader reads.
#[derive(Debug)]
pub struct Delivery {
    monitor: Monitor,
    end: watch::Sender<Option<Instant>>,
    task: JoinHandle<()>,
}

/// Shows how a delivery is doing, even after its end.
#[derive(Debug, Clone)]
pub struct Monitor {
    reader: Reader,
    target: Arc<str>,
    status: Arc<Mutex<Status>>,
}

/// How a sink did last.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// Failures since the last success.
    pub failures: u32,
    /// What went wrong last; `None` after a success.
    pub error: Option<Arc<str>>,
}

struct Courier {
    monitor: Monitor,
    exporter: Arc<dyn Exporter>,
    schedule: Schedule,
    dead_letters: Option<DeadLetters>,
    /// The most that is sent at once, less than usual while a batch is taken apart.
    most: usize,
    /// Refusals of the batch that is being sent.
    refusals: u32,
    complaints: Complaints,
}

impl Delivery {
    /// Delivers from now on. Must be called inside of a tokio runtime.
    pub fn start(reader: Reader, exporter: Arc<dyn Exporter>, schedule: Schedule) -> Self {
        let (end, ended) = watch::channel(None);
        let monitor = Monitor {
            reader,
            target: exporter.target().into(),
            status: Arc::default(),
        };
        let mut courier = Courier {
            most: 0,
            dead_letters: schedule.dead_letters.clone().map(DeadLetters::new),
            monitor: monitor.clone(),
            refusals: 0,
            complaints: Complaints::default(),
            exporter,
            schedule,
        };
        courier.most = courier.full();
        Self {
            task: tokio::spawn(courier.run(ended)),
            monitor,
            end,
        }
    }

    /// Shows how it is doing.
    pub fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// Sends what waits, each batch once, until a deadline. What is left then stays with the log.
    pub async fn finish(&mut self, deadline: Instant) {
        self.end.send_replace(Some(deadline));
        if tokio::time::timeout_at(deadline, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Monitor {
    /// What it reads with, which shows what became of the events.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Where it sends to, for people.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// How the sink did last.
    pub fn status(&self) -> Status {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Status {
    /// Whether the sink is thought to be down: it is only tried from time to time.
    pub fn is_down(&self) -> bool {
        self.failures >= DOWN_AFTER
    }
}

impl Courier {
    async fn run(mut self, mut ended: watch::Receiver<Option<Instant>>) {
        let mut news = self.monitor.reader.news();
        let far = Duration::from_secs(365 * 24 * 3600);
        let period = self.schedule.interval.unwrap_or(far);
        let mut ticks = interval_at(Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut left = self.due();
            while left == 0 {
                tokio::select! {
                    _ = ended.changed() => return self.empty().await,
                    _ = ticks.tick() => {
                        left = self.monitor.reader.pending();
                        break;
                    }
                    seen = news.changed() => match seen {
                        Ok(()) => left = self.due(),
                        Err(_) => return,
                    },
                }
            }
            while left > 0 {
                let sent = self.send().await;
                // the attempt that ran is the one that its batch gets
                if ended.has_changed().unwrap_or(true) {
                    if sent.is_ok() {
                        self.empty().await;
                    }
                    return;
                }
                match sent {
                    Ok(settled) => left = left.saturating_sub(settled as u64),
                    Err(pause) => {
                        tokio::select! {
                            () = sleep_until(Instant::now() + pause) => {}
                            _ = ended.changed() => return self.empty().await,
                        }
                    }
                }
                if left == 0 {
                    left = self.due();
                }
            }
        }
    }

    /// The most events that a batch holds.
    fn full(&self) -> usize {
        self.schedule.events.min(self.exporter.limits().events).max(1)
    }

    /// How many events are to leave now: those of full batches, or all where events do not wait for others.
    fn due(&self) -> u64 {
        let pending = self.monitor.reader.pending();
        match self.schedule.interval {
            Some(_) => pending - pending % self.schedule.events as u64,
            None => pending,
        }
    }

    /// The last batches: each is tried once.
    async fn empty(&mut self) {
        while self.monitor.reader.pending() > 0 {
            if self.send().await.is_err() {
                return;
            }
        }
    }

    /// Sends one batch: how many events are settled, or how long to wait before the next attempt.
    async fn send(&mut self) -> Result<usize, Duration> {
        let bytes = self.exporter.limits().bytes.min(self.monitor.reader.share());
        let batch = match self.monitor.reader.take(self.most, bytes).await {
            Ok(batch) => batch,
            Err(unread) => {
                let error = ExportError::new(ErrorKind::Unreachable, "the spool cannot be read, look at its disk");
                return Err(self.note(&error.caused_by(unread)));
            }
        };
        if batch.is_empty() {
            return Ok(usize::MAX);
        }
        let result = match timeout(self.schedule.patience, self.exporter.export(&batch)).await {
            Ok(result) => result,
            Err(_) => Err(ExportError::new(ErrorKind::TimedOut, "no answer in time")
                .context("after", format_args!("{:?}", self.schedule.patience))),
        };
        match result {
            Ok(receipt) => self.settle(&batch, receipt).await,
            Err(error) => self.fail(&batch, &error).await,
        }
    }

    async fn settle(&mut self, batch: &[Event], receipt: Receipt) -> Result<usize, Duration> {
        for refusal in &receipt.refused {
            if let Some(event) = batch.get(refusal.index) {
                self.set_aside(event, &refusal.reason).await;
            }
        }
        self.monitor.reader.settle(batch.len(), &receipt);
        let done = batch.len() - receipt.again.len();
        if receipt.again.is_empty() {
            self.recover();
            return Ok(done);
        }
        let error = ExportError::new(ErrorKind::Refused, "a part of the batch was not taken")
            .context("events", receipt.again.len())
            .context("of", batch.len());
        let pause = self.note(&error);
        if done > 0 { Ok(done) } else { Err(pause) }
    }

    /// Nothing was taken. What a sink finds too large, or refuses again and again, is sent in ever smaller parts, so that in the
    /// end one event alone is found out.
    async fn fail(&mut self, batch: &[Event], error: &ExportError) -> Result<usize, Duration> {
        self.refusals += u32::from(error.kind() == ErrorKind::Refused);
        let is_hopeless = match error.kind() {
            ErrorKind::TooLarge => true,
            ErrorKind::Refused => self.refusals >= WHOLE_ATTEMPTS,
            _ => false,
        };
        if !is_hopeless {
            return Err(self.note(error));
        }
        if let [event] = batch {
            self.set_aside(event, &error.to_string()).await;
            let receipt = Receipt {
                refused: vec![crate::Refusal {
                    index: 0,
                    reason: String::new(),
                }],
                ..Receipt::default()
            };
            self.monitor.reader.settle(1, &receipt);
            return Ok(1);
        }
        self.most = batch.len().div_ceil(2);
        if error.kind() == ErrorKind::TooLarge {
            return Ok(0);
        }
        Err(self.note(error))
    }

    async fn set_aside(&mut self, event: &Event, reason: &str) {
        let exporter = &**self.monitor.reader.name();
        let kept = match &self.dead_letters {
            Some(file) => file.append(exporter, event, reason).await,
            None => Ok(false),
        };
        match kept {
            Ok(true) => {
                tracing::warn!(
                    exporter,
                    reason,
                    "the sink refuses an event for good, it is kept in the file of dead letters"
                );
                self.monitor.reader.counts().set_aside(1);
            }
            Ok(false) => {
                tracing::error!(
                    exporter,
                    reason,
                    "the sink refuses an event for good, it is lost; deadLetterFile would keep it"
                );
                self.monitor.reader.counts().lose(Loss::Refused, 1);
            }
            Err(error) => {
                tracing::error!(exporter, reason, %error, "an event is lost: the sink refuses it, and the file of dead letters cannot be written");
                self.monitor.reader.counts().lose(Loss::Refused, 1);
            }
        }
    }

    /// Logs a failure; how long to wait.
    fn note(&mut self, error: &ExportError) -> Duration {
        self.monitor.reader.counts().fail();
        let failures = {
            let mut status = self.monitor.lock();
            status.failures += 1;
            status.error = Some(error.to_string().into());
            status.failures
        };
        let pause = error.pause().unwrap_or_else(|| self.pause(failures));
        if let Some(repeated) = self.complaints.fail(Instant::now().into_std()) {
            let exporter = &**self.monitor.reader.name();
            let repeated = Some(repeated).filter(|repeated| *repeated > 0);
            tracing::error!(exporter, failures, repeated, %error, "error while exporting data, it is kept and sent again");
        }
        pause
    }

    /// Full jitter: anything up to a limit that doubles, and that is longest when the sink is down.
    fn pause(&self, failures: u32) -> Duration {
        let longest = self
            .schedule
            .interval
            .map_or(LONGEST_PAUSE, |interval| interval.clamp(FIRST_PAUSE, LONGEST_PAUSE));
        let limit = FIRST_PAUSE
            .saturating_mul(1 << failures.saturating_sub(1).min(16))
            .min(longest);
        limit.mul_f64(0.1 + 0.9 * (self.schedule.random)())
    }

    fn recover(&mut self) {
        let full = self.full();
        if self.most < full {
            self.most = self.most.saturating_mul(2).min(full);
        }
        self.refusals = 0;
        *self.monitor.lock() = Status::default();
        if let Some(failures) = self.complaints.succeed() {
            let exporter = &**self.monitor.reader.name();
            tracing::info!(exporter, failures, "the sink takes events again");
        }
    }
}
