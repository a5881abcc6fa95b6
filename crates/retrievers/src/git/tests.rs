use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{GitOptions, GitRetriever, ssh};
use crate::settings::{Settings, SettingsError};
use crate::{Content, ErrorKind, Fetched, Retriever, Revision};

fn options(written: &Value) -> Result<GitOptions, SettingsError> {
    GitOptions::read(Settings::new(
        "git",
        written.as_object().expect("options are an object"),
    ))
}

/// A repository on this machine, made by git itself.
struct Repository {
    folder: TempDir,
}

impl Repository {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Self { folder };
        repository.git(&["init", "-q", "-b", "main"]);
        repository
    }

    fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=Ada",
                "-c",
                "user.email=ada@example.com",
                "-c",
                "commit.gpgSign=false",
            ])
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .expect("git is installed");
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self, files: &[(&str, &str)], message: &str) -> String {
        for (name, text) in files {
            let path = self.folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
            fs::write(path, text).unwrap();
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn retriever(&self, reference: &str, path: &str) -> GitRetriever {
        let written = json!({"url": self.path(), "ref": reference, "path": path, "timeout": 30_000});
        GitRetriever::new(options(&written).unwrap())
    }
}

async fn content(retriever: &GitRetriever, previous: Option<&Revision>) -> Content {
    match retriever.retrieve(previous).await {
        Ok(Fetched::Content(content)) => content,
        other => panic!("expected content, got {other:?}"),
    }
}

fn names(content: &Content) -> Vec<&str> {
    content.parts.iter().filter_map(|part| part.name.as_deref()).collect()
}

#[tokio::test]
async fn a_branch_is_followed_by_its_commits() {
    let repository = Repository::new();
    let first = repository.commit(
        &[("flags.yaml", "a: 1\n"), ("README.md", "-")],
        "Begin\n\nWith one flag.",
    );
    let retriever = repository.retriever("main", "flags.yaml");
    let fetched = content(&retriever, None).await;
    assert_eq!(
        (names(&fetched), &fetched.bytes()[..]),
        (vec!["flags.yaml"], &b"a: 1\n"[..])
    );
    assert_eq!(fetched.revision.token(), Some(&*first));
    assert_eq!(fetched.author.as_deref(), Some("Ada <ada@example.com>"));
    assert_eq!(fetched.message.as_deref(), Some("Begin\n\nWith one flag."));
    let again = retriever.retrieve(Some(&fetched.revision)).await;
    assert!(matches!(again, Ok(Fetched::Unchanged(_))), "{again:?}");

    let second = repository.commit(&[("README.md", "more")], "Explain");
    let Ok(Fetched::Unchanged(revision)) = retriever.retrieve(Some(&fetched.revision)).await else {
        panic!("another commit with the same flags is no change")
    };
    assert_eq!(revision.token(), Some(&*second));

    repository.commit(&[("flags.yaml", "a: 2\n")], "Change");
    assert_eq!(content(&retriever, Some(&revision)).await.bytes(), "a: 2\n");
}

#[tokio::test]
async fn references_are_branches_tags_and_commits() {
    let repository = Repository::new();
    let first = repository.commit(&[("flags.yaml", "a: 1\n")], "First");
    repository.git(&["tag", "-a", "v1", "-m", "the first"]);
    repository.git(&["tag", "light"]);
    repository.git(&["checkout", "-q", "-b", "team/next"]);
    let second = repository.commit(&[("flags.yaml", "a: 2\n")], "Second");
    repository.git(&["tag", "both", &first]);
    repository.git(&["branch", "both"]);
    for (reference, commit) in [
        ("v1", &first),
        ("light", &first),
        ("main", &first),
        ("refs/heads/main", &first),
        (&*first, &first),
        ("team/next", &second),
        ("both", &second),
        ("", &second),
    ] {
        let retriever = repository.retriever(reference, "flags.yaml");
        let fetched = content(&retriever, None).await;
        assert_eq!(fetched.revision.token(), Some(&**commit), "{reference}");
        let again = retriever.retrieve(Some(&fetched.revision)).await;
        assert!(matches!(again, Ok(Fetched::Unchanged(_))), "{reference}: {again:?}");
    }
}

#[tokio::test]
async fn a_path_is_a_file_a_folder_or_a_pattern() {
    let repository = Repository::new();
    let files = [
        ("teams/a/flags.yaml", "a: 1"),
        ("teams/b/flags.json", "{}"),
        ("teams/b/notes.txt", "-"),
        ("x.toml", ""),
    ];
    repository.commit(&files, "All");
    for (path, expected) in [
        ("", vec!["teams/a/flags.yaml", "teams/b/flags.json", "x.toml"]),
        ("/teams/", vec!["teams/a/flags.yaml", "teams/b/flags.json"]),
        ("teams/*/*.yaml", vec!["teams/a/flags.yaml"]),
        ("teams/b/notes.txt", vec!["teams/b/notes.txt"]),
    ] {
        assert_eq!(
            names(&content(&repository.retriever("main", path), None).await),
            expected,
            "{path}"
        );
    }
}

#[tokio::test]
async fn what_is_not_there_is_an_error() {
    let repository = Repository::new();
    repository.commit(&[("flags.yaml", "a: 1\n")], "First");
    for (reference, path) in [("other", "flags.yaml"), ("main", "others.yaml"), ("main", "*.json")] {
        let error = repository.retriever(reference, path).retrieve(None).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.is_temporary()),
            (ErrorKind::NotFound, true),
            "{error}"
        );
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    let nowhere = json!({"url": repository.path().join("nowhere"), "path": "a.yaml"});
    let error = GitRetriever::new(options(&nowhere).unwrap())
        .retrieve(None)
        .await
        .unwrap_err();
    assert!(error.is_temporary() && error.to_string().contains("nowhere"), "{error}");
}

