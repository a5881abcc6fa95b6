//! What happened: [events](Event) of evaluations and of clients, on their way to those who analyse them.
//!
//! An event is its JSON text from the moment it is recorded: that is what most sinks want, what a spool keeps, and nothing
//! smaller holds it. Whoever needs its members reads them again, in a task that delays nobody.

pub use aggregation::Aggregated;
pub use counts::{Counts, Loss};
pub use delivery::{Delivery, Monitor, Schedule, Status};
pub use error::ExportError;
pub use event::{Event, EventType, FeatureEvent, TrackingEvent};
pub use exporter::{Contact, Contacting, Export, Exporter, Limits, Receipt, Refusal};
pub use flagstaff_backend::ErrorKind;
pub use log::{Clock, EventLog, LogSettings, NotDurable, OnFull, Reader};
pub use sampling::Sampled;
pub use spool::{SpoolError, SpoolSettings};

mod aggregation;
mod counts;
mod dead_letters;
mod delivery;
mod error;
mod event;
mod exporter;
mod log;
mod sampling;
mod shelf;
mod spool;
