//! `server.limits`.

use std::time::Duration;

use super::super::decode::Written;
use super::super::file::LimitsFile;
use super::super::report::Report;
use super::super::settings::Limits;
use super::{bytes, in_range};

const BODY: usize = 1 << 20;
const COLLECTOR_BODY: usize = 16 << 20;
const DEPTH: usize = 256;
/// Reading takes room on the stack for each level.
const MAX_DEPTH: u16 = 300;
/// As in Go's server.
const HEAD: usize = (1 << 20) + 4096;
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECTIONS: u32 = 32_768;
const REQUESTS: u32 = 10_000;
const QUEUE_DELAY: Duration = Duration::from_secs(1);

/// Fills in what was not written.
pub(super) fn convert(file: Option<&LimitsFile>, report: &mut Report) -> Limits {
    let number = |setting: fn(&LimitsFile) -> &Option<Written<i64>>| file.and_then(|file| setting(file).as_ref());
    let time = |setting: fn(&LimitsFile) -> &Option<Written<Duration>>, default| {
        let time = file
            .and_then(|file| setting(file).as_ref())
            .map_or(default, |written| written.value);
        (!time.is_zero()).then_some(time)
    };
    Limits {
        body: bytes(number(|file| &file.body), BODY, report),
        collector_body: bytes(number(|file| &file.collector_body), COLLECTOR_BODY, report),
        depth: match number(|file| &file.depth).and_then(|written| in_range(written, 0, MAX_DEPTH, report)) {
            None | Some(0) => DEPTH,
            Some(depth) => depth.into(),
        },
        head: bytes(number(|file| &file.head), HEAD, report),
        head_timeout: time(|file| &file.head_timeout, HEAD_TIMEOUT),
        body_timeout: time(|file| &file.body_timeout, BODY_TIMEOUT),
        idle_timeout: time(|file| &file.idle_timeout, IDLE_TIMEOUT),
        write_timeout: time(|file| &file.write_timeout, WRITE_TIMEOUT),
        connections: count(number(|file| &file.connections), CONNECTIONS, report),
        requests: count(number(|file| &file.requests), REQUESTS, report),
        queue_delay: time(|file| &file.queue_delay, QUEUE_DELAY),
    }
}

/// A number of things; 0 means as many as there may be.
fn count(written: Option<&Written<i64>>, default: u32, report: &mut Report) -> usize {
    match written.map(|written| in_range(written, 0, u32::MAX, report)) {
        Some(Some(0)) => usize::MAX,
        Some(Some(count)) => count as usize,
        Some(None) | None => default as usize,
    }
}
