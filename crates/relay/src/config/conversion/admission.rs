//! Who may ask how often, and how it is known who asks.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use ipnet::IpNet;

use super::super::decode::Written;
use super::super::file::{RateFile, RateLimitsFile};
use super::super::report::Report;
use super::super::settings::{Rate, RateLimits, TrustedProxies};
use super::{in_range, shown};

/// The most requests in a period, and the largest burst.
const MOST: u32 = 1_000_000;

const PERIOD: Duration = Duration::from_secs(1);
const LEAST_PERIOD: Duration = Duration::from_millis(1);
const LONGEST_PERIOD: Duration = Duration::from_secs(24 * 60 * 60);

/// The word for the other end of a Unix socket.
const UNIX: &str = "unix";

/// Limits are off unless they are written.
pub(super) fn rate_limits(file: Option<&RateLimitsFile>, report: &mut Report) -> RateLimits {
    RateLimits {
        per_key: file.and_then(|file| rate(file.per_key.as_ref(), report)),
        per_address: file.and_then(|file| rate(file.per_address.as_ref(), report)),
    }
}

fn rate(written: Option<&Written<RateFile>>, report: &mut Report) -> Option<Rate> {
    let Written {
        value: file,
        origin,
        path,
    } = written?;
    let mut number = |written: Option<&Written<i64>>| {
        written
            .and_then(|written| in_range(written, 0, MOST, report))
            .and_then(NonZeroU32::new)
    };
    let (requests, burst) = (number(file.requests.as_ref()), number(file.burst.as_ref()));
    let period = file.period.as_ref().filter(|period| !period.value.is_zero());
    if let Some(written) = period.filter(|period| !(LEAST_PERIOD..=LONGEST_PERIOD).contains(&period.value)) {
        report.problem(&written.origin, &written.path, "is not between 1ms and 24h");
    }
    if requests.is_none() && (burst.is_some() || period.is_some()) && !report.has_problem(path) {
        report.problem(origin, path, "has no requests: say how many there may be in a period");
    }
    let requests = requests?;
    Some(Rate {
        requests,
        period: period.map_or(PERIOD, |written| written.value.clamp(LEAST_PERIOD, LONGEST_PERIOD)),
        burst: burst.unwrap_or(requests),
    })
}

/// Networks and addresses; `unix` for the other end of a Unix socket.
pub(super) fn trusted_proxies(written: Option<&Written<Vec<Box<str>>>>, report: &mut Report) -> TrustedProxies {
    let mut proxies = TrustedProxies::default();
    let Some(Written { value, origin, path }) = written else {
        return proxies;
    };
    for text in value.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        let network = || {
            text.parse()
                .ok()
                .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
        };
        if text.eq_ignore_ascii_case(UNIX) {
            proxies.unix_socket = true;
        } else if let Some(network) = network() {
            proxies.networks.push(network);
        } else {
            let message = format!(
                "{} is no address and no network like 10.0.0.0/8, nor unix for a Unix socket",
                shown(text, origin)
            );
            report.problem(origin, path, message);
        }
    }
    proxies
}
