//! The rules of a start, and the persistent file.

use std::fs;

use flagstaff_testkit::flag_file::FlagFile;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::json;
use tokio::runtime::Runtime;

use super::*;

/// Starts with sources and a persistent file, and tells what is served.
async fn check(sources: &[&Memory], tolerant: bool, persistent: Option<&FlagFile>, expected: Result<&str, &str>) {
    let mut options = options(sources);
    options.start_with_retriever_error = tolerant;
    options.persistent_file = persistent.map(|file| file.path().to_owned());
    match FlagSet::start(options).await {
        Ok(set) => {
            assert_eq!(Ok(&*served(&set)), expected);
            set.stop().await;
        }
        Err(error) => assert_eq!(Err(&*error.to_string()), expected),
    }
}

fn away(name: &'static str) -> Memory {
    let source = Memory::new(name, "");
    source.fail();
    source
}

#[tokio::test]
async fn a_source_that_does_not_answer_stops_the_start_unless_it_may() {
    let (good, gone, broken) = (
        Memory::new("good", &flags(1)),
        away("gone"),
        Memory::new("broken", "a: ["),
    );
    check(&[&good], false, None, Ok("f000=0")).await;
    let error = "flag set \"test\" cannot start: cannot retrieve the flags from gone: is away";
    check(&[&gone], false, None, Err(error)).await;
    check(&[&good, &gone], false, None, Err(error)).await;
    check(&[&gone], true, None, Ok("")).await;
    check(&[&broken], true, None, Ok("")).await;
    check(&[&good, &gone, &broken], true, None, Ok("f000=0")).await;
}

#[tokio::test]
async fn the_persistent_file_stands_in() {
    let persistent = FlagFile::absent();
    let (good, gone) = (Memory::new("good", &flags(2)), away("gone"));
    let absent = "flag set \"test\" cannot start: cannot retrieve the flags from gone: is away";
    check(&[&gone], false, Some(&persistent), Err(absent)).await;
    assert!(!persistent.path().exists());
    check(&[&good], false, Some(&persistent), Ok("f000=0 f001=1")).await;
    check(&[&gone], false, Some(&persistent), Ok("f000=0 f001=1")).await;
    let newer = Memory::new("newer", &flag("f001", "7"));
    check(&[&newer, &gone], false, Some(&persistent), Ok("f000=0 f001=7")).await;
    persistent.write("a: [");
    check(&[&gone], true, Some(&persistent), Ok("")).await;
    assert_eq!(
        persistent.text(),
        "a: [",
        "a set without any answer is not worth keeping"
    );
}

#[tokio::test]
async fn what_stood_in_goes_when_all_sources_have_answered() {
    let persistent = FlagFile::new(&(flag("old", "1") + &flag("kept", "1")));
    let (first, second) = (Memory::new("first", &flag("a", "1")), away("second"));
    let options = Options {
        persistent_file: Some(persistent.path().to_owned()),
        ..options(&[&first, &second])
    };
    let set = FlagSet::start(options).await.unwrap();
    assert_eq!(served(&set), "a=1 kept=1 old=1");
    assert!(!set.status().loaded);
    second.set(&flag("kept", "1"));
    assert!(set.refresh().await.refreshed);
    assert_eq!(served(&set), "a=1 kept=1");
    assert!(set.status().loaded);
    set.stop().await;
}

#[tokio::test]
async fn a_flag_that_is_invalid_at_the_start_takes_its_persistent_version() {
    let persistent = FlagFile::new(&(flag("a", "1") + &flag("gone", "1")));
    let source = Memory::new(
        "flags.yaml",
        &("a: {variations: {on: 2}}\nb: {variations: {on: 2}}\n".to_owned() + &flag("c", "2")),
    );
    let options = Options {
        persistent_file: Some(persistent.path().to_owned()),
        ..options(&[&source])
    };
    let set = FlagSet::start(options).await.unwrap();
    assert_eq!(served(&set), "a=1 c=2");
    assert_eq!(
        refused(&set),
        [
            "a: last good: flags.yaml:1:4 missing-default-rule",
            "b: nothing: flags.yaml:2:4 missing-default-rule"
        ]
    );
    set.stop().await;
}

/// Writes a persistent file and reads it back; its text.
async fn check_persistent(options: Options, persistent: &FlagFile) -> String {
    let set = FlagSet::start(options).await.unwrap();
    let written = set.snapshot();
    set.stop().await;
    let text = persistent.text();
    let read = start(&[&Memory::new("saved", &text)]).await.snapshot();
    let configuration = |snapshot: &Snapshot| -> String {
        let members = snapshot.flags().iter().map(|flag| flag.wire.configuration_member());
        String::from_utf8_lossy(&members.collect::<Vec<_>>().join(&b'\n')).into_owned()
    };
    assert_eq!(configuration(&read), configuration(&written), "{text}");
    assert_eq!(read.digest(), written.digest());
    text
}

