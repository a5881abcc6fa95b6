//! The three formats of a flag file.

/// A format of a flag file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// YAML, also for JSON files under the default setting.
    #[default]
    Yaml,
    /// JSON.
    Json,
    /// TOML.
    Toml,
}

impl Format {
    /// The format of a setting: `json` and `toml` in any case, everything else is YAML, as in GO Feature Flag.
    pub fn from_setting(name: &str) -> Self {
        if name.eq_ignore_ascii_case("json") {
            Self::Json
        } else if name.eq_ignore_ascii_case("toml") {
            Self::Toml
        } else {
            Self::Yaml
        }
    }
}
