//! Parquet files, in the columns that GO Feature Flag writes.

use std::sync::Arc;

use flagstaff_events::{Event, EventType, Refusal};
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::TypePtr;

use super::Encoded;
use super::columns::{Column, FeatureColumns, TrackingColumns};

/// Writes Parquet files.
#[derive(Debug)]
pub(crate) struct Parquet {
    event_type: EventType,
    schema: TypePtr,
    properties: Arc<WriterProperties>,
}

/// What the columns of feature events are called, in order.
const FEATURE: &str = "message parquet_go_root {
    required binary kind (UTF8);
    required binary contextKind (UTF8);
    required binary userKey (UTF8);
    required int64 creationDate;
    required binary key (UTF8);
    required binary variation (UTF8);
    required binary value (UTF8);
    required boolean default;
    required binary version (UTF8);
    required binary source (UTF8);
    required group metadata (MAP) {
        repeated group key_value (MAP_KEY_VALUE) { required binary key (UTF8); required binary value (UTF8); }
    }
}";

/// What the columns of tracking events are called, in order.
const TRACKING: &str = "message parquet_go_root {
    required binary kind (UTF8);
    required binary contextKind (UTF8);
    required binary userKey (UTF8);
    required int64 creationDate;
    required binary key (UTF8);
    required group evaluationContext (MAP) {
        repeated group key_value (MAP_KEY_VALUE) { required binary key (UTF8); required binary value (UTF8); }
    }
    required group trackingEventDetails (MAP) {
        repeated group key_value (MAP_KEY_VALUE) { required binary key (UTF8); required binary value (UTF8); }
    }
}";

impl Parquet {
    /// With a codec by its name, `SNAPPY` if it is empty; what is wrong with the name otherwise.
    pub(super) fn new(codec: &str, event_type: EventType) -> std::result::Result<Self, &'static str> {
        let schema = match event_type {
            EventType::Feature => FEATURE,
            EventType::Tracking => TRACKING,
        };
        let properties = WriterProperties::builder()
            .set_compression(compression(codec)?)
            .set_created_by(concat!("flagstaff version ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        Ok(Self {
            event_type,
            schema: Arc::new(parse_message_type(schema).expect("the schema is written in Parquet's language")),
            properties: Arc::new(properties),
        })
    }

    /// A file with one group of rows.
    pub(super) fn encode(&self, events: &[&Event]) -> Encoded {
        let mut refused = Vec::new();
        let mut refuse = |index, error: serde_json::Error| {
            let reason = format!("it is no {} event: {error}", self.event_type.name());
            refused.push(Refusal { index, reason });
        };
        let columns: Vec<Column> = match self.event_type {
            EventType::Feature => {
                let mut columns = FeatureColumns::with_capacity(events.len());
                for (index, event) in events.iter().enumerate() {
                    columns.push(event).unwrap_or_else(|error| refuse(index, error));
                }
                columns.into()
            }
            EventType::Tracking => {
                let mut columns = TrackingColumns::with_capacity(events.len());
                for (index, event) in events.iter().enumerate() {
                    columns.push(event).unwrap_or_else(|error| refuse(index, error));
                }
                columns.into()
            }
        };
        if refused.len() == events.len() {
            return Encoded {
                bytes: Vec::new(),
                refused,
            };
        }
        let bytes = self
            .write(&columns)
            .expect("columns of the schema are written to memory");
        Encoded { bytes, refused }
    }

    fn write(&self, columns: &[Column]) -> Result<Vec<u8>> {
        let mut file = SerializedFileWriter::new(Vec::new(), Arc::clone(&self.schema), Arc::clone(&self.properties))?;
        let mut group = file.next_row_group()?;
        for column in columns {
            column.write(&mut group)?;
        }
        group.close()?;
        file.into_inner()
    }
}

fn compression(codec: &str) -> std::result::Result<Compression, &'static str> {
    Ok(match codec {
        "UNCOMPRESSED" => Compression::UNCOMPRESSED,
        "" | "SNAPPY" => Compression::SNAPPY,
        "GZIP" => Compression::GZIP(GzipLevel::default()),
        "BROTLI" => Compression::BROTLI(BrotliLevel::default()),
        "LZ4" => Compression::LZ4,
        "LZ4_RAW" => Compression::LZ4_RAW,
        "ZSTD" => Compression::ZSTD(ZstdLevel::default()),
        "LZO" => return Err("is LZO, which hardly anything reads; use SNAPPY or ZSTD"),
        _ => return Err("is not one of UNCOMPRESSED, SNAPPY, GZIP, BROTLI, LZ4, ZSTD, LZ4_RAW"),
    })
}
