#![cfg(feature = "parquet")]

use bytes::Bytes;
use flagstaff_events::{Event, EventType};
use parquet::basic::Compression;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use parquet::schema::printer::print_schema;
use serde_json::{Value, json};

use super::Encoded;
use super::parquet::Parquet;
use crate::samples::{Sample, recorded, stored};

fn encode(codec: &str, event_type: EventType, events: &[Event]) -> Encoded {
    let events: Vec<&Event> = events.iter().collect();
    Parquet::new(codec, event_type).unwrap().encode(&events)
}

fn open(bytes: Vec<u8>) -> SerializedFileReader<Bytes> {
    SerializedFileReader::new(bytes.into()).unwrap()
}

/// Rows as pyarrow prints them, but for maps, which are objects.
fn rows(bytes: Vec<u8>) -> Vec<Value> {
    let file = open(bytes);
    let rows = file.get_row_iter(None).unwrap();
    rows.map(|row| row_of(&row.unwrap())).collect()
}

fn row_of(row: &Row) -> Value {
    let columns = row
        .get_column_iter()
        .map(|(name, field)| (name.clone(), value_of(field)));
    Value::Object(columns.collect())
}

fn value_of(field: &Field) -> Value {
    match field {
        Field::Str(text) => json!(text),
        Field::Long(number) => json!(number),
        Field::Bool(flag) => json!(flag),
        Field::MapInternal(map) => {
            let entries = map.entries().iter().map(|(key, value)| {
                let Field::Str(key) = key else {
                    panic!("a key is a text")
                };
                (key.clone(), value_of(value))
            });
            Value::Object(entries.collect())
        }
        other => panic!("no such type: {other}"),
    }
}

#[test]
fn rows_are_those_of_go_feature_flag() {
    for (scenario, event_type) in [
        ("parquet-SNAPPY", EventType::Feature),
        ("parquet-default-codec", EventType::Feature),
        ("parquet-tracking", EventType::Tracking),
        ("parquet-tracking-null-maps", EventType::Tracking),
    ] {
        let sample = Sample::named(scenario);
        let recorded = sample.files.values().next().unwrap();
        let written = rows(encode("", event_type, &sample.events()).bytes);
        let recorded_rows = recorded["rows"].as_array().unwrap();
        assert_eq!(written.len(), recorded_rows.len(), "{scenario}");
        for (written, recorded) in written.iter().zip(recorded_rows) {
            for (column, recorded) in recorded.as_object().unwrap() {
                let written = &written[column];
                let Some(entries) = recorded.as_array() else {
                    assert_eq!(written, recorded, "{scenario} {column}");
                    continue;
                };
                assert_eq!(written.as_object().unwrap().len(), entries.len());
                for entry in entries {
                    let value = &written[entry[0].as_str().unwrap()];
                    // what it could not print is written as JSON here
                    assert!(
                        *value == entry[1] || entry[1].as_str().unwrap().ends_with(" Value>"),
                        "{scenario} {entry}"
                    );
                }
            }
        }
    }
}

#[test]
fn columns_are_those_of_go_feature_flag() {
    for (scenario, event_type, events) in [
        ("parquet-SNAPPY", EventType::Feature, "FE"),
        ("parquet-tracking-null-maps", EventType::Tracking, "TE"),
    ] {
        let file = open(encode("", event_type, &recorded(events)).bytes);
        let group = file.metadata().row_group(0).clone();
        let columns = group.columns().iter().map(|column| {
            let description = column.column_descr();
            json!({
                "path": column.column_path().string(),
                "physical": column.column_type().to_string(),
                "levels": [description.max_def_level(), description.max_rep_level(), description.converted_type().to_string()],
            })
        });
        let sample = Sample::named(scenario);
        let recorded = sample.files.values().next().unwrap();
        let expected = recorded["columns"].as_array().unwrap().iter().map(|column| {
            let levels = &recorded["max_def"][column["path"].as_str().unwrap()];
            json!({"path": column["path"], "physical": column["physical"], "levels": [levels[0], levels[1], levels[3]]})
        });
        assert_eq!(columns.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        let mut schema = Vec::new();
        print_schema(&mut schema, file.metadata().file_metadata().schema());
        let schema = String::from_utf8(schema).unwrap();
        assert!(schema.starts_with("message parquet_go_root {"), "{schema}");
        assert!(!schema.contains("OPTIONAL") && schema.contains("(MAP)"), "{schema}");
    }
}

#[test]
fn maps_hold_texts_and_json() {
    let written = |map: Value| {
        let event = stored(&json!({"kind": "feature", "value": null, "metadata": map}));
        rows(encode("", EventType::Feature, &[event]).bytes).remove(0)
    };
    let row = written(json!({"t": "a \"b\"", "n": 2, "f": 1.5, "b": true, "x": null, "l": [1, "a"], "o": {"x": {}}}));
    assert_eq!(row["value"], "null");
    assert_eq!(
        row["metadata"],
        json!({"t": "a \"b\"", "n": "2", "f": "1.5", "b": "true", "x": "null", "l": "[1,\"a\"]", "o": "{\"x\":{}}"})
    );
    assert_eq!(written(json!({}))["metadata"], json!({}));
}

#[test]
fn every_codec_is_written() {
    for (codec, expected) in [
        ("UNCOMPRESSED", Compression::UNCOMPRESSED),
        ("SNAPPY", Compression::SNAPPY),
        ("GZIP", Compression::GZIP(Default::default())),
        ("BROTLI", Compression::BROTLI(Default::default())),
        ("LZ4", Compression::LZ4),
        ("LZ4_RAW", Compression::LZ4_RAW),
        ("ZSTD", Compression::ZSTD(Default::default())),
    ] {
        let events: Vec<Event> = recorded("FE").into_iter().cycle().take(1_000).collect();
        let bytes = encode(codec, EventType::Feature, &events).bytes;
        let file = open(bytes.clone());
        let codecs = file
            .metadata()
            .row_group(0)
            .columns()
            .iter()
            .map(ColumnChunkMetaData::compression);
        assert!(
            codecs
                .into_iter()
                .all(|codec| std::mem::discriminant(&codec) == std::mem::discriminant(&expected))
        );
        let read = rows(bytes);
        assert_eq!(read.len(), 1_000);
        assert_eq!(
            (&read[999]["userKey"], &read[998]["value"]),
            (&json!("c5"), &json!("{\"a\":{\"k\":null},\"b\":[1,2.5,\"x\"]}"))
        );
    }
}

#[test]
fn an_event_of_another_kind_is_refused_alone() {
    let mut events = recorded("FE");
    events.insert(1, Event::new("{\"kind\":1}"));
    let encoded = encode("", EventType::Feature, &events);
    assert_eq!(
        encoded.refused.iter().map(|refusal| refusal.index).collect::<Vec<_>>(),
        [1]
    );
    assert!(encoded.refused[0].reason.starts_with("it is no feature event: "));
    let keys: Vec<_> = rows(encoded.bytes).iter().map(|row| row["userKey"].clone()).collect();
    assert_eq!(keys, ["c1", "c2", "c3", "c4", "c5"]);
}
