use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::{DirectoryOptions, DirectoryRetriever};
use crate::settings::Settings;
use crate::testing::{Backend, State, check_contract};
use crate::{Content, ErrorKind, Fetched, FormatHint, Retriever};

fn retriever(path: &Path, glob: &str) -> DirectoryRetriever {
    let written = json!({"path": path, "glob": glob});
    let settings = Settings::new("directory", written.as_object().expect("options are an object"));
    DirectoryRetriever::new(DirectoryOptions::read(settings).unwrap())
}

async fn fetch(retriever: &DirectoryRetriever) -> Content {
    match retriever.retrieve(None).await {
        Ok(Fetched::Content(content)) => content,
        other => panic!("expected content, got {other:?}"),
    }
}

struct DirectoryBackend {
    folder: tempfile::TempDir,
    retriever: DirectoryRetriever,
}

impl Backend for DirectoryBackend {
    fn retriever(&self) -> &dyn Retriever {
        &self.retriever
    }

    async fn enter(&mut self, state: State<'_>) -> bool {
        let path = self.folder.path().join("flags");
        if path.is_file() {
            fs::remove_file(&path).unwrap();
        } else if path.exists() {
            fs::remove_dir_all(&path).unwrap();
        }
        match state {
            State::Holds(text) => {
                fs::create_dir(&path).unwrap();
                fs::write(path.join("a.yaml"), text).unwrap();
            }
            State::Gone => {}
            State::Broken => fs::write(&path, "a: 1").unwrap(),
            State::Refused | State::Slow => return false,
        }
        true
    }
}

#[tokio::test]
async fn passes_the_contract_of_retrievers() {
    let folder = tempfile::tempdir().unwrap();
    let retriever = retriever(&folder.path().join("flags"), "");
    check_contract(&mut DirectoryBackend { folder, retriever }).await;
}

#[tokio::test]
async fn every_file_is_a_part_with_its_name_and_format() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("teams/.hidden")).unwrap();
    for (name, text) in [
        ("z.json", "{}"),
        ("teams/b.toml", "[b]"),
        ("teams/a.yml", "a: 1"),
        ("teams/.hidden/c.yaml", "c: 1"),
        ("notes.txt", "-"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let shown = |content: &Content| {
        let parts = content.parts.iter();
        let shown = parts.map(|part| (part.name.as_deref().unwrap_or("?").to_owned(), part.format_hint));
        shown.collect::<Vec<_>>()
    };
    let all = fetch(&retriever(folder.path(), "")).await;
    assert_eq!(
        shown(&all),
        [
            ("teams/a.yml".to_owned(), Some(FormatHint::Yaml)),
            ("teams/b.toml".to_owned(), Some(FormatHint::Toml)),
            ("z.json".to_owned(), Some(FormatHint::Json)),
        ]
    );
    let texts = fetch(&retriever(folder.path(), "*.txt")).await;
    assert_eq!(shown(&texts), [("notes.txt".to_owned(), None)]);

    fs::rename(folder.path().join("z.json"), folder.path().join("y.json")).unwrap();
    let renamed = fetch(&retriever(folder.path(), "")).await;
    assert_ne!(
        all.revision, renamed.revision,
        "a file that is called otherwise is another state"
    );

    let error = retriever(folder.path(), "*.nothing").retrieve(None).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_temporary()),
        (ErrorKind::NotFound, true),
        "{error}"
    );
}

#[tokio::test]
async fn a_watch_sees_files_in_folders_that_are_new() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.yaml"), "a: 1").unwrap();
    let retriever = retriever(folder.path(), "");
    let mut changes = retriever.changes().expect("folders can be watched");
    let mut changes = {
        changes = changes.settled_after(Duration::from_millis(20));
        changes
    };
    let below = folder.path().join("team/deep");
    for (text, files) in [("b: 1", 2), ("b: 2", 2)] {
        fs::create_dir_all(&below).unwrap();
        fs::write(below.join("b.yaml"), text).unwrap();
        let seen = async {
            loop {
                assert!(changes.next().await, "the watch goes on");
                let content = fetch(&retriever).await;
                if content.parts.len() == files && content.parts.iter().any(|part| part.bytes == text) {
                    return;
                }
            }
        };
        // Only a failure waits that long.
        timeout(Duration::from_secs(20), seen)
            .await
            .expect("the change is noticed");
    }
}
