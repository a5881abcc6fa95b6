//! What an exporter is: one batch of events out.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;

use crate::{Event, ExportError};

/// The answer of [`Exporter::export`], boxed so that exporters of any kind stand in one list.
pub type Export<'a> = Pin<Box<dyn Future<Output = Result<Receipt, ExportError>> + Send + 'a>>;

/// The answer of [`Exporter::contact`].
pub type Contacting<'a> = Pin<Box<dyn Future<Output = Result<Contact, ExportError>> + Send + 'a>>;

/// Where events go. It knows its protocol and nothing else: when to send, what to send again and how long to wait is decided
/// by whoever holds it.
pub trait Exporter: fmt::Debug + Send + Sync {
    /// Sends a batch, which is never empty and never exceeds [`limits`](Self::limits), unless a single event does.
    ///
    /// An error means that all of it has to be sent again; a sink that took a part says so in its [`Receipt`]. Dropping the
    /// future breaks the export off.
    fn export<'a>(&'a self, batch: &'a [Event]) -> Export<'a>;

    /// Looks whether the sink is there and lets it in, as far as that goes without sending anything.
    fn contact(&self) -> Contacting<'_> {
        Box::pin(ready(Ok(Contact::Unclear("not contacted".to_owned()))))
    }

    /// Where it sends to, for people: a path, a URL, a topic. Without any secret.
    fn target(&self) -> String;

    /// What one batch may hold at most.
    fn limits(&self) -> Limits {
        Limits::NONE
    }
}

/// What a sink let know without being sent anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contact {
    /// It is there and knows who asks. For people, like `4 partitions`.
    Answers(String),
    /// Only sending an event can tell; why that is so.
    Unclear(String),
}

/// What a sink takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Number of events.
    pub events: usize,
    /// Bytes of their texts together.
    pub bytes: usize,
}

impl Limits {
    /// It takes everything.
    pub const NONE: Self = Self {
        events: usize::MAX,
        bytes: usize::MAX,
    };
}

/// What became of a batch that a sink dealt with. Events that are not named were delivered.
#[derive(Debug, Default)]
pub struct Receipt {
    /// Events that it will never take.
    pub refused: Vec<Refusal>,
    /// Places of the events that it did not take this time.
    pub again: Vec<usize>,
    /// How many others were not sent, since sampling left them out.
    pub left_out: usize,
}

/// An event that a sink will never take, however often it is sent.
#[derive(Debug)]
pub struct Refusal {
    /// Its place in the batch.
    pub index: usize,
    /// Why.
    pub reason: String,
}

impl Receipt {
    /// All of it was delivered.
    pub fn delivered() -> Self {
        Self::default()
    }
}
