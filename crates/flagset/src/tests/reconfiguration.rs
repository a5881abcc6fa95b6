//! Other options for a set that serves.

use flagstaff_engine::context::{ContextMap, ContextValue};

use super::*;

/// The options of a set with other sources.
fn with_sources(set: &FlagSet, sources: Vec<Source>) -> Options {
    Options {
        clock: Arc::clone(&set.options().clock),
        ..Options::new("test", sources)
    }
}

async fn reconfigure(set: &FlagSet, options: Options) {
    let prepared = set.prepare(options).await.unwrap();
    set.reconfigure(prepared).await;
}

#[tokio::test]
async fn a_new_source_takes_the_place_of_another() {
    let (old, new) = (
        Memory::new("old", &flags(3)),
        Memory::new("new", &(flags(2) + &flag("f002", "9"))),
    );
    let set = start(&[&old]).await;
    let before = set.snapshot();
    reconfigure(&set, with_sources(&set, options(&[&new]).sources)).await;
    assert_eq!(served(&set), "f000=0 f001=1 f002=9");
    let change = before.diff(&set.load());
    assert_eq!(
        (change.added.len(), change.updated.len(), change.deleted.len()),
        (0, 1, 0)
    );
    assert_eq!(set.load().revision(), before.revision() + 1);
}

#[tokio::test]
async fn a_source_that_gives_nothing_changes_nothing() {
    let (old, new) = (Memory::new("old", &flags(1)), Memory::new("new", ""));
    let set = start(&[&old]).await;
    new.fail();
    let refusal = set
        .prepare(with_sources(&set, options(&[&new]).sources))
        .await
        .unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "flag set \"test\" cannot start: cannot retrieve the flags from new: is away"
    );
    old.set(&flags(2));
    assert!(set.refresh().await.refreshed);
    assert_eq!(served(&set), "f000=0 f001=1");
}

#[tokio::test]
async fn a_source_that_stays_is_not_asked() {
    let (kept, new) = (Memory::new("kept", &flags(1)), Memory::new("new", &flag("z", "1")));
    let set = start(&[&kept]).await;
    kept.fail();
    let sources = [set.options().sources[0].clone(), options(&[&new]).sources[0].clone()];
    reconfigure(&set, with_sources(&set, sources.to_vec())).await;
    assert_eq!(served(&set), "f000=0 z=1");
    reconfigure(&set, with_sources(&set, vec![set.options().sources[0].clone()])).await;
    assert_eq!(served(&set), "f000=0");
}

#[tokio::test]
async fn enrichment_takes_effect_as_a_change() {
    let source = Memory::new("flags", &flags(2));
    let set = start(&[&source]).await;
    let (before, mut changes) = (set.snapshot(), set.changes());
    changes.mark_unchanged();
    let enrichment = ContextMap::from_members(vec![("environment".into(), ContextValue::String("prod".into()))]);
    let edited = Options {
        enrichment: enrichment.clone(),
        ..with_sources(&set, set.options().sources.clone())
    };
    reconfigure(&set, edited).await;
    assert_eq!(*set.load().enrichment(), enrichment);
    assert!(changes.has_changed().unwrap());
    assert!(before.diff(&set.load()).is_empty());
    source.set(&flags(3));
    set.refresh().await;
    assert_eq!(
        (served(&set).as_str(), set.load().enrichment()),
        ("f000=0 f001=1 f002=2", &enrichment)
    );
}
