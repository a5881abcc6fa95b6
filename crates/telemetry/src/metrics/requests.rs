//! Requests by status, method, host and route.

use std::array;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, Registry};

use super::exemplars::{Buckets, Exemplar, Exemplars};
use super::families;

/// How many hosts are told apart. A caller chooses the `Host` header, so it must not choose the number of series.
pub const MAX_HOSTS: usize = 50;

/// What a host or method beyond the known ones counts as.
const OTHER: &str = "other";

/// The methods that are told apart, the frequent ones first.
const METHODS: [&str; 10] = [
    "POST", "GET", "OPTIONS", "HEAD", "PUT", "DELETE", "PATCH", "CONNECT", "TRACE", OTHER,
];

/// The statuses whose series are found without a lock; any other one works too.
const STATUSES: [u16; 16] = [
    200, 304, 401, 400, 404, 204, 405, 413, 415, 429, 500, 503, 408, 431, 101, 403,
];

/// One answered request.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Method.
    pub method: &'a str,
    /// `Host` header.
    pub host: &'a str,
    /// Status of the answer.
    pub status: u16,
    /// Time until the answer.
    pub duration: Duration,
    /// Bytes of the request, head included.
    pub request_bytes: u64,
    /// Bytes of the answer's body.
    pub response_bytes: u64,
    /// The span of the request; none when it has none.
    pub exemplar: Option<Exemplar>,
}

/// The four families of requests.
#[derive(Debug, Clone)]
pub struct Requests {
    families: Families,
    hosts: Arc<Hosts>,
    exemplars: Exemplars,
}

#[derive(Debug, Clone)]
struct Families {
    count: IntCounterVec,
    duration: HistogramVec,
    request_size: HistogramVec,
    response_size: HistogramVec,
}

/// The series of one route: keep it with the route.
#[derive(Debug)]
pub struct RouteMetrics {
    url: Box<str>,
    requests: Requests,
    /// By host, the last one for all other hosts.
    series: [OnceLock<Box<HostSeries>>; MAX_HOSTS + 1],
}

/// By method, then by status.
type HostSeries = [OnceLock<Box<[OnceLock<Series>; STATUSES.len()]>>; METHODS.len()];

/// The series of one route, host, method and status.
#[derive(Debug)]
struct Series {
    count: IntCounter,
    duration: Histogram,
    request_size: Histogram,
    response_size: Histogram,
    exemplars: Arc<Buckets>,
}

/// The hosts seen so far. Slots are filled in order and never change.
#[derive(Debug)]
struct Hosts {
    slots: [OnceLock<Box<str>>; MAX_HOSTS],
    adding: Mutex<()>,
}

impl Requests {
    pub(super) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let families = Families {
            count: families::REQUESTS.counters(registry)?,
            duration: families::REQUEST_DURATION.histograms(registry)?,
            request_size: families::REQUEST_SIZE.histograms(registry)?,
            response_size: families::RESPONSE_SIZE.histograms(registry)?,
        };
        let hosts = Hosts {
            slots: array::from_fn(|_| OnceLock::new()),
            adding: Mutex::new(()),
        };
        Ok(Self {
            families,
            hosts: Arc::new(hosts),
            exemplars: Exemplars::default(),
        })
    }

    pub(super) fn exemplars(&self) -> &Exemplars {
        &self.exemplars
    }

    /// The series of a route; `url` is its template, like `/v1/feature/:flagKey/eval`.
    pub fn route(&self, url: &str) -> RouteMetrics {
        RouteMetrics {
            url: url.into(),
            requests: self.clone(),
            series: array::from_fn(|_| OnceLock::new()),
        }
    }
}

impl RouteMetrics {
    /// Counts a request.
    pub fn record(&self, sample: &Sample<'_>) {
        let host = self.requests.hosts.find(sample.host);
        let method = METHODS
            .iter()
            .position(|method| *method == sample.method)
            .unwrap_or(METHODS.len() - 1);
        let by_method = self.series[host].get_or_init(|| Box::new(array::from_fn(|_| OnceLock::new())));
        let by_status = by_method[method].get_or_init(|| Box::new(array::from_fn(|_| OnceLock::new())));
        match STATUSES.iter().position(|status| *status == sample.status) {
            Some(status) => by_status[status]
                .get_or_init(|| self.series(host, method, sample.status))
                .observe(sample),
            None => self.series(host, method, sample.status).observe(sample),
        }
    }

    #[cold]
    fn series(&self, host: usize, method: usize, status: u16) -> Series {
        let Families {
            count,
            duration,
            request_size,
            response_size,
        } = &self.requests.families;
        let status = status.to_string();
        let labels = [&*status, METHODS[method], self.requests.hosts.name(host), &*self.url];
        Series {
            count: count.with_label_values(&labels),
            duration: duration.with_label_values(&labels),
            request_size: request_size.with_label_values(&labels),
            response_size: response_size.with_label_values(&labels),
            exemplars: self.requests.exemplars.of(labels),
        }
    }
}

impl Series {
    #[inline]
    fn observe(&self, sample: &Sample<'_>) {
        self.count.inc();
        let seconds = sample.duration.as_secs_f64();
        self.duration.observe(seconds);
        self.request_size.observe(sample.request_bytes as f64);
        self.response_size.observe(sample.response_bytes as f64);
        if let Some(exemplar) = sample.exemplar {
            self.exemplars.remember(exemplar, seconds);
        }
    }
}

impl Hosts {
    /// The slot of a host; [`MAX_HOSTS`] when all are taken by others.
    fn find(&self, host: &str) -> usize {
        for (at, slot) in self.slots.iter().enumerate() {
            match slot.get() {
                Some(known) if **known == *host => return at,
                Some(_) => {}
                None => return self.add(host),
            }
        }
        MAX_HOSTS
    }

    #[cold]
    fn add(&self, host: &str) -> usize {
        let _adding = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |slot: &OnceLock<Box<str>>| slot.get_or_init(|| host.into()).as_ref() == host;
        self.slots.iter().position(known).unwrap_or(MAX_HOSTS)
    }

    fn name(&self, slot: usize) -> &str {
        self.slots.get(slot).and_then(OnceLock::get).map_or(OTHER, |host| host)
    }
}
