//! When a source is asked next, apart from polling.

use std::time::{Duration, SystemTime};

use flagstaff_retrievers::{Fetched, RetrieveError};
use tokio::time::Instant;

use crate::options::Options;

/// A source that fails is asked again within this time, or within half of the polling interval if that is shorter.
const FIRST: Duration = Duration::from_secs(1);

/// It is never asked again before this much has passed, or half of the time that it may take.
const LEAST: Duration = Duration::from_millis(100);

/// No source stays unasked for longer, whatever it says: a wrong clock would else keep flags from changing for ever.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// The turns of all sources. One that fails leaves the rhythm of polling and is tried again sooner, then ever later up to the
/// polling interval; one that names a time is not asked before, whoever wants it.
pub(crate) struct Schedule {
    turns: Vec<Turn>,
}

#[derive(Clone, Copy, Default)]
struct Turn {
    failures: u32,
    retry: Option<Instant>,
    paused: Option<Instant>,
}

impl Schedule {
    /// Nothing is known of so many sources.
    pub(crate) fn new(sources: usize) -> Self {
        Self {
            turns: vec![Turn::default(); sources],
        }
    }

    /// The same for other sources: each is new, or the one that had an index.
    pub(crate) fn reordered(&self, origins: impl IntoIterator<Item = Option<usize>>) -> Self {
        let turn = |origin: Option<usize>| origin.map(|at| self.turns[at]).unwrap_or_default();
        Self {
            turns: origins.into_iter().map(turn).collect(),
        }
    }

    /// A source is being asked.
    pub(crate) fn begin(&mut self, at: usize) {
        self.turns[at].retry = None;
    }

    /// Notes what came of asking.
    pub(crate) fn note(
        &mut self,
        at: usize,
        result: &Result<Fetched, RetrieveError>,
        options: &Options,
        time: SystemTime,
    ) {
        let now = Instant::now();
        let turn = &mut self.turns[at];
        let pause = match result {
            Ok(fetched) => fetched.revision().pause(),
            Err(error) => error.pause(),
        };
        let left = |end: SystemTime| end.duration_since(time).ok().filter(|left| !left.is_zero());
        turn.paused = pause
            .and_then(|pause| pause.end(time))
            .and_then(left)
            .map(|left| now + left.min(LONGEST_PAUSE));
        let fails = matches!(result, Err(error) if error.is_temporary());
        turn.failures = if fails { turn.failures.saturating_add(1) } else { 0 };
        turn.retry = options.period().filter(|_| fails).map(|interval| {
            turn.paused
                .unwrap_or_else(|| now + delay(turn.failures, interval, (options.random)()))
        });
    }

    /// When the next source is to be tried again.
    pub(crate) fn next_retry(&self) -> Option<Instant> {
        self.turns.iter().filter_map(|turn| turn.retry).min()
    }

    /// Whether a source is to be tried again now.
    pub(crate) fn is_due(&self, at: usize, now: Instant) -> bool {
        self.turns[at].retry.is_some_and(|retry| retry <= now)
    }

    /// Whether polling leaves a source out, since it will be tried again by itself.
    pub(crate) fn is_off_beat(&self, at: usize) -> bool {
        self.turns[at].retry.is_some()
    }

    /// How long a source still wants to be left alone.
    pub(crate) fn pause(&self, at: usize, now: Instant) -> Option<Duration> {
        self.turns[at]
            .paused
            .map(|end| end.saturating_duration_since(now))
            .filter(|left| !left.is_zero())
    }
}

/// How long to wait after so many failures in a row: exponential back-off with full jitter, which spreads replicas that saw the same
/// source fail (Brooker, "Exponential Backoff And Jitter", 2015). `random` is between 0 and 1.
fn delay(failures: u32, interval: Duration, random: f64) -> Duration {
    let first = FIRST.min(interval / 2);
    let longest = 2_u32
        .checked_pow(failures.saturating_sub(1))
        .and_then(|factor| first.checked_mul(factor))
        .map_or(interval, |longest| longest.min(interval));
    let least = LEAST.min(longest / 2);
    least + (longest - least).mul_f64(random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_source_is_tried_soon_and_then_ever_later() {
        let seconds = Duration::from_secs_f64;
        let minute = seconds(60.0);
        for (failures, interval, random, expected) in [
            (1, minute, 1.0, 1.0),
            (2, minute, 1.0, 2.0),
            (6, minute, 1.0, 32.0),
            (7, minute, 1.0, 60.0),
            (u32::MAX, minute, 1.0, 60.0),
            (7, minute, 0.0, 0.1),
            (7, minute, 0.5, 30.05),
            (1, seconds(1.0), 1.0, 0.5),
            (2, seconds(1.0), 1.0, 1.0),
            (1, seconds(0.01), 0.0, 0.0025),
            (3, minute, 7.0, 4.0),
        ] {
            let delay = delay(failures, interval, random);
            assert_eq!(delay, seconds(expected), "{failures} {interval:?} {random}");
        }
    }
}
