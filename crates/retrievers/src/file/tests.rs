use std::fs;
use std::path::Path;
use std::time::Duration;

use flagstaff_testkit::flag_file::FlagFile;
use tokio::time::timeout;

use super::{FileOptions, FileRetriever, watch};
use crate::testing::{Backend, State, check_contract};
use crate::{Changes, ErrorKind, Fetched, Retriever};

struct FileBackend {
    file: FlagFile,
    retriever: FileRetriever,
}

impl Backend for FileBackend {
    fn retriever(&self) -> &dyn Retriever {
        &self.retriever
    }

    async fn enter(&mut self, state: State<'_>) -> bool {
        let path = self.file.path();
        if path.is_dir() {
            fs::remove_dir(path).unwrap();
        }
        match state {
            State::Holds(text) => self.file.write(text),
            State::Gone => self.file.remove(),
            State::Broken => {
                self.file.remove();
                fs::create_dir(path).unwrap();
            }
            State::Refused | State::Slow => return false,
        }
        true
    }
}

fn retriever(path: &Path) -> FileRetriever {
    FileRetriever::new(FileOptions { path: path.to_owned() })
}

#[tokio::test]
async fn passes_the_contract_of_retrievers() {
    let file = FlagFile::absent();
    let retriever = retriever(file.path());
    check_contract(&mut FileBackend { file, retriever }).await;
}

#[tokio::test]
async fn errors_name_path_and_cause() {
    let file = FlagFile::absent();
    let path = file.path().display();
    let error = retriever(file.path()).retrieve(None).await.unwrap_err();
    assert_eq!(error.to_string(), format!("no such file (path: {path})"));
    let folder = file.folder();
    let error = retriever(folder).retrieve(None).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Refused, false));
    assert_eq!(
        error.to_string(),
        format!("is a directory, not a file (path: {})", folder.display())
    );
}

/// Much longer than any change takes to be noticed; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes a change, waits until the watch has told of one, and checks what the file reads as then.
async fn check_noticed(changes: &mut Changes, path: &Path, expected: Option<&str>, change: impl FnOnce()) {
    change();
    // An earlier change may be told late: what counts is that the watch goes on telling until the content is there.
    let noticed = async {
        while changes.next().await {
            let read = match retriever(path).retrieve(None).await {
                Ok(Fetched::Content(content)) => Some(content.bytes().clone()),
                _ => None,
            };
            if read.as_deref() == expected.map(str::as_bytes) {
                return true;
            }
        }
        false
    };
    assert_eq!(
        timeout(PATIENCE, noticed).await,
        Ok(true),
        "{expected:?} was not noticed"
    );
}

#[tokio::test]
async fn a_watch_sees_what_editors_do() {
    let file = FlagFile::new("0");
    let mut changes = retriever(file.path()).changes().expect("files can be watched");
    let path = file.path();
    check_noticed(&mut changes, path, Some("1"), || file.write("1")).await;
    check_noticed(&mut changes, path, Some("2"), || file.replace("2")).await;
    check_noticed(&mut changes, path, Some("3"), || file.write("3")).await;
    check_noticed(&mut changes, path, None, || file.remove()).await;
    check_noticed(&mut changes, path, Some("4"), || file.write("4")).await;
    check_noticed(&mut changes, path, Some("5"), || file.replace("5")).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_watch_follows_links_that_are_swapped() {
    use std::os::unix::fs::symlink;

    // As Kubernetes mounts a ConfigMap: flags.yaml -> ..data/flags.yaml, ..data -> ..1
    let file = FlagFile::absent();
    let folder = file.folder();
    let release = |name: &str, text: &str| {
        fs::create_dir(folder.join(name)).unwrap();
        fs::write(folder.join(name).join("flags.yaml"), text).unwrap();
    };
    let point = |link: &str, target: &str| {
        symlink(target, folder.join("aside")).unwrap();
        fs::rename(folder.join("aside"), folder.join(link)).unwrap();
    };
    release("..1", "1");
    point("..data", "..1");
    point("flags.yaml", "..data/flags.yaml");
    let mut changes = retriever(file.path()).changes().expect("files can be watched");
    check_noticed(&mut changes, file.path(), Some("2"), || {
        release("..2", "2");
        point("..data", "..2");
        fs::remove_dir_all(folder.join("..1")).unwrap();
    })
    .await;
    check_noticed(&mut changes, file.path(), Some("3"), || {
        release("..3", "3");
        point("..data", "..3");
    })
    .await;

    // As a deployment tool does it: the link is a folder above the file.
    fs::create_dir(folder.join("app")).unwrap();
    release("app/1", "11");
    point("app/current", "1");
    let path = folder.join("app/current/flags.yaml");
    let mut changes = retriever(&path).changes().expect("files can be watched");
    check_noticed(&mut changes, &path, Some("12"), || {
        release("app/2", "12");
        point("app/current", "2");
    })
    .await;
    check_noticed(&mut changes, &path, Some("13"), || fs::write(&path, "13").unwrap()).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_watch_of_several_sees_each_and_what_is_in_folders() {
    use std::os::unix::fs::symlink;

    let file = FlagFile::new("0");
    let folder = file.folder().join("secrets");
    for version in ["..1", "..2"] {
        fs::create_dir_all(folder.join(version)).unwrap();
        fs::write(folder.join(version).join("key"), version).unwrap();
    }
    symlink("..1", folder.join("..data")).unwrap();
    symlink("..data/key", folder.join("key")).unwrap();
    let paths = [file.path().to_owned(), folder.clone(), folder.join("key")];
    let mut changes = watch(paths, Duration::from_millis(20)).expect("files can be watched");
    check_noticed(&mut changes, file.path(), Some("1"), || file.replace("1")).await;
    let key = folder.join("key");
    check_noticed(&mut changes, &key, Some("..2"), || {
        symlink("..2", folder.join("aside")).unwrap();
        fs::rename(folder.join("aside"), folder.join("..data")).unwrap();
    })
    .await;
    check_noticed(&mut changes, &key, Some("new"), || fs::write(&key, "new").unwrap()).await;
    let another = folder.join("another");
    check_noticed(&mut changes, &another, Some("x"), || fs::write(&another, "x").unwrap()).await;
    check_noticed(&mut changes, &another, None, || fs::remove_file(&another).unwrap()).await;
}

#[tokio::test]
async fn a_watch_survives_its_folder() {
    let file = FlagFile::absent();
    let folder = file.folder().join("a").join("b");
    let path = folder.join("flags.yaml");
    let make = |text: &str| {
        fs::create_dir_all(&folder).unwrap();
        fs::write(&path, text).unwrap();
    };
    let mut changes = retriever(&path)
        .changes()
        .expect("a file that does not exist yet can be watched");
    check_noticed(&mut changes, &path, Some("1"), || make("1")).await;
    check_noticed(&mut changes, &path, None, || {
        fs::remove_dir_all(file.folder().join("a")).unwrap();
    })
    .await;
    check_noticed(&mut changes, &path, Some("2"), || make("2")).await;
    check_noticed(&mut changes, &path, Some("3"), || fs::write(&path, "3").unwrap()).await;
}
