use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use flagstaff_events::{ErrorKind, Event, EventType, Exporter};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::samples::{NOW, Sample, exporter, recorded, stored};

/// An exporter into a folder `out` of a folder that does not exist otherwise.
fn file_exporter(folder: &Path, options: &Value) -> Arc<dyn Exporter> {
    let event_type = match options.get("eventType") {
        Some(_) => EventType::Tracking,
        None => EventType::Feature,
    };
    let mut options = options.clone();
    options["kind"] = json!("file");
    options["outputDir"] = json!(folder.join("out"));
    exporter(&options, event_type).unwrap()
}

/// Paths below a folder with their texts, in order.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            found.push((
                name,
                String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned(),
            ));
        }
    }
    found.sort();
    found
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn files_are_those_of_go_feature_flag() {
    for (scenario, options) in [
        ("file-json", json!({})),
        ("file-json-lower", json!({"format": "json"})),
        ("file-csv", json!({"format": "CSV"})),
        (
            "file-custom-csv",
            json!({"format": "csv", "csvTemplate": "{{ .Key}},{{ .Value}},{{ .Metadata}},{{ .FormattedDate}},{{ .Version}}|"}),
        ),
        (
            "file-custom-filename",
            json!({"filename": "a-{{ .Format}}-{{ .Timestamp}}-{{ .Hostname}}.log"}),
        ),
        ("file-tracking-json", json!({"eventType": "tracking"})),
        (
            "file-tracking-csv-custom",
            json!({"eventType": "tracking", "format": "csv", "csvTemplate": "{{ .Key}};{{ .EvaluationContext}};{{ .TrackingDetails}}\n"}),
        ),
        ("file-csv-null-value", json!({"format": "csv"})),
    ] {
        let folder = TempDir::new().unwrap();
        let exporter = file_exporter(folder.path(), &options);
        let sample = Sample::named(scenario);
        for event in sample.events() {
            // one batch for each, as it was recorded
            exporter.export(&[event]).await.unwrap();
        }
        let written = files(folder.path());
        assert_eq!(written.len(), 1, "{scenario}");
        let (name, text) = &written[0];
        let (recorded_name, recorded) = sample.files.iter().next().unwrap();
        let masked = name.replace(&NOW.to_string(), "<unix>").replace("host", "<hostname>");
        assert_eq!(masked, *recorded_name, "{scenario}");
        let masked = (0..5).fold(text.clone(), |text, second| {
            text.replace(&format!("2023-03-31T07:00:0{second}Z"), "<rfc3339>")
        });
        if name.ends_with(".csv") {
            assert_eq!(masked, recorded["text"].as_str().unwrap(), "{scenario}");
        } else {
            assert_eq!(
                json_lines(&masked),
                json_lines(recorded["text"].as_str().unwrap()),
                "{scenario}"
            );
        }
        assert_eq!(mode(&folder.path().join(name)), 0o644);
        assert_eq!(mode(&folder.path().join("out")), 0o755);
    }
}

fn json_lines(text: &str) -> Vec<Value> {
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn tracking_events_have_lines_of_their_own_in_csv() {
    let folder = TempDir::new().unwrap();
    let exporter = file_exporter(
        folder.path(),
        &json!({"format": "csv", "eventType": "tracking", "filename": "f"}),
    );
    exporter.export(&recorded("TE")).await.unwrap();
    let text = "tracking;user;t1;1680246000;checkout;map[deep:map[a:[1]] n:1.5 plan:pro targetingKey:t1];map[currency:EUR ok:true value:99.5]\n\
                tracking;;t2;1680246001;click;map[];map[]\n";
    assert_eq!(files(folder.path()), [("out/f".to_owned(), text.to_owned())]);
}

#[tokio::test]
async fn a_large_batch_is_written_as_it_is() {
    let folder = TempDir::new().unwrap();
    let exporter = file_exporter(folder.path(), &json!({"filename": "f.json"}));
    let batch: Vec<Event> = recorded("FE").into_iter().cycle().take(20_000).collect();
    exporter.export(&batch).await.unwrap();
    exporter.export(&batch).await.unwrap();
    let expected: Vec<u8> = [&batch, &batch]
        .into_iter()
        .flatten()
        .flat_map(|event| [event.text(), &b"\n"[..]].concat())
        .collect();
    assert!(std::fs::read(folder.path().join("out/f.json")).unwrap() == expected);
}

#[tokio::test]
async fn a_line_that_was_cut_off_makes_room() {
    let event = stored(&json!({"kind": "feature", "userKey": "u", "creationDate": 1, "key": "f"}));
    let line = format!("{}\n", String::from_utf8_lossy(event.text()));
    let cut = format!("{line}{line}{}", "x".repeat(200_000));
    for (format, before, after) in [
        ("json", cut.as_str(), format!("{line}{line}{line}")),
        ("json", &line[..20], line.clone()),
        ("json", "", line.clone()),
        (
            "csv",
            "a;b\nc;",
            "a;b\nfeature;;u;1;f;;<no value>;false;PROVIDER_CACHE\n".to_owned(),
        ),
    ] {
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join("out")).unwrap();
        std::fs::write(folder.path().join("out/f"), before).unwrap();
        let exporter = file_exporter(folder.path(), &json!({"filename": "f", "format": format}));
        exporter.export(std::slice::from_ref(&event)).await.unwrap();
        assert_eq!(files(folder.path()), [("out/f".to_owned(), after)]);
    }
    // where events do not end with a line, nobody knows what was cut off
    let folder = TempDir::new().unwrap();
    let exporter = file_exporter(
        folder.path(),
        &json!({"filename": "f", "format": "csv", "csvTemplate": "{{ .Key }}|"}),
    );
    for _ in 0..2 {
        exporter.export(std::slice::from_ref(&event)).await.unwrap();
    }
    assert_eq!(files(folder.path()), [("out/f".to_owned(), "f|f|".to_owned())]);
}

