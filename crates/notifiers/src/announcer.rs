//! The notifiers of one flag set.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

use crate::delivery::Delivery;
use crate::lock::{Claimant, NotifierLock};
use crate::{News, Recipient};

/// So many changes may wait until it is known who announces them; what comes then is merged into the last one.
const MOST_WAITING: usize = 64;

/// How long a notifier that an edit takes away may still be told what it waits for.
const FAREWELL: Duration = Duration::from_secs(10);

/// Tells the changes of one flag set to all of its notifiers. It never waits for them, and they do not wait for each other.
#[derive(Debug)]
pub struct Announcer {
    office: Arc<Office>,
}

#[derive(Debug, Default)]
struct Office {
    state: Mutex<State>,
    arrived: Notify,
    /// Whether the task is done: it has handed on everything, and nothing more comes.
    done: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    deliveries: Vec<Arc<Delivery>>,
    waiting: VecDeque<News>,
    claimant: Option<Arc<Claimant>>,
    flag_set: Option<Arc<str>>,
    ending: bool,
}

/// How a notifier is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Its kind.
    pub kind: &'static str,
    /// Where it is told, without secrets.
    pub target: String,
    /// Changes that it has not been told yet.
    pub pending: u64,
    /// Notifications that arrived.
    pub delivered: u64,
    /// Notifications that were given up.
    pub lost: u64,
    /// Attempts that failed.
    pub errors: u64,
    /// Attempts that failed since the last one that did not.
    pub failures: u64,
    /// How long ago it was told something, if ever.
    pub age: Option<Duration>,
    /// Why it could not be told the last time, without secrets; `None` when it could.
    pub error: Option<Arc<str>>,
}

impl Announcer {
    /// Tells nobody yet. Must be called inside of a tokio runtime.
    pub fn start() -> Self {
        let office = Arc::new(Office::default());
        tokio::spawn(Arc::clone(&office).run());
        Self { office }
    }

    /// Tells these from now on. Those that it tells already go on as they are; those that are not among them are told what they
    /// wait for, and leave. With a lock, only what this replica has to tell is told. `flag_set` is the set's name in logs, and for
    /// the lock.
    pub fn recruit(&self, recipients: &[Recipient], lock: Option<NotifierLock>, flag_set: Option<&Arc<str>>) {
        let mut state = self.office.state();
        state.flag_set = flag_set.cloned();
        // whoever goes on with the same lock still knows what it claimed
        let is_same = state.claimant.as_ref().map(|claimant| claimant.lock()) == lock.as_ref();
        if !is_same {
            state.claimant = lock.map(|lock| Arc::new(Claimant::new(lock)));
        }
        let mut known = std::mem::take(&mut state.deliveries);
        let deliveries = recipients.iter().map(|recipient| {
            match known.iter().position(|delivery| delivery.recipient == *recipient) {
                Some(at) => known.swap_remove(at),
                None => Arc::new(Delivery::start(recipient.clone(), flag_set.cloned())),
            }
        });
        state.deliveries = deliveries.collect();
        for delivery in known {
            tokio::spawn(async move { delivery.finish(Instant::now() + FAREWELL).await });
        }
    }

    /// Whether there is nobody to tell, so that news need not be made.
    pub fn is_idle(&self) -> bool {
        self.office.state().deliveries.is_empty()
    }

    /// Tells news. Never waits.
    pub fn tell(&self, news: News) {
        let mut state = self.office.state();
        if state.deliveries.is_empty() || news.is_empty() {
            return;
        }
        let is_full = state.waiting.len() >= MOST_WAITING;
        match state.waiting.back_mut() {
            Some(last) if is_full => last.merge(news),
            _ => state.waiting.push_back(news),
        }
        drop(state);
        self.office.arrived.notify_one();
    }

    /// How each notifier is doing, in their order.
    pub fn readings(&self) -> Vec<Reading> {
        let reading = |delivery: &Arc<Delivery>| {
            let (counts, last) = (delivery.counts(), delivery.last());
            Reading {
                kind: delivery.recipient.kind(),
                target: delivery.recipient.notifier.target(),
                pending: counts.pending,
                delivered: counts.delivered,
                lost: counts.lost,
                errors: counts.errors,
                failures: counts.failures,
                age: last.told.map(|told| told.elapsed()),
                error: last.error,
            }
        };
        self.office.state().deliveries.iter().map(reading).collect()
    }

    /// Tells what waits, each notifier once, until a deadline.
    pub async fn finish(&self, deadline: Instant) {
        self.office.state().ending = true;
        self.office.arrived.notify_one();
        let mut done = self.office.done.subscribe();
        // what is not handed on by then is lost with the process
        let _ = timeout_at(deadline, done.wait_for(|done| *done)).await;
        let deliveries = std::mem::take(&mut self.office.state().deliveries);
        let finishing = deliveries
            .into_iter()
            .map(|delivery| tokio::spawn(async move { delivery.finish(deadline).await }));
        for finished in finishing.collect::<Vec<_>>() {
            // it fails where a notifier panicked, which must not keep the others from being told
            let _ = finished.await;
        }
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        self.office.state().ending = true;
        self.office.arrived.notify_one();
    }
}

impl Office {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands news on, one change after the other.
    async fn run(self: Arc<Self>) {
        loop {
            let next = {
                let mut state = self.state();
                match state.waiting.pop_front() {
                    None if state.ending => break,
                    next => next,
                }
            };
            match next {
                None => self.arrived.notified().await,
                Some(news) => self.hand_on(news).await,
            }
        }
        self.done.send_replace(true);
    }

    async fn hand_on(&self, mut news: News) {
        let (claimant, flag_set) = {
            let state = self.state();
            (state.claimant.clone(), state.flag_set.clone())
        };
        if let Some(claimant) = claimant {
            news = claimant.share(news, flag_set.as_deref()).await;
        }
        if news.is_empty() {
            return;
        }
        let deliveries = self.state().deliveries.clone();
        for delivery in deliveries {
            delivery.tell(news.clone());
        }
    }
}

#[cfg(test)]
mod tests;
