//! What the system knows about the process.

use prometheus::Registry;

use super::families::{
    Family, PROCESS_CPU, PROCESS_MAX_FILES, PROCESS_MAX_VIRTUAL_MEMORY, PROCESS_OPEN_FILES, PROCESS_RECEIVED,
    PROCESS_RESIDENT_MEMORY, PROCESS_SENT, PROCESS_START_TIME, PROCESS_VIRTUAL_MEMORY,
};
use super::scrape;

const FAMILIES: &[&Family] = &[
    &PROCESS_CPU,
    &PROCESS_MAX_FILES,
    &PROCESS_OPEN_FILES,
    &PROCESS_RECEIVED,
    &PROCESS_SENT,
    &PROCESS_RESIDENT_MEMORY,
    &PROCESS_START_TIME,
    &PROCESS_VIRTUAL_MEMORY,
    &PROCESS_MAX_VIRTUAL_MEMORY,
];

/// Registers the families of the process. Where the system does not tell, they have no samples.
///
/// `prometheus` has a collector of its own, which counts whole seconds and knows nothing of the network.
pub(super) fn register(registry: &Registry) -> Result<(), prometheus::Error> {
    scrape::register(registry, FAMILIES, |samples| {
        #[cfg(target_os = "linux")]
        let _ = linux::read(samples);
        #[cfg(not(target_os = "linux"))]
        let _ = samples;
    })
}

#[cfg(target_os = "linux")]
mod linux {
    use procfs::process::{LimitValue, Process};
    use procfs::{ProcResult, boot_time_secs, page_size, ticks_per_second};

    use super::super::scrape::Samples;
    use super::*;

    /// Adds what `/proc` says, up to the first part that cannot be read.
    pub(super) fn read(samples: &mut Samples) -> ProcResult<()> {
        let mut add = |family, value| samples.add(family, &[], value);
        let process = Process::myself()?;
        let (stat, ticks) = (process.stat()?, ticks_per_second() as f64);
        add(&PROCESS_CPU, (stat.utime + stat.stime) as f64 / ticks);
        add(&PROCESS_VIRTUAL_MEMORY, stat.vsize as f64);
        add(&PROCESS_RESIDENT_MEMORY, (stat.rss * page_size()) as f64);
        add(
            &PROCESS_START_TIME,
            boot_time_secs()? as f64 + stat.starttime as f64 / ticks,
        );
        let limits = process.limits()?;
        add(&PROCESS_MAX_FILES, number(limits.max_open_files.soft_limit));
        add(&PROCESS_MAX_VIRTUAL_MEMORY, number(limits.max_address_space.soft_limit));
        add(&PROCESS_OPEN_FILES, process.fd_count()? as f64);
        let devices = process.dev_status()?;
        add(
            &PROCESS_RECEIVED,
            devices.values().map(|device| device.recv_bytes as f64).sum(),
        );
        add(
            &PROCESS_SENT,
            devices.values().map(|device| device.sent_bytes as f64).sum(),
        );
        Ok(())
    }

    /// No limit is the largest number, as Go's client says it.
    fn number(limit: LimitValue) -> f64 {
        match limit {
            LimitValue::Unlimited => u64::MAX as f64,
            LimitValue::Value(value) => value as f64,
        }
    }
}
