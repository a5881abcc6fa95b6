//! Files of events, wherever they go: their names, their folders, what is in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use flagstaff_backend::{Settings, SettingsError};
use flagstaff_events::{ErrorKind, Event, ExportError, Receipt, Refusal};
use gotmpl::{TemplateError, Value};

use crate::format::Format;
use crate::kinds::{Clock, Context};
use crate::templates::Template;

pub(crate) use partition::Partition;

mod partition;

const NAME: &str = "flag-variation-{{ .Hostname}}-{{ .Timestamp}}.{{ .Format}}";

/// What people write about files.
#[derive(Debug)]
pub(crate) struct FileOptions {
    /// `format`, `csvTemplate`, `parquetCompressionCodec`
    pub(crate) format: Format,
    /// `filename`: a template of `.Hostname`, `.Timestamp` (seconds since 1970) and `.Format`.
    name: Template,
    /// `partition`
    partition: Partition,
    hostname: String,
}

/// What goes into one file.
#[derive(Debug)]
pub(crate) struct Content {
    /// Folders below the one where files are, with slashes between them; empty if there are none.
    pub(crate) folder: String,
    /// Name of the file.
    pub(crate) name: String,
    /// All of it.
    pub(crate) bytes: Vec<u8>,
    /// Places of its events in the batch.
    pub(crate) events: Vec<usize>,
}

/// A batch in files, at least one of which is not written yet.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    /// One for each part of the batch.
    pub(crate) contents: Vec<Content>,
    /// Events that cannot be written.
    pub(crate) refused: Vec<Refusal>,
}

impl FileOptions {
    /// Reads the options of a configuration.
    pub(crate) fn read(settings: Settings<'_>, context: &Context<'_>) -> Result<Self, SettingsError> {
        let written = settings.text("filename")?;
        let blank = fields("", "", "");
        let text = if written.is_empty() { NAME } else { &written };
        Ok(Self {
            format: Format::read(settings, context)?,
            name: Template::parse(settings, "filename", text, &blank)?,
            partition: Partition::read(settings)?,
            hostname: context.hostname.to_owned(),
        })
    }

    /// Writes a batch to memory. Takes long for many events.
    pub(crate) fn prepare(&self, batch: &[Event], clock: &Clock) -> Result<Prepared, ExportError> {
        let name = self.name(clock).map_err(|error| {
            ExportError::new(ErrorKind::Settings, "the template of filename cannot be used")
                .caused_by(error.to_string())
        })?;
        let mut prepared = Prepared::default();
        for (folder, places) in self.parts(batch, &mut prepared.refused) {
            let events: Vec<&Event> = places.iter().map(|place| &batch[*place]).collect();
            let encoded = self.format.encode(&events);
            let refused = encoded.refused.into_iter();
            prepared.refused.extend(refused.map(|refusal| Refusal {
                index: places[refusal.index],
                ..refusal
            }));
            if !encoded.bytes.is_empty() {
                prepared.contents.push(Content {
                    folder,
                    name: name.clone(),
                    bytes: encoded.bytes,
                    events: places,
                });
            }
        }
        Ok(prepared)
    }

    fn name(&self, clock: &Clock) -> Result<String, TemplateError> {
        let seconds = clock().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.name
            .render(&fields(&self.hostname, &seconds.to_string(), self.format.name()))
    }

    /// The places of events that go into the same folder.
    fn parts(&self, batch: &[Event], refused: &mut Vec<Refusal>) -> BTreeMap<String, Vec<usize>> {
        let mut parts: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        if self.partition == Partition::None {
            parts.insert(String::new(), (0..batch.len()).collect());
            return parts;
        }
        for (index, event) in batch.iter().enumerate() {
            match self.partition.folder(event) {
                Ok(folder) => parts.entry(folder).or_default().push(index),
                Err(reason) => refused.push(Refusal { index, reason }),
            }
        }
        parts
    }
}

impl Prepared {
    /// What became of the batch, when these contents could not be written.
    pub(crate) fn receipt(self, failed: &[usize]) -> Receipt {
        let mut again: BTreeSet<usize> = failed
            .iter()
            .flat_map(|content| self.contents[*content].events.iter().copied())
            .collect();
        for refusal in &self.refused {
            again.remove(&refusal.index);
        }
        Receipt {
            refused: self.refused,
            again: again.into_iter().collect(),
            ..Receipt::default()
        }
    }
}

/// A name that is not taken: with the nanoseconds since 1970 in front of its extension.
pub(crate) fn unique_name(name: &str, clock: &Clock, attempt: u32) -> String {
    let nanoseconds = clock().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() + u128::from(attempt);
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && !extension.contains('/') => {
            format!("{stem}-{nanoseconds}.{extension}")
        }
        _ => format!("{name}-{nanoseconds}"),
    }
}

/// What names of files are made of.
fn fields(hostname: &str, timestamp: &str, format: &str) -> Value {
    let fields = [("Hostname", hostname), ("Timestamp", timestamp), ("Format", format)];
    let fields = fields.map(|(name, value)| (Arc::from(name), Value::String(value.into())));
    Value::Map(Arc::new(fields.into_iter().collect()))
}
