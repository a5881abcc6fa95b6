//! Failures that go on and on, in a log that people read.

use std::time::{Duration, Instant};

/// Time between two lines about the same trouble.
const PERIOD: Duration = Duration::from_secs(60);

/// Says which of many failures are worth a line of a log: the first one at once, then one a minute, however often they end and
/// begin again. Time is passed in.
///
/// ```
/// use std::time::{Duration, Instant};
/// use flagstaff_backend::Complaints;
///
/// let (mut complaints, noon) = (Complaints::default(), Instant::now());
/// let after = |seconds| noon + Duration::from_secs(seconds);
/// assert_eq!(complaints.fail(noon), Some(0));
/// assert_eq!(complaints.fail(after(1)), None);
/// assert_eq!(complaints.fail(after(60)), Some(1));
/// assert_eq!(complaints.succeed(), Some(3));
/// assert_eq!(complaints.succeed(), None);
/// ```
#[derive(Debug, Default)]
pub struct Complaints {
    /// Failures since the last success.
    failures: u64,
    /// Failures since the last line.
    untold: u64,
    told_at: Option<Instant>,
    /// Whether there was a line since the last success.
    is_told: bool,
}

impl Complaints {
    /// Notes a failure. `None` when it is not worth a line, otherwise how many failures there were since the last line.
    pub fn fail(&mut self, now: Instant) -> Option<u64> {
        self.failures += 1;
        if self
            .told_at
            .is_some_and(|told| now.saturating_duration_since(told) < PERIOD)
        {
            self.untold += 1;
            return None;
        }
        self.told_at = Some(now);
        self.is_told = true;
        Some(std::mem::take(&mut self.untold))
    }

    /// Notes a success. How many failures came before it, if there was a line about them.
    pub fn succeed(&mut self) -> Option<u64> {
        let failures = std::mem::take(&mut self.failures);
        std::mem::take(&mut self.is_told).then_some(failures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_line_a_minute_whatever_happens() {
        let (mut complaints, began) = (Complaints::default(), Instant::now());
        let (mut failed, mut recovered, mut untold) = (0, 0, 0);
        // fails for two seconds, works for one, for ten minutes
        for second in 0..600 {
            let now = began + Duration::from_secs(second);
            if second % 3 == 2 {
                recovered += u64::from(complaints.succeed().is_some());
            } else if let Some(more) = complaints.fail(now) {
                failed += 1;
                untold += more;
            }
        }
        assert_eq!((failed, recovered), (10, 10));
        assert_eq!(
            failed + untold + complaints.untold,
            400,
            "each failure is told or counted"
        );
    }
}
