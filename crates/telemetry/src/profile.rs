//! Profiles of the processor time, in pprof's format.
//!
//! Samples are taken by a timer of the whole process; what is being profiled goes on working. Without the feature `profile`
//! none can be taken.

use thiserror::Error;

/// So many samples a second of processor time: not a round number, so that what happens at regular times is not always hit.
#[cfg(feature = "profile")]
const FREQUENCY: i32 = 99;

/// A profile that is being taken. Dropping it ends it.
pub struct Profile {
    #[cfg(feature = "profile")]
    guard: pprof::ProfilerGuard<'static>,
    #[cfg(not(feature = "profile"))]
    never: std::convert::Infallible,
}

/// A profile cannot be taken.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// Profiling is not part of this build.
    #[error("the profiler is not part of this build: build it with the feature profile")]
    NotBuilt,
    /// There is one already.
    #[error("a profile is being taken already: try again when it is done")]
    Busy,
    /// The profiler fails, most likely because it cannot write a temporary file.
    #[error("the profiler cannot work: {0}")]
    Failed(String),
}

#[cfg(feature = "profile")]
impl Profile {
    /// Starts to take a profile.
    ///
    /// # Errors
    /// When another one is being taken, or there is no temporary folder to write to.
    pub fn start() -> Result<Self, ProfileError> {
        let guard = pprof::ProfilerGuardBuilder::default()
            .frequency(FREQUENCY)
            // unwinding from within these may wait for a lock that the interrupted code holds
            .blocklist(&["libc", "libgcc", "pthread", "vdso"])
            .build()
            .map_err(|error| match error {
                pprof::Error::Running => ProfileError::Busy,
                error => ProfileError::Failed(error.to_string()),
            })?;
        Ok(Self { guard })
    }

    /// Ends it: a gzipped protocol buffer. Takes a while, on this thread, to find the names of functions.
    ///
    /// # Errors
    /// When what was sampled cannot be read.
    pub fn finish(self) -> Result<Vec<u8>, ProfileError> {
        use pprof::protos::Message;
        use std::io::Write;
        let failed = |error: &dyn std::error::Error| ProfileError::Failed(error.to_string());
        let mut report = self.guard.report();
        let report = report.frames_post_processor(without_profiler);
        let report = report.build().map_err(|error| failed(&error))?;
        drop(self);
        let profile = report.pprof().map_err(|error| failed(&error))?;
        let bytes = profile.write_to_bytes().map_err(|error| failed(&error))?;
        let mut compressed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        compressed.write_all(&bytes).map_err(|error| failed(&error))?;
        compressed.finish().map_err(|error| failed(&error))
    }
}

/// Takes the profiler's own functions off the end of a stack.
#[cfg(feature = "profile")]
fn without_profiler(stack: &mut pprof::Frames) {
    let is_own = |symbol: &pprof::Symbol| symbol.name().contains("trace_unsynchronized");
    if let Some(last) = stack.frames.iter().rposition(|frame| frame.iter().any(is_own)) {
        stack.frames.drain(..=last);
    }
}

#[cfg(not(feature = "profile"))]
impl Profile {
    /// Never succeeds.
    pub fn start() -> Result<Self, ProfileError> {
        Err(ProfileError::NotBuilt)
    }

    /// Ends it.
    pub fn finish(self) -> Result<Vec<u8>, ProfileError> {
        match self.never {}
    }
}
