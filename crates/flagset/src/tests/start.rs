//! The rules of a start, and the persistent file.

use std::fs;

use flagstaff_testkit::flag_file::FlagFile;

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
    let set = FlagSet::start(options).await.unwrap();
    let written = set.snapshot();
    set.stop().await;
    let saved = Memory::new("saved", &persistent.text());
    let read = start(&[&saved]).await.snapshot();
    assert_eq!(read.digest(), written.digest());
    assert_eq!(
        read.get("full").unwrap().flag.definition(),
        written.get("full").unwrap().flag.definition()
    );

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