#[tokio::test]
async fn partitions_are_folders_by_creation_date() {
    let event =
        |date: i64| stored(&json!({"kind": "feature", "userKey": date.to_string(), "creationDate": date, "key": "f"}));
    let batch = [1_700_000_000, 1_699_999_999, 1_700_006_400, i64::MAX, 1_700_000_001].map(event);
    for (partition, expected) in [
        (
            "none",
            vec![(
                "out/f.csv",
                "1700000000|1699999999|1700006400|9223372036854775807|1700000001|",
            )],
        ),
        (
            "date",
            vec![
                ("out/date=2023-11-14/f.csv", "1700000000|1699999999|1700000001|"),
                ("out/date=2023-11-15/f.csv", "1700006400|"),
            ],
        ),
        (
            "hour",
            vec![
                ("out/date=2023-11-14/hour=22/f.csv", "1700000000|1699999999|1700000001|"),
                ("out/date=2023-11-15/hour=00/f.csv", "1700006400|"),
            ],
        ),
    ] {
        let folder = TempDir::new().unwrap();
        let options =
            json!({"filename": "f.csv", "format": "csv", "csvTemplate": "{{ .UserKey }}|", "partition": partition});
        let receipt = file_exporter(folder.path(), &options).export(&batch).await.unwrap();
        let written = files(folder.path());
        let written: Vec<_> = written
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        assert_eq!(written, expected);
        let refused: Vec<_> = receipt.refused.iter().map(|refusal| refusal.index).collect();
        assert_eq!(refused, if partition == "none" { vec![] } else { vec![3] });
    }
}

#[tokio::test]
async fn a_part_that_cannot_be_written_is_sent_again_alone() {
    let folder = TempDir::new().unwrap();
    let event = |date: i64| stored(&json!({"kind": "feature", "creationDate": date, "value": {"a": {}}}));
    let broken = stored(&json!({"kind": "feature", "creationDate": 1_700_006_400, "value": {"a": 1}}));
    let batch = [event(1_700_006_400), event(1_700_000_000), broken, event(1_700_006_401)];
    let options = json!({"partition": "date", "format": "csv", "csvTemplate": "{{ .Value.a.b }}\n"});
    let exporter = file_exporter(folder.path(), &options);
    let blocked = folder.path().join("out/date=2023-11-15");
    std::fs::create_dir(folder.path().join("out")).unwrap();
    std::fs::write(&blocked, "").unwrap();
    let receipt = exporter.export(&batch).await.unwrap();
    assert_eq!(receipt.again, [0, 3]);
    assert_eq!(receipt.refused.len(), 1);
    assert_eq!(receipt.refused[0].index, 2);
    assert!(
        receipt.refused[0].reason.contains("can't evaluate field b"),
        "{}",
        receipt.refused[0].reason
    );

    let error = exporter.export(&[event(1_700_006_400)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Settings, "{error}");
    assert!(
        error.to_string().contains("out/date=2023-11-15/flag-variation-host-"),
        "{error}"
    );

    std::fs::remove_file(&blocked).unwrap();
    let receipt = exporter.export(&batch).await.unwrap();
    assert!(receipt.again.is_empty(), "{receipt:?}");
    assert!(
        files(folder.path()).iter().all(|(name, _)| !name.contains(".part")),
        "nothing is left over"
    );
}

#[tokio::test]
async fn a_batch_of_which_nothing_is_left_makes_no_file() {
    for format in [
        "csv",
        #[cfg(feature = "parquet")]
        "parquet",
    ] {
        let folder = TempDir::new().unwrap();
        let exporter = file_exporter(folder.path(), &json!({"format": format}));
        let receipt = exporter.export(&[Event::new("{}"), Event::new("{}")]).await.unwrap();
        assert_eq!(receipt.refused.len(), 2);
        assert!(files(folder.path()).is_empty());
    }
}

#[cfg(feature = "parquet")]
#[tokio::test]
async fn parquet_files_never_replace_each_other() {
    let folder = TempDir::new().unwrap();
    let exporter = file_exporter(
        folder.path(),
        &json!({"format": "parquet", "filename": "fixed.parquet"}),
    );
    for _ in 0..3 {
        exporter.export(&recorded("FE")).await.unwrap();
    }
    let names: Vec<_> = files(folder.path()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "out/fixed-1700000000000000000.parquet",
            "out/fixed-1700000000000000001.parquet",
            "out/fixed.parquet"
        ]
    );
}

