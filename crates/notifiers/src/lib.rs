//! Changes out: a [`Notifier`] tells people or programs that flags changed.
//!
//! A notifier knows its protocol and nothing else: no retry, no queue, no merging. That is what an [`Announcer`] is for, which
//! tells the [`News`] of one flag set to all of its notifiers. One folder and one Cargo feature for each kind; [`kinds`] is the
//! list of them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

pub use announcer::{Announcer, Reading};
pub use error::NotifyError;
pub use kinds::Recipient;
pub use lock::NotifierLock;
pub use news::{Difference, News};

pub mod kinds;
pub mod lock;

#[cfg(feature = "discord")]
pub mod discord;
#[cfg(feature = "microsoftteams")]
pub mod microsoftteams;
#[cfg(feature = "slack")]
pub mod slack;
#[cfg(feature = "webhook")]
pub mod webhook;

mod announcer;
mod delivery;
#[cfg(any(
    feature = "discord",
    feature = "microsoftteams",
    feature = "slack",
    feature = "webhook"
))]
mod endpoint;
#[cfg(any(feature = "discord", feature = "microsoftteams", feature = "slack"))]
mod entry;
mod error;
mod news;
#[cfg(test)]
mod testing;
#[cfg(any(feature = "discord", feature = "microsoftteams", feature = "slack"))]
mod update;

/// The answer of [`Notifier::notify`], boxed so that notifiers of any kind stand in one list.
pub type Notification<'a> = Pin<Box<dyn Future<Output = Result<(), NotifyError>> + Send + 'a>>;

/// Who is told about changes.
pub trait Notifier: fmt::Debug + Send + Sync {
    /// Tells it once. Dropping the future breaks that off.
    fn notify<'a>(&'a self, news: &'a News) -> Notification<'a>;

    /// Looks whether somebody answers at the other end, without telling anything.
    fn contact(&self) -> Notification<'_>;

    /// Where it is told, for people. Without any secret: the path of a webhook is one.
    fn target(&self) -> String;
}
