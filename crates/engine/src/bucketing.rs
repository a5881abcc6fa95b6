//! Who falls on which side of a split.
//!
//! The hash is FNV-1a (32 bits) over the flag key followed by the bucketing value, as in GO Feature Flag: no separator, no
//! salt of a rule, so that every split of one flag sees the same number.

use flagstaff_definition::timestamp::Instant;

/// A started hash: everything before the bucketing value has gone in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(u32);

/// The hash of nothing.
pub const OFFSET_BASIS: u32 = 2_166_136_261;
const PRIME: u32 = 16_777_619;

impl Seed {
    /// The seed of a flag: its key.
    pub fn new(key: &str) -> Self {
        Self(fnv1a(OFFSET_BASIS, key.as_bytes()))
    }

    /// The hash of the seed followed by a bucketing value.
    #[inline]
    pub fn hash(self, value: &str) -> u32 {
        fnv1a(self.0, value.as_bytes())
    }
}

/// FNV-1a, 32 bits, of a text (<http://www.isthe.com/chongo/tech/comp/fnv/>).
pub fn hash(text: &str) -> u32 {
    fnv1a(OFFSET_BASIS, text.as_bytes())
}

/// Goes on from a hash with further bytes.
#[inline]
pub fn fnv1a(start: u32, bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(start, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(PRIME))
}

/// A percentage split as a table of thresholds over the buckets `0..modulus`.
#[derive(Debug, Clone, PartialEq)]
pub struct Split<T> {
    modulus: u32,
    /// One past the last bucket of each share, with what it stands for; ascending.
    ends: Box<[(u32, T)]>,
}

/// Up to this many shares a linear search beats a binary one.
const LINEAR: usize = 8;

impl<T: Copy> Split<T> {
    /// Builds the table. `shares` are percentages in descending byte order of the variation names, which fixes the order
    /// of the floating-point sums (GO Feature Flag sums in the random order of a Go map). The precision is 0.001 %, and
    /// shares are relative to their sum. `None` when all buckets are empty.
    ///
    /// Where rounding leaves the last buckets to nobody, the last share of some width takes them.
    pub fn new(shares: impl IntoIterator<Item = (f64, T)>) -> Option<Self> {
        let (mut total, mut end, mut ends) = (0.0, 0.0, Vec::new());
        for (share, target) in shares {
            total += share;
            let start = whole_buckets(end);
            end += share * 1000.0;
            if whole_buckets(end) > start {
                ends.push((whole_buckets(end), target));
            }
        }
        let modulus = whole_buckets(total * 1000.0);
        (modulus > 0 && !ends.is_empty()).then(|| Self {
            modulus,
            ends: ends.into(),
        })
    }

    /// What the hash of a subject falls on.
    #[inline]
    pub fn pick(&self, hash: u32) -> T {
        let bucket = hash % self.modulus;
        let at = if self.ends.len() <= LINEAR {
            self.ends
                .iter()
                .position(|(end, _)| bucket < *end)
                .unwrap_or(self.ends.len())
        } else {
            self.ends.partition_point(|(end, _)| *end <= bucket)
        };
        self.ends[at.min(self.ends.len() - 1)].1
    }

    /// How many buckets there are.
    pub fn modulus(&self) -> u32 {
        self.modulus
    }

    /// One past the last bucket of each share of some width, with what it stands for; ascending. Buckets after the last of
    /// them, up to [`Self::modulus`], are the rounding hole that the last share takes.
    pub fn ends(&self) -> &[(u32, T)] {
        &self.ends
    }
}

/// Buckets of a progressive rollout.
const RAMP_BUCKETS: u32 = 100_000;

/// A progressive rollout: the share of the end variation grows between two dates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ramp {
    /// When it starts.
    pub initial: Instant,
    /// When it ends.
    pub end: Instant,
    /// Thousandths of a percent at the start.
    pub initial_buckets: f64,
    /// Thousandths of a percent at the end.
    pub end_buckets: f64,
}

impl Ramp {
    /// A ramp between two percentages; an end of 0 or above 100 means 100.
    pub fn new(initial: (Instant, f64), end: (Instant, f64)) -> Self {
        let end_share = if end.1 == 0.0 || end.1 > 100.0 { 100.0 } else { end.1 };
        Self {
            initial: initial.0,
            end: end.0,
            initial_buckets: initial.1 * 1000.0,
            end_buckets: end_share * 1000.0,
        }
    }

    /// Whether a subject already has the end variation. Before the start nobody has, whatever the initial percentage.
    #[inline]
    pub fn reached(&self, hash: u32, now: Instant) -> bool {
        if now < self.initial {
            return false;
        }
        let current = if now >= self.end {
            self.end_buckets
        } else {
            // whole seconds, and exactly these operations in this order: the result decides about single users
            let elapsed = (now.seconds - self.initial.seconds) as f64;
            let length = (self.end.seconds - self.initial.seconds) as f64;
            elapsed * ((self.end_buckets - self.initial_buckets) / length) + self.initial_buckets
        };
        hash % RAMP_BUCKETS < whole_buckets(current)
    }
}

/// Truncates to whole buckets; what is negative or not a number is none.
#[inline]
fn whole_buckets(buckets: f64) -> u32 {
    buckets as u32
}
