//! Telling one notifier, however often it fails, without anybody waiting for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flagstaff_backend::{Complaints, ErrorKind};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::{News, NotifyError, Recipient};

/// How long a target may take for one notification.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pause after the first failure at most; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause, unless a target asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// So often news are told before they are given up.
const MOST_ATTEMPTS: u32 = 10;

/// A task that tells one notifier. What is to be told while it is busy is merged, so that it never has more to keep than one change
/// of each flag.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) recipient: Recipient,
    desk: Arc<Desk>,
    end: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// What the task and those who hand it news share.
#[derive(Debug, Default)]
struct Desk {
    waiting: Mutex<News>,
    arrived: Notify,
    /// Changes that wait, or are being told.
    pending: AtomicU64,
    delivered: AtomicU64,
    lost: AtomicU64,
    errors: AtomicU64,
    /// Failures since the last success.
    failures: AtomicU64,
    last: Mutex<Last>,
}

/// What happened last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Last {
    /// When it was told something.
    pub(crate) told: Option<Instant>,
    /// Why it could not be told the last time; `None` when it could.
    pub(crate) error: Option<Arc<str>>,
}

/// What became of what a notifier was to be told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) pending: u64,
    pub(crate) delivered: u64,
    pub(crate) lost: u64,
    pub(crate) errors: u64,
    pub(crate) failures: u64,
}

struct Courier {
    recipient: Recipient,
    /// For logs.
    flag_set: Option<Arc<str>>,
    desk: Arc<Desk>,
    ended: watch::Receiver<bool>,
    complaints: Complaints,
}

impl Delivery {
    /// Tells a notifier from now on. Must be called inside of a tokio runtime.
    pub(crate) fn start(recipient: Recipient, flag_set: Option<Arc<str>>) -> Self {
        let desk = Arc::new(Desk::default());
        let (end, ended) = watch::channel(false);
        let courier = Courier {
            recipient: recipient.clone(),
            flag_set,
            desk: Arc::clone(&desk),
            ended,
            complaints: Complaints::default(),
        };
        Self {
            recipient,
            desk,
            end,
            task: Mutex::new(Some(tokio::spawn(courier.run()))),
        }
    }

    /// Hands it news. Never waits.
    pub(crate) fn tell(&self, news: News) {
        let mut waiting = self.desk.waiting();
        waiting.merge(news);
        self.desk.pending.fetch_add(1, Ordering::Relaxed);
        drop(waiting);
        self.desk.arrived.notify_one();
    }

    /// What became of the news so far.
    pub(crate) fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            pending: read(&self.desk.pending),
            delivered: read(&self.desk.delivered),
            lost: read(&self.desk.lost),
            errors: read(&self.desk.errors),
            failures: read(&self.desk.failures),
        }
    }

    /// What happened last.
    pub(crate) fn last(&self) -> Last {
        self.desk.last().clone()
    }

    /// Tells what waits, once, until a deadline.
    pub(crate) async fn finish(&self, deadline: Instant) {
        self.end.send_replace(true);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut task) = task else { return };
        if timeout_at(deadline, &mut task).await.is_err() {
            task.abort();
            let target = self.recipient.notifier.target();
            tracing::warn!(
                notifier = self.recipient.kind,
                target,
                "the notifier did not answer before the end, it may not know of the last changes"
            );
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.abort();
        }
    }
}

impl Desk {
    fn waiting(&self) -> MutexGuard<'_, News> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that waits, and how many changes made it up, those included that came to nothing.
    fn take(&self, known: u64) -> (News, u64) {
        let mut waiting = self.waiting();
        let news = std::mem::take(&mut *waiting);
        let pending = self.pending.load(Ordering::Relaxed);
        (news, pending - known)
    }
}

impl Courier {
    async fn run(mut self) {
        loop {
            let (news, changes) = self.desk.take(0);
            if changes > 0 {
                self.deliver(news, changes).await;
            } else if *self.ended.borrow() {
                return;
            } else {
                tokio::select! {
                    () = self.desk.arrived.notified() => {}
                    ended = self.ended.changed() => if ended.is_err() { return },
                }
            }
        }
    }

    /// Tells news until they are told or given up; what comes meanwhile is told with them.
    async fn deliver(&mut self, mut news: News, mut changes: u64) {
        let mut attempts = 0;
        while !news.is_empty() {
            attempts += 1;
            let told = match timeout(PATIENCE, self.recipient.notifier.notify(&news)).await {
                Ok(told) => told,
                Err(_) => {
                    let message = format!("no answer within {PATIENCE:?}");
                    let target = self.recipient.notifier.target();
                    Err(NotifyError::new(ErrorKind::TimedOut, target, message))
                }
            };
            let Err(error) = told else {
                self.desk.delivered.fetch_add(1, Ordering::Relaxed);
                self.desk.failures.store(0, Ordering::Relaxed);
                *self.desk.last() = Last {
                    told: Some(Instant::now()),
                    error: None,
                };
                if let Some(failures) = self.complaints.succeed() {
                    let notifier = self.recipient.kind;
                    tracing::info!(
                        flagset = self.flag_set.as_deref(),
                        notifier,
                        failures,
                        "the notifier answers again"
                    );
                }
                break;
            };
            self.desk.errors.fetch_add(1, Ordering::Relaxed);
            self.desk.last().error = Some(error.to_string().into());
            let failures = self.desk.failures.fetch_add(1, Ordering::Relaxed) + 1;
            let is_last = attempts >= MOST_ATTEMPTS || *self.ended.borrow();
            if is_last || !error.is_temporary() {
                self.desk.lost.fetch_add(1, Ordering::Relaxed);
                tracing::error!(
                    flagset = self.flag_set.as_deref(),
                    notifier = self.recipient.kind,
                    %error,
                    attempts,
                    "error while calling the notifier, it is not told again"
                );
                break;
            }
            let pause = error.pause().unwrap_or_else(|| pause(failures));
            if let Some(repeated) = self.complaints.fail(Instant::now().into_std()) {
                tracing::warn!(
                    flagset = self.flag_set.as_deref(),
                    notifier = self.recipient.kind,
                    %error,
                    repeated = Some(repeated).filter(|repeated| *repeated > 0),
                    "error while calling the notifier, it is told again"
                );
            }
            tokio::select! {
                () = sleep(pause) => {}
                _ = self.ended.changed() => {}
            }
            let (newer, more) = self.desk.take(changes);
            if more > 0 {
                news.merge(newer);
                changes += more;
                attempts = 0;
            }
        }
        self.desk.pending.fetch_sub(changes, Ordering::Relaxed);
    }
}

/// Full jitter: anything up to a limit that doubles.
fn pause(failures: u64) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    let limit = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    limit.mul_f64(0.1 + 0.9 * fastrand::f64())
}
