//! Columns of events.

use std::borrow::Cow;
use std::io::Write;

use bytes::Bytes;
use flagstaff_events::Event;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::writer::{SerializedColumnWriter, SerializedRowGroupWriter};
use serde_json::{Map, Value};

/// The values of a column, one for each row.
#[derive(Debug)]
pub(super) enum Column {
    Texts(Vec<ByteArray>),
    Numbers(Vec<i64>),
    Flags(Vec<bool>),
    Maps(Maps),
}

/// A column of maps from text to text, which the file has as two columns with levels.
#[derive(Debug, Default)]
pub(super) struct Maps {
    keys: Vec<ByteArray>,
    values: Vec<ByteArray>,
    /// 1 for an entry, 0 for a row without any.
    definition: Vec<i16>,
    /// 0 where a row begins.
    repetition: Vec<i16>,
}

/// Columns of feature events.
#[derive(Debug)]
pub(super) struct FeatureColumns {
    kind: Vec<ByteArray>,
    context_kind: Vec<ByteArray>,
    user_key: Vec<ByteArray>,
    creation_date: Vec<i64>,
    key: Vec<ByteArray>,
    variation: Vec<ByteArray>,
    value: Vec<ByteArray>,
    default: Vec<bool>,
    version: Vec<ByteArray>,
    source: Vec<ByteArray>,
    metadata: Maps,
}

/// Columns of tracking events.
#[derive(Debug)]
pub(super) struct TrackingColumns {
    kind: Vec<ByteArray>,
    context_kind: Vec<ByteArray>,
    user_key: Vec<ByteArray>,
    creation_date: Vec<i64>,
    key: Vec<ByteArray>,
    evaluation_context: Maps,
    details: Maps,
}

impl Column {
    /// Writes it as the next one of a group of rows.
    pub(super) fn write<W: Write + Send>(&self, group: &mut SerializedRowGroupWriter<'_, W>) -> Result<()> {
        match self {
            Self::Texts(texts) => {
                let mut column = next(group)?;
                column.typed::<ByteArrayType>().write_batch(texts, None, None)?;
                column.close()
            }
            Self::Numbers(numbers) => {
                let mut column = next(group)?;
                column.typed::<Int64Type>().write_batch(numbers, None, None)?;
                column.close()
            }
            Self::Flags(flags) => {
                let mut column = next(group)?;
                column.typed::<BoolType>().write_batch(flags, None, None)?;
                column.close()
            }
            Self::Maps(maps) => {
                for texts in [&maps.keys, &maps.values] {
                    let mut column = next(group)?;
                    let (definition, repetition) = (Some(&*maps.definition), Some(&*maps.repetition));
                    column
                        .typed::<ByteArrayType>()
                        .write_batch(texts, definition, repetition)?;
                    column.close()?;
                }
                Ok(())
            }
        }
    }
}

impl Maps {
    fn with_capacity(rows: usize) -> Self {
        Self {
            definition: Vec::with_capacity(rows),
            repetition: Vec::with_capacity(rows),
            ..Self::default()
        }
    }

    /// The map of one more row: texts as they are, everything else as JSON.
    fn push(&mut self, map: Option<Map<String, Value>>) {
        let mut is_empty = true;
        for (key, value) in map.into_iter().flatten() {
            self.keys.push(key.into_bytes().into());
            self.values.push(match value {
                Value::String(text) => text.into_bytes().into(),
                other => other.to_string().into_bytes().into(),
            });
            self.definition.push(1);
            self.repetition.push(i16::from(!is_empty));
            is_empty = false;
        }
        if is_empty {
            self.definition.push(0);
            self.repetition.push(0);
        }
    }
}

impl FeatureColumns {
    pub(super) fn with_capacity(rows: usize) -> Self {
        let texts = || Vec::with_capacity(rows);
        Self {
            kind: texts(),
            context_kind: texts(),
            user_key: texts(),
            creation_date: Vec::with_capacity(rows),
            key: texts(),
            variation: texts(),
            value: texts(),
            default: Vec::with_capacity(rows),
            version: texts(),
            source: texts(),
            metadata: Maps::with_capacity(rows),
        }
    }

    /// One more row; none if the event is not of this type.
    pub(super) fn push(&mut self, event: &Event) -> serde_json::Result<()> {
        let members = event.feature()?;
        let text = |text: Cow<'_, str>| text_of(event.text(), text);
        self.kind.push(text(members.kind));
        self.context_kind.push(text(members.context_kind));
        self.user_key.push(text(members.user_key));
        self.creation_date.push(members.creation_date);
        self.key.push(text(members.key));
        self.variation.push(text(members.variation));
        self.value.push(text(Cow::Borrowed(members.value.get())));
        self.default.push(members.default);
        self.version.push(text(members.version));
        self.source.push(text(members.source));
        self.metadata.push(members.metadata);
        Ok(())
    }
}

impl From<FeatureColumns> for Vec<Column> {
    fn from(columns: FeatureColumns) -> Self {
        vec![
            Column::Texts(columns.kind),
            Column::Texts(columns.context_kind),
            Column::Texts(columns.user_key),
            Column::Numbers(columns.creation_date),
            Column::Texts(columns.key),
            Column::Texts(columns.variation),
            Column::Texts(columns.value),
            Column::Flags(columns.default),
            Column::Texts(columns.version),
            Column::Texts(columns.source),
            Column::Maps(columns.metadata),
        ]
    }
}

impl TrackingColumns {
    pub(super) fn with_capacity(rows: usize) -> Self {
        let texts = || Vec::with_capacity(rows);
        Self {
            kind: texts(),
            context_kind: texts(),
            user_key: texts(),
            creation_date: Vec::with_capacity(rows),
            key: texts(),
            evaluation_context: Maps::with_capacity(rows),
            details: Maps::with_capacity(rows),
        }
    }

    /// One more row; none if the event is not of this type.
    pub(super) fn push(&mut self, event: &Event) -> serde_json::Result<()> {
        let members = event.tracking()?;
        let text = |text: Cow<'_, str>| text_of(event.text(), text);
        self.kind.push(text(members.kind));
        self.context_kind.push(text(members.context_kind));
        self.user_key.push(text(members.user_key));
        self.creation_date.push(members.creation_date);
        self.key.push(text(members.key));
        self.evaluation_context.push(members.evaluation_context);
        self.details.push(members.tracking_event_details);
        Ok(())
    }
}

impl From<TrackingColumns> for Vec<Column> {
    fn from(columns: TrackingColumns) -> Self {
        vec![
            Column::Texts(columns.kind),
            Column::Texts(columns.context_kind),
            Column::Texts(columns.user_key),
            Column::Numbers(columns.creation_date),
            Column::Texts(columns.key),
            Column::Maps(columns.evaluation_context),
            Column::Maps(columns.details),
        ]
    }
}

/// The next column of a group of rows, of which there are as many as the schema has.
fn next<'g, W: Write + Send>(group: &'g mut SerializedRowGroupWriter<'_, W>) -> Result<SerializedColumnWriter<'g>> {
    group
        .next_column()?
        .ok_or_else(|| ParquetError::General("there is no such column".to_owned()))
}

/// A text of an event, which is shared with the event if it stands there as it is.
fn text_of(event: &Bytes, text: Cow<'_, str>) -> ByteArray {
    match text {
        Cow::Borrowed(text) => event.slice_ref(text.as_bytes()).into(),
        Cow::Owned(text) => text.into_bytes().into(),
    }
}
