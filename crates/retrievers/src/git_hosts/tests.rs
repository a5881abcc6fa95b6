use std::time::{Duration, SystemTime};

use flagstaff_testkit::flag_server::{Answer, FlagServer};
use serde_json::{Value, json};

use super::HostedFile;
use crate::settings::{Settings, SettingsError};
use crate::testing::{Backend, State, check_contract};
use crate::{ErrorKind, Fetched, Pause, Retriever};

const KINDS: [&str; 3] = ["github", "gitlab", "bitbucket"];

/// A retriever of a kind.
fn retriever(kind: &'static str, options: &Value) -> Result<HostedFile, SettingsError> {
    let settings = Settings::new(kind, options.as_object().expect("options are an object"));
    match kind {
        "github" => HostedFile::on_github(settings),
        "gitlab" => HostedFile::on_gitlab(settings),
        _ => HostedFile::on_bitbucket(settings),
    }
}

struct HostBackend {
    server: FlagServer,
    retriever: HostedFile,
}

impl Backend for HostBackend {
    fn retriever(&self) -> &dyn Retriever {
        &self.retriever
    }

    async fn enter(&mut self, state: State<'_>) -> bool {
        self.server.answer(match state {
            State::Holds(text) => Answer::Tagged(if text.contains('1') { "\"1\"" } else { "\"2\"" }, text.to_owned()),
            State::Gone => Answer::status(404),
            State::Refused => Answer::status(401),
            State::Broken => Answer::Truncated(b"a: 1".to_vec()),
            State::Slow => Answer::Silence,
        });
        true
    }
}

#[tokio::test]
async fn passes_the_contract_of_retrievers() {
    for kind in KINDS {
        let server = FlagServer::start().await;
        let options =
            json!({"repositorySlug": "org/repo", "path": "f.yaml", "baseUrl": server.url(""), "timeout": 300});
        let retriever = retriever(kind, &options).unwrap();
        check_contract(&mut HostBackend { server, retriever }).await;
    }
}

#[tokio::test]
async fn hosts_are_asked_in_their_own_way() {
    let server = FlagServer::start().await;
    server.answer(Answer::ok("{}"));
    let cases = [
        (
            "github",
            json!({"repositorySlug": "org/repo", "path": "conf/flags.yaml"}),
            "/repos/org/repo/contents/conf/flags.yaml?ref=main",
            &[
                ("accept", Some("application/vnd.github.raw")),
                ("x-github-api-version", Some("2022-11-28")),
                ("authorization", None),
            ][..],
        ),
        (
            "github",
            json!({"repositorySlug": "org/repo/", "path": "/conf//./my flags#1.yaml", "branch": "feature/x", "githubToken": "old"}),
            "/repos/org/repo/contents/conf/my%20flags%231.yaml?ref=feature%2Fx",
            &[("authorization", Some("Bearer old"))],
        ),
        (
            "github",
            json!({"repositorySlug": "org/repo", "path": "f", "baseUrl": "/api/v3/", "token": "new", "githubToken": "old"}),
            "/api/v3/repos/org/repo/contents/f?ref=main",
            &[("authorization", Some("Bearer new"))],
        ),
        (
            "gitlab",
            json!({"repositorySlug": "org/sub/repo", "path": "conf/my flags.yaml", "branch": "dev", "token": "tok"}),
            "/api/v4/projects/org%2Fsub%2Frepo/repository/files/conf%2Fmy%20flags.yaml/raw?ref=dev",
            &[("private-token", Some("tok")), ("authorization", None)],
        ),
        (
            "gitlab",
            json!({"repositorySlug": "org/repo", "path": "flags.yaml"}),
            "/api/v4/projects/org%2Frepo/repository/files/flags.yaml/raw?ref=main",
            &[("private-token", None)],
        ),
        (
            "bitbucket",
            json!({"repositorySlug": "org/repo", "path": "conf/my flags.yaml", "branch": "feature/x", "token": "tok"}),
            "/2.0/repositories/org/repo/src/feature%2Fx/conf/my%20flags.yaml",
            &[
                ("accept", Some("application/json")),
                ("authorization", Some("Bearer tok")),
            ],
        ),
    ];
    for (kind, mut options, target, headers) in cases {
        let base = options["baseUrl"].as_str().unwrap_or_default().to_owned();
        options["baseUrl"] = json!(server.url(&base));
        retriever(kind, &options).unwrap().retrieve(None).await.unwrap();
        let requests = server.requests();
        assert_eq!(requests[0].line, format!("GET {target}"), "{kind}");
        for (name, value) in headers {
            assert_eq!(requests[0].header(name).as_deref(), *value, "{kind} {target}: {name}");
        }
    }
}

