//! The settings of the configuration file as the relay describes them.

use anyhow::Context;
use serde::Deserialize;

use super::example;

/// A setting, and the settings inside of it. The relay's `config::reference::Setting` says what each member means.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) name: String,
    pub(crate) spellings: Vec<String>,
    pub(crate) about: String,
    pub(crate) holds: Holds,
    pub(crate) default: Option<String>,
    pub(crate) keeps_zero: bool,
    pub(crate) restart: bool,
    pub(crate) successor: Option<String>,
    pub(crate) ignored: bool,
    pub(crate) secret: bool,
    pub(crate) variable: Option<String>,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) members: Vec<Vec<Setting>>,
}

impl Setting {
    /// Whether it is an object, or a list of objects, whose `kind` says what they are.
    pub(crate) fn is_backend(&self) -> bool {
        self.members.iter().flatten().any(|member| !member.kinds.is_empty())
    }
}

/// What a setting holds.
#[derive(Debug, Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Holds {
    Bool,
    Integer,
    Text,
    Duration,
    Texts,
    TextMap,
    TextsMap,
    Free,
    Section,
    List,
    Keys,
}

/// A kind of a backend.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) name: String,
    pub(crate) active: bool,
    pub(crate) required: String,
    pub(crate) options: Vec<String>,
}

/// Asks the relay for all settings: those of the whole, and those of a flag set.
pub(crate) fn read() -> anyhow::Result<Vec<Vec<Setting>>> {
    serde_json::from_str(&example("reference")?).context("the description of the settings is not understood")
}
