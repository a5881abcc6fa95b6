//! What an evaluation can come to.

use std::fmt;
use std::sync::Arc;

use flagstaff_definition::value::Value;

/// The variant of an answer that is the caller's default.
pub const DEFAULT_VARIANT: &str = "SdkDefault";

/// One answer that a flag can give, complete but for the caller's default value.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Name of the variation, or [`DEFAULT_VARIANT`].
    pub variant: Arc<str>,
    /// The value; `None` stands for the caller's default.
    pub value: Option<Value>,
    /// Why.
    pub reason: Reason,
    /// What went wrong.
    pub error: Option<EvaluationError>,
    /// Name of the targeting rule that matched, published as `evaluatedRuleName` in the metadata.
    pub rule_name: Option<Arc<str>>,
    /// Whether a client may keep the answer until the flag changes.
    pub cacheable: bool,
}

/// Why a variation was chosen. The names are OpenFeature's and GO Feature Flag's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The default rule of a flag without targeting.
    Static,
    /// The default rule of a flag with targeting.
    Default,
    /// A split of the default rule.
    Split,
    /// A targeting rule.
    TargetingMatch,
    /// A split of a targeting rule.
    TargetingMatchSplit,
    /// The flag is off, or its experiment does not run.
    Disabled,
    /// It could not be evaluated.
    Error,
}

impl Reason {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Static => "STATIC",
            Self::Default => "DEFAULT",
            Self::Split => "SPLIT",
            Self::TargetingMatch => "TARGETING_MATCH",
            Self::TargetingMatchSplit => "TARGETING_MATCH_SPLIT",
            Self::Disabled => "DISABLED",
            Self::Error => "ERROR",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What went wrong in an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluationError {
    /// Its code.
    pub code: ErrorCode,
    /// Its text.
    pub details: Arc<str>,
}

/// OpenFeature's error codes, and GO Feature Flag's `FLAG_CONFIG`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// No such flag.
    FlagNotFound,
    /// A targeting key (or bucketing key) is needed and missing.
    TargetingKeyMissing,
    /// The flag cannot be evaluated as it is written.
    FlagConfig,
    /// The value is of no type that can be asked for (bulk answers only).
    TypeMismatch,
    /// Anything else.
    General,
}

impl ErrorCode {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::FlagNotFound => "FLAG_NOT_FOUND",
            Self::TargetingKeyMissing => "TARGETING_KEY_MISSING",
            Self::FlagConfig => "FLAG_CONFIG",
            Self::TypeMismatch => "TYPE_MISMATCH",
            Self::General => "GENERAL",
        }
    }
}
