use std::time::Duration;

use flagstaff_testkit::flag_server::{Answer, FlagServer, certificate};
use serde_json::{Value, json};

use super::HttpRetriever;
use crate::settings::{Settings, SettingsError};
use crate::testing::{Backend, State, check_contract};
use crate::{ErrorKind, Fetched, RetrieveError, Retriever, Revision};

/// A retriever with the given options.
fn retriever(options: &Value) -> Result<HttpRetriever, SettingsError> {
    let options = options.as_object().expect("options are an object");
    super::HttpOptions::read(Settings::new("http", options)).map(HttpRetriever::new)
}

/// Fetches with the given options: the text, or the error.
async fn fetch(options: &Value) -> Result<String, RetrieveError> {
    fetch_again(&retriever(options).unwrap(), None)
        .await
        .map(|(text, _)| text)
}

async fn fetch_again(
    retriever: &HttpRetriever,
    previous: Option<&Revision>,
) -> Result<(String, Revision), RetrieveError> {
    Ok(match retriever.retrieve(previous).await? {
        Fetched::Content(content) => (String::from_utf8(content.bytes().to_vec()).unwrap(), content.revision),
        Fetched::Unchanged(revision) => ("unchanged".to_owned(), revision),
    })
}

struct HttpBackend {
    server: FlagServer,
    retriever: HttpRetriever,
    tagged: bool,
}

impl Backend for HttpBackend {
    fn retriever(&self) -> &dyn Retriever {
        &self.retriever
    }

    async fn enter(&mut self, state: State<'_>) -> bool {
        self.server.answer(match state {
            State::Holds(text) if self.tagged => {
                Answer::Tagged(if text.contains('1') { "\"1\"" } else { "\"2\"" }, text.to_owned())
            }
            State::Holds(text) => Answer::ok(text),
            State::Gone => Answer::status(404),
            State::Refused => Answer::status(403),
            State::Broken => Answer::Truncated(b"a: 1".to_vec()),
            State::Slow => Answer::Silence,
        });
        true
    }
}

#[tokio::test]
async fn passes_the_contract_of_retrievers() {
    for tagged in [false, true] {
        let server = FlagServer::start().await;
        let retriever = retriever(&json!({"url": server.url("/flags"), "timeout": 300})).unwrap();
        check_contract(&mut HttpBackend {
            server,
            retriever,
            tagged,
        })
        .await;
    }
}

#[tokio::test]
async fn sends_what_is_written() {
    let server = FlagServer::start().await;
    server.answer(Answer::ok("{}"));
    let url = server.url("/f?x=1&y=a%20b").replace("http://", "http://u:p@");
    let options = json!({"URL": url, "method": "POST", "body": "{\"q\":1}", "headers": {"X-One": "a", "X-Many": ["b", "c"]}, "timeout": "2000"});
    assert_eq!(fetch(&options).await.unwrap(), "{}");
    let requests = server.requests();
    let [request] = requests.as_slice() else {
        panic!("one request, not {requests:?}")
    };
    assert_eq!(
        (request.line.as_str(), request.body.as_str()),
        ("POST /f?x=1&y=a%20b", "{\"q\":1}")
    );
    for (name, value) in [
        ("x-one", Some("a")),
        ("x-many", Some("b,c")),
        ("authorization", Some("Basic dTpw")),
        ("accept-encoding", Some("gzip")),
        ("if-none-match", None),
    ] {
        assert_eq!(request.header(name).as_deref(), value, "{name}");
    }
}

#[tokio::test]
async fn asks_with_the_tag_of_the_last_answer() {
    let server = FlagServer::start().await;
    let retriever = retriever(&json!({"url": server.url("/")})).unwrap();
    let dated = |date: &str| Answer::Full(200, vec![("Last-Modified", date.to_owned())], b"a".to_vec());
    server.answer(dated("Mon, 01 Jan 2024 00:00:00 GMT"));
    let (_, revision) = fetch_again(&retriever, None).await.unwrap();
    server.answer(dated("Tue, 02 Jan 2024 00:00:00 GMT"));
    let (text, revision) = fetch_again(&retriever, Some(&revision)).await.unwrap();
    assert_eq!(text, "unchanged", "equal bytes are no change, whatever their date");
    server.answer(Answer::status(304));
    let (text, revision) = fetch_again(&retriever, Some(&revision)).await.unwrap();
    assert_eq!(text, "unchanged");
    fetch_again(&retriever, Some(&revision)).await.unwrap();
    let asked: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.header("if-modified-since"))
        .collect();
    let tuesday = || Some("Tue, 02 Jan 2024 00:00:00 GMT".to_owned());
    assert_eq!(
        asked,
        [
            None,
            Some("Mon, 01 Jan 2024 00:00:00 GMT".to_owned()),
            tuesday(),
            tuesday()
        ]
    );
}

