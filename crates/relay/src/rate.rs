//! How often somebody may ask.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};

use crate::config::{Rate, RateLimits};

/// The limits in effect, each where one is set.
pub(crate) struct Rates {
    settings: RateLimits,
    pub(crate) keys: Option<Limiter>,
    pub(crate) addresses: Option<Limiter>,
}

impl Rates {
    /// Everybody has their full burst.
    pub(crate) fn new(settings: RateLimits) -> Self {
        Self {
            settings,
            keys: settings.per_key.map(Limiter::new),
            addresses: settings.per_address.map(Limiter::new),
        }
    }

    /// What it was made from.
    pub(crate) fn settings(&self) -> RateLimits {
        self.settings
    }
}

/// Limits each of any number of askers, in memory that does not depend on their number and without locks.
///
/// An asker is found by a random hash of what it is known by, once in each of two tables. Askers may share a place in one
/// table, so what counts is the table in which there is more left: whoever is refused shares a place with somebody busy in both
/// tables, or is busy. With a thousand busy askers that happens to one in five thousand others.
pub(crate) struct Limiter {
    tables: [RateLimiter<u64, Table, MonotonicClock>; 2],
    hasher: RandomState,
}

impl Limiter {
    fn new(rate: Rate) -> Self {
        let quota = Quota::with_period(rate.period / rate.requests.get())
            .expect("the configuration bounds the rate")
            .allow_burst(rate.burst);
        let table = |shift| RateLimiter::new(quota, Table::new(shift), MonotonicClock);
        Self {
            tables: [table(0), table(Table::BITS)],
            hasher: RandomState::new(),
        }
    }

    /// Counts a request; the error is the time after which another one may be answered.
    pub(crate) fn check(&self, asker: impl Hash) -> Result<(), Duration> {
        let hash = self.hasher.hash_one(asker);
        let [one, other] = &self.tables;
        // both count, whatever the first one says
        match (one.check_key(&hash), other.check_key(&hash)) {
            (Err(one), Err(other)) => {
                let now = MonotonicClock.now();
                Err(one.wait_time_from(now).min(other.wait_time_from(now)))
            }
            _ => Ok(()),
        }
    }

    /// Counts a request of an address. The addresses of an IPv6 network belong to one asker, who may change between them
    /// at will.
    pub(crate) fn check_address(&self, address: IpAddr) -> Result<(), Duration> {
        match address.to_canonical() {
            IpAddr::V4(address) => self.check(address),
            IpAddr::V6(address) => self.check(network(address)),
        }
    }
}

/// The first 64 bits.
fn network(address: Ipv6Addr) -> [u16; 4] {
    let [a, b, c, d, ..] = address.segments();
    [a, b, c, d]
}

/// What is left of each asker's burst, by bits of its hash.
struct Table {
    places: Box<[InMemoryState]>,
    shift: u32,
}

impl Table {
    /// 65,536 places of eight bytes.
    const BITS: u32 = 16;

    fn new(shift: u32) -> Self {
        Self {
            places: (0..1 << Self::BITS).map(|_| InMemoryState::default()).collect(),
            shift,
        }
    }
}

impl StateStore for Table {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, hash: &u64, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let place = (hash >> self.shift) as usize % self.places.len();
        self.places[place].measure_and_replace(&NotKeyed::NonKey, decide)
    }
}