#[tokio::test]
async fn hosts_say_when_to_ask_again() {
    let server = FlagServer::start().await;
    let options = json!({"repositorySlug": "org/repo", "path": "f", "baseUrl": server.url("")});
    let host = retriever("github", &options).unwrap();
    let later = SystemTime::UNIX_EPOCH + Duration::from_secs(4_102_444_800);
    let seconds = |seconds| Some(Pause::For(Duration::from_secs(seconds)));
    let limit = |remaining: &str, reset: &str| {
        vec![
            ("X-RateLimit-Remaining", remaining.to_owned()),
            ("X-RateLimit-Reset", reset.to_owned()),
        ]
    };
    let retry_after = |value: &str| vec![("Retry-After", value.to_owned())];
    for (status, headers, expected) in [
        (200, limit("0", "4102444800"), Some(Pause::Until(later))),
        (200, limit("1", "4102444800"), None),
        (200, limit("0", "soon"), None),
        (200, retry_after("60"), None),
        (403, limit("0", "4102444800"), Some(Pause::Until(later))),
        (429, limit("0", "90"), seconds(90)),
        (429, [retry_after("60"), limit("0", "4102444800")].concat(), seconds(60)),
        (
            503,
            retry_after("Fri, 01 Jan 2100 00:00:00 GMT"),
            Some(Pause::Until(later)),
        ),
        (503, retry_after("-1"), None),
        (403, vec![], None),
        (
            429,
            vec![
                ("RateLimit-Remaining", "0".to_owned()),
                ("RateLimit-Reset", "4102444800".to_owned()),
            ],
            Some(Pause::Until(later)),
        ),
    ] {
        server.answer(Answer::Full(status, headers.clone(), b"a: 1".to_vec()));
        let (pause, kind) = match host.retrieve(None).await {
            Ok(fetched) => (fetched.revision().pause(), None),
            Err(error) => (error.pause(), Some(error.kind())),
        };
        assert_eq!(pause, expected, "{status} {headers:?}");
        let denied = status == 403 && expected.is_none();
        let error = if denied {
            ErrorKind::Denied
        } else {
            ErrorKind::Unreachable
        };
        assert_eq!(kind, (status > 399).then_some(error), "{status} {headers:?}");
    }
}

#[tokio::test]
async fn an_unchanged_file_can_end_the_allowance() {
    let server = FlagServer::start().await;
    let options = json!({"repositorySlug": "org/repo", "path": "f", "baseUrl": server.url("")});
    let host = retriever("github", &options).unwrap();
    server.answer(Answer::Tagged("\"1\"", "a: 1".to_owned()));
    let first = host.retrieve(None).await.unwrap().revision().clone();
    let exhausted = vec![
        ("X-RateLimit-Remaining", "0".to_owned()),
        ("X-RateLimit-Reset", "60".to_owned()),
    ];
    server.answer(Answer::Full(304, exhausted, Vec::new()));
    let Ok(Fetched::Unchanged(again)) = host.retrieve(Some(&first)).await else {
        panic!("nothing changed")
    };
    assert_eq!(again.pause(), Some(Pause::For(Duration::from_secs(60))));
    assert_eq!(again.token(), first.token(), "the next request names the tag again");
    assert_eq!(server.requests()[1].header("if-none-match").as_deref(), Some("\"1\""));
}

#[test]
fn options_are_checked_without_showing_them() {
    let with = |name: &str, value: &str| {
        let mut options = json!({"repositorySlug": "org/repo", "path": "f", "token": "secret"});
        options[name] = json!(value);
        options
    };
    for kind in KINDS {
        for (options, expected) in [
            (
                with("repositorySlug", ""),
                format!("no \"repositorySlug\" property found for kind \"{kind}\""),
            ),
            (
                with("path", ""),
                format!("no \"path\" property found for kind \"{kind}\""),
            ),
            (
                with("path", "//"),
                format!("property \"path\" of kind \"{kind}\" names nothing"),
            ),
            (
                with("path", "a/../../x"),
                format!("property \"path\" of kind \"{kind}\" must not lead out of the repository with `..`"),
            ),
            (
                with("token", "sec\nret"),
                format!("property \"token\" of kind \"{kind}\" holds characters that a header cannot carry"),
            ),
            (
                with("baseUrl", "api.example"),
                format!("property \"baseUrl\" of kind \"{kind}\" is not a URL: relative URL without a base"),
            ),
            (
                with("baseUrl", "ftp://api.example"),
                format!("property \"baseUrl\" of kind \"{kind}\" must begin with http:// or https://"),
            ),
        ] {
            assert_eq!(retriever(kind, &options).unwrap_err().to_string(), expected);
        }
        let retriever = retriever(kind, &with("branch", "dev")).unwrap();
        assert_eq!(retriever.place(), "org/repo/f@dev");
        assert!(!format!("{retriever:?}").contains("secret"), "{retriever:?}");
    }
}
