//! Who is turned away when there is too much to do: early, and so that those who are not turned away need not wait.
//!
//! Two things are watched. How many requests are under way bounds what their bodies hold. How long a task waits for its turn
//! shows that there is more to compute than processors for it, which no number of requests shows: evaluations never wait, so
//! that there are never more of them under way than processors.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flagstaff_protocol::problem;
use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER};

use crate::answer::{Answer, Problem};
use crate::config::Limits;
use crate::route::Route;
use crate::service::Caller;
use crate::state::State;

/// How often the waiting time is measured.
const MEASURED_EVERY: Duration = Duration::from_millis(100);

/// How often the log tells that requests are turned away.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// When whoever was turned away may come back, in seconds.
const RETRY: HeaderValue = HeaderValue::from_static("1");

/// How busy a relay is.
#[derive(Debug, Default)]
pub(crate) struct Occupancy {
    requests: AtomicUsize,
    late: AtomicBool,
}

/// A request that was let in, for as long as it is being answered.
pub(crate) struct Admitted<'o>(&'o Occupancy);

impl Occupancy {
    /// Lets a request in unless there is too much to do. Whoever asks how the relay is doing is always let in.
    pub(crate) fn admit(&self, route: Route, caller: &Caller, limits: &Limits) -> Result<Admitted<'_>, Problem> {
        let under_way = self.requests.fetch_add(1, Ordering::Relaxed);
        let admitted = Admitted(self);
        let too_many = under_way >= limits.requests || caller.crowded || self.late.load(Ordering::Relaxed);
        if too_many && !route.is_about_the_relay() {
            return Err(refusal());
        }
        Ok(admitted)
    }

    /// Notes how long a task had to wait for its turn; whether that is too long.
    fn observe(&self, wait: Duration, most: Option<Duration>) -> bool {
        let late = most.is_some_and(|most| wait > most);
        self.late.store(late, Ordering::Relaxed);
        late
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Measures how long tasks wait for their turn, for as long as the relay runs.
pub(crate) async fn measure(state: Arc<State>) {
    let mut told: Option<Instant> = None;
    loop {
        tokio::time::sleep(MEASURED_EVERY).await;
        let began = Instant::now();
        // the end of the queue of a worker, and all the way through it
        tokio::task::yield_now().await;
        let wait = began.elapsed();
        let limit = state.serving().limits.queue_delay;
        if state.occupancy.observe(wait, limit) && told.is_none_or(|told| told.elapsed() > TOLD_EVERY) {
            tracing::warn!(
                ?wait,
                ?limit,
                "there is more to do than processors for it: requests are turned away"
            );
            told = Some(Instant::now());
        }
    }
}

fn refusal() -> Problem {
    let body = problem::message("Service Unavailable", None);
    Answer::with_status(StatusCode::SERVICE_UNAVAILABLE, body)
        .header(RETRY_AFTER, RETRY)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lateness_comes_and_goes() {
        let occupancy = Occupancy::default();
        let second = Some(Duration::from_secs(1));
        assert!(!occupancy.observe(Duration::from_millis(999), second));
        assert!(occupancy.observe(Duration::from_millis(1001), second));
        assert!(occupancy.late.load(Ordering::Relaxed));
        assert!(!occupancy.observe(Duration::from_secs(1000), None));
        assert!(!occupancy.late.load(Ordering::Relaxed));
    }
}
