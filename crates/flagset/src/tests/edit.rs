//! What an edit, good or bad, does to the flags that are served.

use std::time::Duration;

use flagstaff_testkit::flag_file::FlagFile;

use super::*;

/// Starts with one text, edits it to another, forces a refresh.
async fn edit(before: &str, after: &str) -> (FlagSet, bool) {
    let source = Memory::new("flags.yaml", before);
    let set = start(&[&source]).await;
    source.set(after);
    let refreshed = set.refresh().await.refreshed;
    (set, refreshed)
}

#[tokio::test]
async fn broken_documents_keep_the_last_good_set() {
    let before = flags(3);
    let twice = before.clone() + &flag("f001", "7");
    for (after, code, line) in [
        ("a: [", "syntax", Some(1)),
        ("", "empty-document", None),
        ("# nothing\n", "empty-document", None),
        ("null\n", "empty-document", None),
        ("- a\n- b\n", "not-a-map", Some(1)),
        ("<html><body>login</body></html>", "not-a-map", Some(1)),
        (&twice, "duplicate-flag", Some(4)),
    ] {
        let (set, refreshed) = edit(&before, after).await;
        assert_eq!(
            (served(&set).as_str(), refreshed, set.load().revision()),
            ("f000=0 f001=1 f002=2", false, 1),
            "{after}"
        );
        let status = set.status();
        let found = &status.sources[0].diagnostics[0];
        assert_eq!(
            (found.code.name(), found.file.as_deref()),
            (code, Some("flags.yaml")),
            "{after}"
        );
        if let Some(line) = line {
            assert_eq!(found.span.map(|span| span.line), Some(line), "{after}");
        }
        let failure = status.sources[0].failure.as_deref().unwrap();
        assert!(failure.starts_with(&found.message), "{failure}");
    }
}

#[tokio::test]
async fn a_broken_document_that_stays_is_still_a_failure_and_then_recovers() {
    let source = Memory::new("flags.yaml", &flags(2));
    let set = start(&[&source]).await;
    source.set("a: [");
    for round in 1..=3 {
        assert!(!set.refresh().await.refreshed);
        assert_eq!(set.status().sources[0].failures, round);
    }
    source.set(&flags(2));
    assert!(set.refresh().await.refreshed);
    let status = set.status();
    let source = &status.sources[0];
    assert_eq!((source.failures, source.diagnostics.len(), status.revision), (0, 0, 1));
    let fetches = source.fetches;
    assert_eq!(
        (fetches.attempts, fetches.errors),
        (5, 3),
        "one at the start, four forced"
    );
    assert!(fetches.last.is_some_and(|last| last <= fetches.total));
}

#[tokio::test]
async fn an_explicit_empty_map_removes_all_flags() {
    let (set, refreshed) = edit(&flags(3), "{}\n").await;
    assert_eq!((served(&set).as_str(), refreshed, set.load().revision()), ("", true, 2));
}

#[tokio::test]
async fn a_file_that_was_cut_off_keeps_the_last_good_set() {
    let before = "a:\n  variations: {on: 1}\n  defaultRule:\n    variation: on\n".to_owned()
        + "b:\n  variations: {on: 2, off: 3}\n  defaultRule:\n    percentage:\n      on: 40\n      off: 60\n  disable: false\n"
        + "c:\n  variations: {on: 4}\n  defaultRule:\n    variation: on\n";
    let last = before.find("c:").unwrap();
    for cut in 1..last {
        let after = &before[..cut];
        // Cut between two flags, it reads like a file whose last flags were deleted.
        let deleted = ["b:", "c:"]
            .iter()
            .any(|next| before[cut..].starts_with(next) || before[cut..].starts_with(&format!("\n{next}")));
        let (set, refreshed) = edit(&before, after).await;
        if deleted {
            assert!(refreshed, "{after:?}");
        } else {
            assert_eq!((served(&set).as_str(), refreshed), ("a=1 b=3 c=4", false), "{after:?}");
        }
    }
}

#[tokio::test]
async fn an_edit_at_the_end_is_no_truncation() {
    let (set, refreshed) = edit(&(flags(2) + "  # off for now\n"), &flags(2)).await;
    assert_eq!((served(&set).as_str(), refreshed), ("f000=0 f001=1", true));
    let last = "b:\n  variations: {on: 1}\n  defaultRule: {variation: on}\n";
    let (set, refreshed) = edit(&(flags(1) + last + "  disable: true\n"), &(flags(1) + last)).await;
    assert_eq!(
        (set.load().get("b").unwrap().flag.definition().disable, refreshed),
        (None, true)
    );
}

#[tokio::test]
async fn a_bad_flag_keeps_its_last_good_version_and_harms_no_other() {
    let before = flags(350);
    let edited = |bad: &str| {
        before
            .replace(&flag("f200", "200"), bad)
            .replace(&flag("f100", "100"), &flag("f100", "-1"))
    };
    for (bad, code) in [
        (
            "f200: {variations: [1], defaultRule: {variation: on}}\n",
            "flags.yaml:201:20 wrong-type",
        ),
        (
            "f200: {variations: {on: 1}, defaultRule: {variation: off}}\n",
            "flags.yaml:201:54 unknown-variation",
        ),
        ("f200: 1\n", "flags.yaml:201:7 wrong-type"),
    ] {
        let (set, refreshed) = edit(&before, &edited(bad)).await;
        let expected = served(&start(&[&Memory::new("", &edited(&flag("f200", "200")))]).await);
        assert_eq!((served(&set), refreshed), (expected, true), "{bad}");
        assert_eq!(refused(&set), [format!("f200: last good: {code}")]);
        assert_eq!(set.load().flags().len(), 350);
    }
}