#[tokio::test]
async fn no_document_is_an_error() {
    let server = FlagServer::start().await;
    let retriever = retriever(&json!({"url": server.url("/")})).unwrap();
    server.answer(Answer::ok("a"));
    let (_, untagged) = fetch_again(&retriever, None).await.unwrap();
    for status in [204, 304] {
        for previous in [None, Some(&untagged)] {
            server.answer(Answer::status(status));
            let error = fetch_again(&retriever, previous).await.unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with(&format!("request to URL answered with code {status} and no document")),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn errors_tell_the_cause_and_no_secret() {
    let server = FlagServer::start().await;
    let place = server.address();
    let options = json!({
        "url": format!("http://user:secret@{place}/flags?token=secret"),
        "headers": {"Authorization": "secret"}, "body": "secret", "timeout": 200,
    });
    let cases = [
        (
            Answer::status(404),
            ErrorKind::NotFound,
            "request to URL failed with code 404",
        ),
        (
            Answer::status(401),
            ErrorKind::Denied,
            "request to URL failed with code 401",
        ),
        (
            Answer::status(400),
            ErrorKind::Refused,
            "request to URL failed with code 400",
        ),
        (
            Answer::status(503),
            ErrorKind::Unreachable,
            "request to URL failed with code 503",
        ),
        (Answer::Drop, ErrorKind::Unreachable, "request to URL failed"),
        (
            Answer::Silence,
            ErrorKind::TimedOut,
            "deadline exceeded: no complete answer within 200 ms",
        ),
        (
            Answer::Full(302, vec![("Location", "/flags?token=secret".to_owned())], vec![]),
            ErrorKind::Refused,
            "redirected too often",
        ),
    ];
    for (answer, kind, text) in cases {
        server.answer(answer);
        let error = fetch(&options).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (kind, true), "{error}");
        assert!(
            error
                .to_string()
                .starts_with(&format!("{text} (url: http://{place}/flags?***)")),
            "{error}"
        );
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
    assert_eq!(server.requests().len(), 6 + 11, "ten redirects are followed");
    let retriever = retriever(&options).unwrap();
    assert!(
        !format!("{retriever:?} {}", retriever.place()).contains("secret"),
        "{retriever:?}"
    );
}

#[tokio::test]
async fn follows_redirects_and_decodes_gzip() {
    let (first, second) = (FlagServer::start().await, FlagServer::start().await);
    first.answer(Answer::Full(307, vec![("Location", second.url("/g"))], vec![]));
    // printf 'a: 1\n' | gzip -n9
    let zipped =
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\xb4\x52\x30\xe4\x02\x00\x69\x19\x23\xe3\x05\x00\x00\x00"
            .to_vec();
    second.answer(Answer::Full(200, vec![("Content-Encoding", "gzip".to_owned())], zipped));
    let options = json!({"url": first.url("/f"), "headers": {"X-Token": "t", "Authorization": "s"}});
    assert_eq!(fetch(&options).await.unwrap(), "a: 1\n");
    let request = &second.requests()[0];
    assert_eq!(
        (request.header("x-token").as_deref(), request.header("authorization")),
        (Some("t"), None),
        "credentials stay with their host"
    );
}

#[tokio::test]
async fn certificates_are_read_with_the_first_fetch() {
    let path = |name: &str| certificate(name).display().to_string();
    let server = FlagServer::start_tls(true).await;
    server.answer(Answer::ok("a"));
    let url = server.url("/");
    let full = json!({"url": url, "caCertPath": path("authority.pem"), "clientCertPath": path("client.pem"), "clientKeyPath": path("client.key")});
    assert_eq!(fetch(&full).await.unwrap(), "a");

    let error = fetch(&json!({"url": url, "caCertPath": path("authority.pem")}))
        .await
        .unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Unreachable,
        "a certificate is asked for: {error}"
    );
    let error = fetch(&json!({"url": url})).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Unreachable,
        "the authority is not trusted: {error}"
    );

    let cases = [
        (
            json!({"caCertPath": path("client.key")}),
            "the file of caCertPath holds no PEM certificate",
        ),
        (
            json!({"clientCertPath": path("client.pem"), "clientKeyPath": path("client.pem")}),
            "the file of clientCertPath is not PEM of the right kind",
        ),
    ];
    for (mut options, expected) in cases {
        options["url"] = json!(url);
        let error = fetch(&options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Settings, "{error}");
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn options_are_checked_without_showing_them() {
    let with = |name: &str, value: Value| {
        let mut options = json!({"url": "http://127.0.0.1/"});
        options[name] = value;
        options
    };
    for (options, expected) in [
        (json!({}), "no \"url\" property found for kind \"http\""),
        (
            with("caCertPath", json!("/nowhere.pem")),
            "property \"caCertPath\" of kind \"http\" names a file that cannot be read: No such file or directory (os error 2)",
        ),
        (
            with("url", json!("flags.yaml")),
            "property \"url\" of kind \"http\" is not a URL: relative URL without a base",
        ),
        (
            with("url", json!("ftp://a/")),
            "property \"url\" of kind \"http\" must begin with http:// or https://",
        ),
        (
            with("method", json!("GET IT")),
            "property \"method\" of kind \"http\" is not an HTTP method",
        ),
        (
            with("timeout", json!("soon")),
            "property \"timeout\" of kind \"http\" is not a whole number",
        ),
        (
            with("headers", json!(["a"])),
            "property \"headers\" of kind \"http\" is not a map from names to lists of texts",
        ),
        (
            with("headers", json!({"a": {}})),
            "property \"headers.a\" of kind \"http\" is not a text or a list of texts",
        ),
        (
            with("headers", json!({"a b": "c"})),
            "property \"headers.a b\" of kind \"http\" is not the name of a header",
        ),
        (
            with("headers", json!({"a": "c\n"})),
            "property \"headers.a\" of kind \"http\" holds characters that a header cannot carry",
        ),
        (
            with("clientKeyPath", json!("k")),
            "property \"clientCertPath\" of kind \"http\" is needed beside clientKeyPath: write both or neither",
        ),
    ] {
        assert_eq!(retriever(&options).unwrap_err().to_string(), expected);
    }
}

#[test]
fn the_time_limit_has_a_default() {
    for (written, expected) in [
        (json!(null), 10_000),
        (json!(0), 10_000),
        (json!(-5), 10_000),
        (json!(300), 300),
        (json!("300"), 300),
    ] {
        let retriever = retriever(&json!({"url": "http://127.0.0.1/", "timeout": written})).unwrap();
        assert_eq!(retriever.options.timeout, Duration::from_millis(expected), "{written}");
    }
}
