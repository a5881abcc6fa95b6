//! Sources of several files.

use std::sync::{Arc, Mutex};

use flagstaff_definition::format::Format;
use flagstaff_retrievers::{Content, Fetched, Part, Retrieval, Retriever, Revision};

use super::{clock, flag, refused, served};
use crate::{FlagSet, Options, Source};

/// A folder that a test fills.
#[derive(Debug, Clone, Default)]
struct Folder(Arc<Mutex<Vec<(&'static str, String)>>>);

impl Folder {
    fn holds(&self, files: &[(&'static str, &str)]) {
        *self.0.lock().unwrap() = files.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    }
}

impl Retriever for Folder {
    fn retrieve<'a>(&'a self, previous: Option<&'a Revision>) -> Retrieval<'a> {
        let files = self.0.lock().unwrap().clone();
        let parts = files.into_iter().map(|(name, text)| Part::file(name, text.into()));
        let fetched = Fetched::new(Content::of_files(parts.collect(), None), previous);
        Box::pin(async move { Ok(fetched) })
    }

    fn place(&self) -> String {
        "flags".to_owned()
    }
}

async fn start(folder: &Folder) -> FlagSet {
    let source = Source::new(Arc::new(folder.clone()), Format::Yaml);
    let options = Options {
        clock: clock(),
        ..Options::new("test", vec![source])
    };
    FlagSet::start(options).await.unwrap()
}

/// What is wrong with the source as a whole.
fn failure(set: &FlagSet) -> String {
    set.status().sources[0]
        .failure
        .as_deref()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn each_file_is_read_in_its_format_and_stands_alone() {
    let folder = Folder::default();
    let b = r#"{"b": {"variations": {"on": "1"}, "defaultRule": {"variation": "on"}}}"#;
    folder.holds(&[("a.yaml", &flag("a", "1")), ("team/b.json", b)]);
    let set = start(&folder).await;
    assert_eq!(served(&set), "a=1 b=1");

    // no document at all: its last good flags stay, those of its neighbour change
    folder.holds(&[("a.yaml", &flag("a", "2")), ("team/b.json", "{\n\"b\": ")]);
    assert!(!set.refresh().await.refreshed);
    assert_eq!(served(&set), "a=2 b=1");
    let broken = &set.status().sources[0].diagnostics;
    assert_eq!(broken[0].file.as_deref(), Some("flags/team/b.json"));
    assert!(failure(&set).contains("line 2"), "{}", failure(&set));

    // a flag that is refused is named with its file
    let refusing = r#"{"b": {"variations": {"on": "1"}, "defaultRule": {"variation": "off"}}}"#;
    folder.holds(&[("a.yaml", &flag("a", "2")), ("team/b.json", refusing)]);
    assert!(set.refresh().await.refreshed);
    assert_eq!(served(&set), "a=2 b=1");
    let refused = refused(&set);
    assert!(
        refused[0].starts_with("b: last good: flags/team/b.json:1:"),
        "{refused:?}"
    );

    folder.holds(&[("team/b.json", b)]);
    assert!(set.refresh().await.refreshed);
    assert_eq!(served(&set), "b=1", "the flags of a file that is gone are gone");
}

#[tokio::test]
async fn a_later_file_replaces_flags_of_an_earlier_one() {
    let folder = Folder::default();
    folder.holds(&[("a.yaml", &flag("x", "1")), ("b.yaml", &flag("x", "2"))]);
    let set = start(&folder).await;
    assert_eq!(served(&set), "x=2");
    let status = set.status();
    let found = &status.findings[0].diagnostics[0];
    assert_eq!(
        found.message,
        "the flag of this source replaces that of flags/a.yaml:1:1"
    );
    assert_eq!(found.file.as_deref(), Some("flags/b.yaml"));
}
