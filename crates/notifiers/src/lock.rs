//! Which of several replicas tells a change.
//!
//! Every replica sees every change, at another moment and perhaps together with the next one. So what is claimed is that a flag came
//! to be as it is now, whatever it was before. A claim counts against those who have not seen the flag otherwise since it was made:
//! who has sees something that happened again, and tells it.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flagstaff_backend::Complaints;
use tokio::time::{Instant, timeout};

use crate::News;

pub use kinds::NotifierLock;

pub mod kinds;

#[cfg(feature = "postgresql")]
mod postgresql;
#[cfg(feature = "redis")]
mod redis;

/// For how long claims are kept. A replica that sees a change later than that tells it too.
pub const MEMORY: Duration = Duration::from_secs(3600);

/// How long a fetch may take: a change that is seen at its end may have happened at its beginning.
const SLACK: Duration = Duration::from_secs(2);

/// How long the place may take for its answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a place that failed is not asked again.
const REST: Duration = Duration::from_secs(10);

/// Which claims were granted, in their order; or why that is not known, on one line and without secrets.
pub type Claiming<'a> = Pin<Box<dyn Future<Output = Result<Vec<bool>, String>> + Send + 'a>>;

/// A place at which replicas agree on who tells what.
pub trait Lock: fmt::Debug + Send + Sync {
    /// Claims subjects for an owner, each of them unless somebody else claimed it within the last `lookback`. What is granted is
    /// kept for [`MEMORY`]. Subjects are hexadecimal digits, and none stands there twice.
    fn claim<'a>(&'a self, subjects: &'a [String], lookback: Duration, owner: &'a str) -> Claiming<'a>;

    /// Where it is, for people, without secrets.
    fn place(&self) -> String;
}

/// A replica's part in it.
#[derive(Debug)]
pub(crate) struct Claimant {
    lock: NotifierLock,
    /// The name under which it claims, like no other's.
    name: String,
    trouble: Mutex<Trouble>,
}

#[derive(Debug, Default)]
struct Trouble {
    complaints: Complaints,
    /// Until when it is not asked.
    rest: Option<Instant>,
}

impl Claimant {
    pub(crate) fn new(lock: NotifierLock) -> Self {
        Self {
            lock,
            name: format!("{:016x}", fastrand::u64(..)),
            trouble: Mutex::default(),
        }
    }

    /// What it claims through.
    pub(crate) fn lock(&self) -> &NotifierLock {
        &self.lock
    }

    /// What this replica is to tell of news of a flag set; all of it when that cannot be found out.
    pub(crate) async fn share(&self, news: News, flag_set: Option<&str>) -> News {
        let News {
            hostname,
            known_until,
            flags,
            moments,
        } = news;
        let set = flag_set.unwrap_or_default();
        let subjects: Vec<_> = flags
            .iter()
            .map(|(key, difference)| difference.subject(set, key))
            .collect();
        let lookback = known_until.map_or(MEMORY, |at| (at.elapsed() + SLACK).min(MEMORY));
        let granted = self.claim(&subjects, lookback).await;
        let flags = granted_of(flags, &granted).collect();
        let subjects: Vec<_> = moments
            .iter()
            .map(|moment| crate::news::moment_subject(set, moment))
            .collect();
        // a date comes once
        let granted = self.claim(&subjects, MEMORY).await;
        let moments: BTreeSet<_> = granted_of(moments, &granted).collect();
        News {
            hostname,
            known_until,
            flags,
            moments,
        }
    }

    async fn claim(&self, subjects: &[String], lookback: Duration) -> Vec<bool> {
        let all = vec![true; subjects.len()];
        let is_resting = self.trouble().rest.is_some_and(|until| Instant::now() < until);
        if subjects.is_empty() || is_resting {
            return all;
        }
        let lock = &self.lock.lock;
        let claimed = match timeout(PATIENCE, lock.claim(subjects, lookback, &self.name)).await {
            Ok(claimed) => claimed,
            Err(_) => Err(format!("no answer within {PATIENCE:?}")),
        };
        let mut trouble = self.trouble();
        match claimed {
            Ok(granted) => {
                trouble.rest = None;
                if trouble.complaints.succeed().is_some() {
                    tracing::info!(place = lock.place(), "the lock of notifiers answers again");
                }
                granted
            }
            Err(error) => {
                let now = Instant::now();
                trouble.rest = Some(now + REST);
                if trouble.complaints.fail(now.into_std()).is_some() {
                    let place = lock.place();
                    tracing::warn!(
                        place,
                        error,
                        "the lock of notifiers cannot be asked: changes are told, maybe by every replica"
                    );
                }
                all
            }
        }
    }

    fn trouble(&self) -> MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn granted_of<T>(all: impl IntoIterator<Item = T>, granted: &[bool]) -> impl Iterator<Item = T> {
    let all = all.into_iter().zip(granted);
    all.filter_map(|(item, is_granted)| is_granted.then_some(item))
}

#[cfg(test)]
mod tests;
