//! The configuration: `goff-proxy.yaml` and the environment, read as GO Feature Flag reads them.
//!
//! Two types and one conversion. What people write becomes one tree of values in which every value knows where it came
//! from: the file first, the environment over it. The tree is decoded into the file's own types, and those are converted
//! into [`Settings`], what the relay works with. Every problem found on the way is collected, so that one start shows all of
//! them.

mod conversion;
mod decode;
mod duration;
mod effective;
mod environment;
mod file;
mod key_list;
mod key_source;
mod keys;
mod kinds;
mod load;
pub mod reference;
mod report;
mod settings;
mod shape;
mod tls;
mod tree;

pub use effective::EffectiveSetting;
pub use keys::{ApiKey, Grant, Key, Keys, Scope};
pub use report::{ConfigurationError, Notice, Origin, Problem};
pub use settings::{
    CrossOrigin, Dialect, EventSettings, ExporterSettings, FlagSetSettings, FlagSets, HookSecret, LambdaEvent,
    LambdaFunction, Limits, Logging, Mode, Ofrep, Origins, Rate, RateLimits, RetrieverSettings, Server, Settings,
    Streams, Swagger, TokenSettings, TrustedProxies,
};
pub use tls::Tls;

use std::path::PathBuf;

/// Where a configuration is looked for.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The path given on the command line; then nothing else is looked for.
    pub file: Option<PathBuf>,
    /// The process environment.
    pub environment: Vec<(String, String)>,
    /// Where relative paths begin.
    pub working_directory: PathBuf,
}

/// A configuration that can be served.
#[derive(Debug)]
pub struct Loaded {
    /// What the relay works with.
    pub settings: Settings,
    /// The file that was read; `None` when everything came from the environment.
    pub file: Option<PathBuf>,
    /// What the operator should know, in the order of the file: warnings, deprecated spellings, parts that are not active.
    pub notices: Vec<Notice>,
}

/// What a configuration comes to, whether it can be served or not.
#[derive(Debug, Default)]
pub struct Checked {
    /// The file that was read, or should have been.
    pub file: Option<PathBuf>,
    /// Every setting that counts, in the order of the reference, with its origin. Secrets are hidden.
    pub settings: Vec<EffectiveSetting>,
    /// Why it cannot be served; nothing when it can.
    pub problems: Vec<Problem>,
    /// What the operator should know besides.
    pub notices: Vec<Notice>,
}

/// Reads the configuration as [`load`] does, and says what counts and why.
pub fn check(sources: &Sources) -> Checked {
    load::check(sources)
}

/// Reads the configuration: the file, then the environment over it.
///
/// # Errors
/// Every problem at once, each with its setting and its place.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigurationError> {
    load::load(sources)
}