#[tokio::test]
async fn a_bad_flag_that_is_new_is_left_out() {
    let (set, refreshed) = edit(&flags(2), &(flags(2) + "bad: {variations: {on: 1}}\n")).await;
    assert_eq!(
        (served(&set).as_str(), refreshed, set.load().revision()),
        ("f000=0 f001=1", true, 1)
    );
    assert_eq!(refused(&set), ["bad: nothing: flags.yaml:3:6 missing-default-rule"]);
}

#[tokio::test]
async fn places_are_those_of_the_last_document() {
    let source = Memory::new("flags.yaml", "bad: {variations: {on: 1}}\n");
    let set = start(&[&source]).await;
    source.set(&(flags(3) + "bad: {variations: {on: 1}}\n"));
    set.refresh().await;
    assert_eq!(refused(&set), ["bad: nothing: flags.yaml:4:6 missing-default-rule"]);
}

#[tokio::test]
async fn a_flag_that_was_removed_is_not_remembered() {
    let source = Memory::new("flags.yaml", &flags(2));
    let set = start(&[&source]).await;
    source.set(&flags(1));
    set.refresh().await;
    source.set(&(flags(1) + "f001: {variations: {on: 1}}\n"));
    set.refresh().await;
    assert_eq!(served(&set), "f000=0");
}

#[tokio::test]
async fn a_set_can_refuse_what_stands_in_two_sources() {
    let (base, above) = (
        Memory::new("base", &(flag("a", "1") + &flag("b", "1"))),
        Memory::new("above", &(flag("c", "2") + &flag("b", "2"))),
    );
    let set = FlagSet::start(Options {
        duplicates: Duplicates::Refuse,
        ..options(&[&base, &above])
    })
    .await
    .unwrap();
    assert_eq!(served(&set), "a=1 b=1 c=2");
    let status = set.status();
    let refused: Vec<_> = status.refused().collect();
    assert_eq!((refused.len(), refused[0].served), (1, Served::Earlier));
    let found = &refused[0].diagnostics[0];
    let span = found.span.unwrap();
    assert_eq!(
        (
            found.code.name(),
            found.file.as_deref(),
            found.flag.as_deref(),
            span.line,
            span.column
        ),
        ("refused-flag", Some("above"), Some("b"), 2, 1)
    );
    assert_eq!(found.message, "the flag is refused, since base:2:1 has it already");

    base.set(&flag("a", "1"));
    assert!(set.refresh().await.refreshed);
    assert_eq!(served(&set), "a=1 b=2 c=2");
    assert_eq!(set.status().refused().count(), 0);
}

#[tokio::test]
async fn later_sources_override_and_a_failing_one_stops_nobody() {
    let (base, above) = (
        Memory::new("base", &(flag("a", "1") + &flag("b", "1"))),
        Memory::new("above", &flag("b", "2")),
    );
    let set = start(&[&base, &above]).await;
    assert_eq!(served(&set), "a=1 b=2");
    let overridden: Vec<_> = set
        .status()
        .findings
        .iter()
        .flat_map(|found| found.diagnostics.clone())
        .map(|found| found.message)
        .collect();
    assert_eq!(overridden, ["the flag of this source replaces that of base:2:1"]);

    above.fail();
    base.set(&(flag("a", "3") + &flag("b", "3") + &flag("c", "3")));
    assert!(!set.refresh().await.refreshed);
    assert_eq!(served(&set), "a=3 b=2 c=3");
    let status = set.status();
    let failures: Vec<_> = status
        .sources
        .iter()
        .map(|source| (&*source.label, source.failure.as_deref()))
        .collect();
    assert_eq!(failures, [("base", None), ("above", Some("is away"))]);

    above.set("{}");
    assert!(set.refresh().await.refreshed);
    assert_eq!(served(&set), "a=3 b=3 c=3");
}

/// Waits until the set serves something; only a failure waits long.
async fn check_soon(set: &FlagSet, expected: &str) {
    let mut changes = set.changes();
    let arrived = async {
        while served(set) != expected {
            changes.changed().await.unwrap();
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), arrived).await;
    assert!(waited.is_ok(), "expected {expected}, still serving {}", served(set));
}

#[tokio::test]
async fn a_watched_file_is_read_at_once() {
    let flag_file = FlagFile::new(&flags(1));
    let set = FlagSet::start(Options::new("test", vec![file(flag_file.path())]))
        .await
        .unwrap();
    flag_file.write(&flags(2));
    check_soon(&set, "f000=0 f001=1").await;
    flag_file.remove();
    assert!(!set.refresh().await.refreshed);
    assert_eq!(served(&set), "f000=0 f001=1", "a file that is gone removes no flag");
    flag_file.write(&flag("new", "1"));
    check_soon(&set, "new=1").await;
    set.stop().await;
}

#[tokio::test]
async fn polling_finds_changes_and_stopping_ends_it() {
    let source = Memory::new("flags.yaml", &flags(1));
    let mut polled = options(&[&source]);
    polled.polling_interval = Some(Duration::from_millis(10));
    polled.jitter = 0.1;
    let set = FlagSet::start(polled).await.unwrap();
    source.set(&flags(2));
    check_soon(&set, "f000=0 f001=1").await;
    set.stop().await;
    source.set(&flags(3));
    let refreshed = set.refresh().await;
    assert_eq!(
        (refreshed.refreshed, refreshed.revision),
        (false, 2),
        "a stopped set refreshes no more, and says so"
    );
    assert_eq!(served(&set), "f000=0 f001=1", "its flags can still be read");
}
