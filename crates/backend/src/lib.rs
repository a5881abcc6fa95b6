//! What every backend is described with, be it a retriever, an exporter or a notifier: the [options](Settings) that people
//! write, the [kinds](Kind) that there are, and the [surroundings](Surroundings) in which it runs.

pub use kind::{Kind, Needs, find};
pub use settings::{Settings, SettingsError};
pub use surroundings::Surroundings;

mod kind;
pub mod settings;
mod surroundings;
