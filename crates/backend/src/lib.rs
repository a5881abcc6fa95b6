//! What every backend is described with, be it a retriever, an exporter or a notifier: the [options](Settings) that people
//! write, the [kinds](Kind) that there are, the [surroundings](Surroundings) in which it runs, what its failures are
//! [explained](Explanation) with and [told apart](ErrorKind) by, and how often they are [told](Complaints).

pub use complaints::Complaints;
pub use error_kind::ErrorKind;
pub use explanation::Explanation;
pub use kind::{Kind, Needs, find};
pub use settings::{Settings, SettingsError};
pub use surroundings::Surroundings;

mod complaints;
mod error_kind;
mod explanation;
mod kind;
pub mod settings;
mod surroundings;