/// Texts that mean something to some version of YAML, and others.
fn text() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "true",
        "no",
        "on",
        "null",
        "~",
        "0",
        "7",
        "_",
        "0x1",
        "0o7",
        "1e3",
        ".",
        "inf",
        "2021-05-06",
        "T10:20:30Z",
        "<<",
        "=",
        "---",
        "...",
        "-",
        "?",
        ":",
        ",",
        " ",
        "\n",
        "\r",
        "\t",
        "#",
        "&",
        "*",
        "!",
        "|",
        ">",
        "%",
        "@",
        "`",
        "'",
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        "\0",
        "\u{1b}",
        "\u{7f}",
        "\u{85}",
        "\u{a0}",
        "\u{2028}",
        "\u{feff}",
        "\u{ffff}",
        "é",
        "😀",
        "a",
    ];
    let pieces = vec(prop::sample::select(PIECES), 0..6).prop_map(|pieces| pieces.concat());
    prop_oneof![4 => pieces, 1 => any::<String>(), 1 => "[a ]{60,120}"]
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let scalar = prop_oneof![
        4 => text().prop_map(|text| json!(text)),
        1 => any::<f64>().prop_map(|number| json!(number)),
        1 => any::<i64>().prop_map(|number| json!(number)),
        1 => any::<Option<bool>>().prop_map(|value| json!(value)),
    ];
    scalar.prop_recursive(4, 24, 4, |value| {
        prop_oneof![
            vec(value.clone(), 0..4).prop_map(|items| json!(items)),
            btree_map(text(), value, 0..4).prop_map(|members| json!(members)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn whatever_is_in_flags_reads_back_as_it_was(flags in btree_map(text(), (text(), value(), value()), 1..8)) {
        let flag = |(name, first, second): &(String, serde_json::Value, serde_json::Value)| {
            json!({"variations": {name: first}, "defaultRule": {"variation": name}, "metadata": {name: second}})
        };
        let document: serde_json::Map<_, _> = flags.iter().map(|(key, parts)| (key.clone(), flag(parts))).collect();
        let source = Memory::new("flags.json", &json!(document).to_string());
        let persistent = FlagFile::absent();
        let options = Options {
            sources: vec![Source::new(Arc::new(source), Format::Json)],
            persistent_file: Some(persistent.path().to_owned()),
            ..options(&[])
        };
        Runtime::new().unwrap().block_on(check_persistent(options, &persistent));
    }
}

#[tokio::test]
async fn the_persistent_file_follows_changes_and_reads_back_as_it_was() {
    let persistent = FlagFile::absent();
    let full = "full:\n  variations: {a: {deep: [1, 2.5, null, \"3\"]}, b: {deep: []}}\n  bucketingKey: company.id\n  version: 1.10\n  \
                trackEvents: false\n  disable: true\n  metadata: {owner: \"ümlaut \\\" quote\", big: 9007199254740993}\n  \
                experimentation: {start: 2024-01-01T00:00:00.5+02:00}\n  targeting:\n    - {name: r, query: 'a eq \"b\"', percentage: {a: 12.5, b: 87.5}}\n  \
                defaultRule: {progressiveRollout: {initial: {variation: a, date: 2024-01-01T00:00:00Z}, end: {variation: b, percentage: 100, date: 2025-01-01T00:00:00Z}}}\n  \
                scheduledRollout:\n    - {date: 2026-01-01T00:00:00Z, disable: false}\n";
    let source = Memory::new("flags.yaml", full);
    let options = Options {
        persistent_file: Some(persistent.path().to_owned()),
        ..options(&[&source])
    };
    let text = check_persistent(options, &persistent).await;
    for line in [
        "full:",
        "  variations:",
        "    b:",
        "      deep: []",
        "    owner: ümlaut \" quote",
    ] {
        assert!(text.lines().any(|written| written == line), "no {line:?} in\n{text}");
    }

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(persistent.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let names: Vec<_> = fs::read_dir(persistent.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["flags.yaml"], "nothing is left beside it");
}

#[tokio::test]
async fn the_persistent_file_is_written_after_a_change_and_when_it_is_missing() {
    let persistent = FlagFile::absent();
    let source = Memory::new("flags.yaml", &flags(1));
    let options = Options {
        persistent_file: Some(persistent.path().to_owned()),
        ..options(&[&source])
    };
    let set = FlagSet::start(options).await.unwrap();
    source.set(&flags(2));
    set.refresh().await;
    // The next round waits for what the one before writes.
    set.refresh().await;
    assert!(persistent.text().contains("f001"));
    persistent.remove();
    set.refresh().await;
    set.stop().await;
    assert!(persistent.text().contains("f001"));
}
