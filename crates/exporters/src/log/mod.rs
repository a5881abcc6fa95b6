//! A line in the relay's own log for each event.
//!
//! ```yaml
//! exporter:
//!   kind: log
//!   logFormat: '{{ .UserKey }} got {{ .Variation }} of {{ .Key }}'
//! ```
//!
//! The line is written at level `info`, its message is what the template prints. An event that the template cannot print is refused.

use std::future::ready;

use flagstaff_events::{Contact, Contacting, Event, Export, Exporter, Limits, Receipt, Refusal};

pub use options::LogOptions;

mod options;

/// Lines are written without waiting for anything, so they are written a few at a time.
const AT_ONCE: usize = 256;

/// Writes events into the log.
#[derive(Debug)]
pub struct LogExporter {
    options: LogOptions,
}

impl LogExporter {
    /// An exporter that prints events as the options say.
    pub fn new(options: LogOptions) -> Self {
        Self { options }
    }

    fn write(&self, batch: &[Event]) -> Receipt {
        let mut receipt = Receipt::delivered();
        let mut line = String::new();
        for (index, event) in batch.iter().enumerate() {
            line.clear();
            match self.options.format.print(&mut line, event) {
                Ok(()) => tracing::info!("{line}"),
                Err(reason) => receipt.refused.push(Refusal { index, reason }),
            }
        }
        receipt
    }
}

impl Exporter for LogExporter {
    fn export<'a>(&'a self, batch: &'a [Event]) -> Export<'a> {
        Box::pin(async move { Ok(self.write(batch)) })
    }

    fn contact(&self) -> Contacting<'_> {
        Box::pin(ready(Ok(Contact::Answers("the log of the relay".to_owned()))))
    }

    fn target(&self) -> String {
        "the log".to_owned()
    }

    fn limits(&self) -> Limits {
        Limits {
            events: AT_ONCE,
            ..Limits::NONE
        }
    }
}

#[cfg(test)]
mod tests;
