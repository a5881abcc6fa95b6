//! Revisions, digests, times, and what changed.

use super::*;

#[tokio::test]
async fn equal_content_changes_nothing_but_the_time_of_the_refresh() {
    let source = Memory::new("flags.yaml", &flags(3));
    let set = start(&[&source]).await;
    let changes = set.changes();
    let (first, before) = (set.snapshot(), set.status());
    // Comments, order and places do not matter: the same flags are served as the same.
    for text in [
        flags(3),
        format!("# a comment\n{}", flags(3)),
        flag("f002", "2") + &flags(2),
    ] {
        source.set(&text);
        let refreshed = set.refresh().await;
        assert_eq!((refreshed.refreshed, refreshed.revision), (true, first.revision()));
        assert!(Arc::ptr_eq(&first, &set.snapshot()), "{text}");
    }
    let after = set.status();
    assert!(!changes.has_changed().unwrap());
    assert_eq!(seconds(after.updated_at), seconds(before.updated_at));
    assert_eq!(
        seconds(after.refreshed_at.unwrap()),
        seconds(before.refreshed_at.unwrap()) + 3
    );
}

#[tokio::test]
async fn a_failed_refresh_leaves_its_time_alone() {
    let source = Memory::new("flags.yaml", &flags(3));
    let set = start(&[&source]).await;
    let before = set.refreshed_at();
    source.fail();
    assert!(!set.refresh().await.refreshed);
    assert_eq!(set.refreshed_at(), before);
}

#[tokio::test]
async fn changes_are_told_after_the_swap_and_name_the_flags() {
    let source = Memory::new("flags.yaml", &(flag("a", "1") + &flag("b", "1") + &flag("c", "1")));
    let set = start(&[&source]).await;
    let (old, mut changes) = (set.snapshot(), set.changes());
    source.set(&(flag("b", "2") + &flag("c", "1") + &flag("d", "1")));
    set.refresh().await;
    assert_eq!(*changes.borrow_and_update(), set.load().revision());
    let new = set.snapshot();
    let change = old.diff(&new);
    let keys = |flags: &[Arc<crate::ServedFlag>]| flags.iter().map(|flag| flag.key().to_string()).collect::<Vec<_>>();
    assert_eq!((change.from, change.to), (1, 2));
    assert_eq!(
        (keys(&change.added), keys(&change.deleted)),
        (vec!["d".to_owned()], vec!["a".to_owned()])
    );
    let [(before, after)] = change.updated.as_slice() else {
        panic!("one flag is updated: {change:?}")
    };
    assert_eq!((&**before.key(), &**after.key()), ("b", "b"));
    assert!(
        Arc::ptr_eq(old.get("c").unwrap(), new.get("c").unwrap()),
        "an unchanged flag is shared"
    );
    assert!(old.diff(&old).is_empty());
}

#[tokio::test]
async fn digests_depend_on_keys_and_definitions_alone() {
    let digest = async |text: &str| start(&[&Memory::new("flags.yaml", text)]).await.load().digest();
    let first = digest(&flags(3)).await;
    assert_eq!(
        first,
        digest(&format!("# other place\n\n{}{}", flag("f002", "2"), flags(2))).await
    );
    for other in [
        flags(2),
        flags(4),
        flags(2) + &flag("f002", "3"),
        flags(2) + &flag("f003", "2"),
    ] {
        assert_ne!(first, digest(&other).await, "{other}");
    }
}

#[tokio::test]
async fn the_table_of_attributes_does_not_grow_for_ever() {
    let text = |round: usize| {
        (0..40).fold(flags(1), |text, number| {
            let targeting = format!("targeting: [{{query: attribute{round}x{number} eq 1, variation: on}}]");
            text + &format!("g{number}: {{variations: {{on: 1}}, {targeting}, defaultRule: {{variation: on}}}}\n")
        })
    };
    let source = Memory::new("flags.yaml", &text(0));
    let set = start(&[&source]).await;
    for round in 1..20 {
        let before = set.snapshot();
        source.set(&text(round));
        set.refresh().await;
        let after = set.snapshot();
        assert!(
            after.attributes().len() <= 3 * 40 + 64 + 40,
            "{} paths in round {round}",
            after.attributes().len()
        );
        assert_eq!(
            before.diff(&after).updated.len(),
            40,
            "flags that were merely compiled again did not change"
        );
    }
}

#[tokio::test]
async fn concurrent_refreshes_share_rounds() {
    let source = Memory::new("flags.yaml", &flags(1));
    let set = Arc::new(start(&[&source]).await);
    source.set(&flags(2));
    let mut refreshes = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let set = Arc::clone(&set);
        refreshes.spawn(async move { set.refresh().await });
    }
    for refreshed in refreshes.join_all().await {
        assert_eq!((refreshed.refreshed, refreshed.revision), (true, 2));
    }
}

#[tokio::test]
async fn a_follower_gets_each_change_in_order_however_late_it_looks() {
    let source = Memory::new("flags.yaml", &flag("a", "0"));
    let set = start(&[&source]).await;
    let mut follower = set.follow();
    for (text, refreshed) in [
        (flag("a", "1"), true),
        (format!("# the same\n{}", flag("a", "1")), true),
        ("a: [".to_owned(), false),
        (flag("a", "2"), true),
        (flag("b", "3"), true),
    ] {
        source.set(&text);
        assert_eq!(set.refresh().await.refreshed, refreshed, "{text}");
    }
    set.stop().await;
    let mut told = Vec::new();
    while let Some(change) = follower.next().await {
        told.push((change.added.len(), change.updated.len(), change.deleted.len()));
    }
    assert_eq!(told, [(0, 1, 0), (0, 1, 0), (1, 0, 1)]);
    assert_eq!(follower.known().revision(), set.load().revision());
    assert!(set.follow().next().await.is_none(), "a stopped set does not change");
}

#[tokio::test]
async fn a_follower_that_left_holds_up_nobody() {
    let source = Memory::new("flags.yaml", &flag("a", "0"));
    let set = start(&[&source]).await;
    drop(set.follow());
    for value in 1..40 {
        source.set(&flag("a", &value.to_string()));
        assert!(set.refresh().await.refreshed);
    }
    assert_eq!(served(&set), "a=39");
}