#[test]
fn options_are_checked_without_showing_them() {
    for (written, expected) in [
        (
            json!({"url": "https://u:secret@host/a.git", "ref": "main"}),
            "https://host/a.git@main",
        ),
        (
            json!({"url": "git@host:team/a.git", "branch": "b"}),
            "git@host:team/a.git@b",
        ),
        (json!({"url": "ssh://git@host:2222/a.git"}), "ssh://git@host:2222/a.git"),
        (json!({}), "no \"url\" property found for kind \"git\""),
        (
            json!({"url": "http://u:secret@host/a.git"}),
            "property \"token\" of kind \"git\" is not sent in clear over http: write an https URL",
        ),
        (
            json!({"url": "https://host/a.git", "ref": "a..b"}),
            "property \"ref\" of kind \"git\" is not a branch, a tag or a commit",
        ),
    ] {
        let shown = options(&written).map(|options| {
            assert!(!format!("{options:?}").contains("secret"), "{options:?}");
            options.place()
        });
        assert_eq!(shown.unwrap_or_else(|error| error.to_string()), expected);
    }
    let options = options(&json!({"url": "https://u:secret@host/a.git"})).unwrap();
    assert_eq!((&*options.username, options.token.as_deref()), ("u", Some("secret")));
}

#[test]
fn ssh_is_called_with_the_files_that_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let (key, hosts) = (folder.path().join("it's a key"), folder.path().join("known hosts"));
    for path in [&key, &hosts] {
        fs::write(path, "").unwrap();
    }
    let written = json!({"url": "git@host:a.git", "timeout": 2500, "sshKeyPath": key, "sshKnownHostsPath": hosts});
    let command = ssh::command(&options(&written).unwrap(), Path::new("/tmp/words"));
    let folder = folder.path().display();
    let expected = format!(
        "exec ssh -o BatchMode=yes -o ConnectTimeout=2 -o ServerAliveInterval=2 -o IdentitiesOnly=yes -i '{folder}/it'\\''s a key' \
         -o 'UserKnownHostsFile=\"{folder}/known hosts\"' \"$@\" 2>'/tmp/words'"
    );
    assert_eq!(command, expected);
}

#[test]
fn the_words_of_ssh_tell_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("words");
    assert_eq!(ssh::words(&path), "");
    for (said, kind) in [
        ("git@host: Permission denied (publickey).\r\n", Some(ErrorKind::Denied)),
        (
            "@@@@@@@@@\r\n@ WARNING: UNPROTECTED PRIVATE KEY FILE! @\r\n@@@@@@@@@\nPermission denied (publickey)\n",
            Some(ErrorKind::Denied),
        ),
        (
            "No ED25519 host key is known for host and you have requested strict checking.\nHost key verification failed.\n",
            Some(ErrorKind::Unreachable),
        ),
        (
            "fatal: '/srv/a.git' does not appear to be a git repository\nfatal: Could not read from remote repository.\n",
            Some(ErrorKind::NotFound),
        ),
        ("ERROR: Repository not found.\n", Some(ErrorKind::NotFound)),
        ("ssh: connect to host h port 22: Connection refused\r\n", None),
        ("sh: 1: exec: ssh: not found\n", Some(ErrorKind::Settings)),
    ] {
        fs::write(&path, said).unwrap();
        let words = ssh::words(&path);
        assert_eq!(ssh::kind(&words).map(|(kind, _)| kind), kind, "{words}");
        assert!(!words.contains("@@") && words.lines().count() == 1, "{words}");
    }
}