#[tokio::test]
async fn what_killed_relays_left_over_is_removed() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let partition = out.join("date=2023-11-14/hour=22");
    std::fs::create_dir_all(&partition).unwrap();
    std::fs::create_dir(out.join("other")).unwrap();
    let now = UNIX_EPOCH + Duration::from_secs(NOW);
    let leave = |path: &str, age: u64| {
        let file = std::fs::File::create(out.join(path)).unwrap();
        file.set_modified(now - Duration::from_secs(age)).unwrap();
        file
    };
    leave(".flagstaff-a.part", 60);
    leave("date=2023-11-14/hour=22/.flagstaff-b.part", 7200);
    leave(".flagstaff-young.part", 59);
    leave(".somebody-elses.part", 7200);
    leave("other/.flagstaff-c.part", 7200);
    let being_written = leave(".flagstaff-locked.part", 7200);
    being_written.lock().unwrap();
    let exporter = file_exporter(folder.path(), &json!({"filename": "f"}));
    exporter.export(&recorded("FE")).await.unwrap();
    drop(being_written);
    // once an hour is enough
    exporter.export(&recorded("FE")).await.unwrap();
    let left: Vec<_> = files(&out).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        left,
        [
            ".flagstaff-locked.part",
            ".flagstaff-young.part",
            ".somebody-elses.part",
            "f",
            "other/.flagstaff-c.part",
        ]
    );
}

#[test]
fn options_are_checked_at_once() {
    for (options, expected) in [
        (json!({}), "no \"outputDir\" property found for kind \"file\""),
        (
            json!({"outputDir": "out", "format": "XXX"}),
            "property \"format\" of kind \"file\" is not one of JSON, CSV, Parquet",
        ),
        (
            json!({"outputDir": "out", "format": "csv", "csvTemplate": "{{ .Nope}}"}),
            "property \"csvTemplate\" of kind \"file\" cannot be used: can't evaluate field Nope",
        ),
        (
            json!({"outputDir": "out", "format": "csv", "csvTemplate": "{{ .Key"}),
            "property \"csvTemplate\" of kind \"file\" cannot be used: template: csvTemplate:1:",
        ),
        (
            json!({"outputDir": "out", "filename": "{{ .Oops}}.log"}),
            "property \"filename\" of kind \"file\" cannot be used: can't evaluate field Oops; the fields are .Format, .Hostname, .Timestamp",
        ),
        (
            json!({"outputDir": "out", "partition": "minute"}),
            "property \"partition\" of kind \"file\" is not one of none, date, hour",
        ),
        #[cfg(feature = "parquet")]
        (
            json!({"outputDir": "out", "format": "parquet", "parquetCompressionCodec": "LZO"}),
            "property \"parquetCompressionCodec\" of kind \"file\" is LZO, which hardly anything reads; use SNAPPY or ZSTD",
        ),
        #[cfg(feature = "parquet")]
        (
            json!({"outputDir": "out", "format": "parquet", "parquetCompressionCodec": "snappy"}),
            "property \"parquetCompressionCodec\" of kind \"file\" is not one of UNCOMPRESSED,",
        ),
    ] {
        let mut options = options;
        options["kind"] = json!("file");
        let error = exporter(&options, EventType::Feature).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}
