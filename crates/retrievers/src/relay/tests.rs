use flagstaff_testkit::flag_server::{Answer, FlagServer};
use serde_json::json;

use super::{RelayOptions, RelayRetriever};
use crate::settings::Settings;
use crate::{ErrorKind, Fetched, FormatHint, Retriever};

fn retriever(url: &str, key: &str) -> RelayRetriever {
    let written = json!({"url": url, "apiKey": key, "timeout": 2000});
    let settings = Settings::new("relay", written.as_object().expect("options are an object"));
    RelayRetriever::new(RelayOptions::read(settings).unwrap())
}

#[tokio::test]
async fn asks_for_the_configuration_with_key_and_tag() {
    let server = FlagServer::start().await;
    let retriever = retriever(&server.url("/base/"), "secret");
    let configuration = r#"{"flags":{"b":{"x": 1.0},"a":{}},"evaluationContextEnrichment":{"flags":1}}"#;
    server.answer(Answer::Tagged("\"1\"", configuration.to_owned()));
    let Ok(Fetched::Content(content)) = retriever.retrieve(None).await else {
        panic!("a first fetch yields what is there")
    };
    assert_eq!(content.bytes(), r#"{"b":{"x": 1.0},"a":{}}"#);
    assert_eq!(content.parts[0].format_hint, Some(FormatHint::Json));
    let again = retriever.retrieve(Some(&content.revision)).await;
    assert!(matches!(again, Ok(Fetched::Unchanged(_))), "{again:?}");
    // the same flags under another tag are no change either
    server.answer(Answer::Tagged("\"2\"", configuration.replace("1}}", "2}}")));
    let again = retriever.retrieve(Some(&content.revision)).await;
    assert!(matches!(again, Ok(Fetched::Unchanged(_))), "{again:?}");
    let requests = server.requests();
    let asked: Vec<_> = requests.iter().map(|request| request.header("if-none-match")).collect();
    assert_eq!(asked, [None, Some("\"1\"".to_owned()), Some("\"1\"".to_owned())]);
    for request in requests {
        assert_eq!(
            (&*request.line, &*request.body),
            ("POST /base/v1/flag/configuration", "{}")
        );
        assert_eq!(request.header("x-api-key").as_deref(), Some("secret"));
    }
}

#[tokio::test]
async fn a_relay_without_flags_has_none_and_one_with_an_error_says_so() {
    let server = FlagServer::start().await;
    let retriever = retriever(&server.url(""), "secret");
    server.answer(Answer::ok("{}"));
    let Ok(Fetched::Content(content)) = retriever.retrieve(None).await else {
        panic!("no flags are flags too")
    };
    assert_eq!(content.bytes(), "{}");
    for (answer, kind, text) in [
        (
            Answer::ok(r#"{"errorCode":"RETRIEVING_FLAGS_ERROR"}"#),
            ErrorKind::Refused,
            "the relay has an error instead of flags",
        ),
        (
            Answer::ok("<html>"),
            ErrorKind::Refused,
            "the answer is none of a relay",
        ),
        (
            Answer::status(401),
            ErrorKind::Denied,
            "request to URL failed with code 401",
        ),
    ] {
        server.answer(answer);
        let error = retriever.retrieve(None).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (kind, true), "{error}");
        assert!(error.to_string().starts_with(text), "{error}");
        assert!(
            !format!("{error} {error:?} {retriever:?}").contains("secret"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn the_stream_of_changes_is_opened_with_the_key() {
    let server = FlagServer::start().await;
    server.answer(Answer::ok("id: 1\n\n:\n\n"));
    let mut changes = retriever(&server.url(""), "a key")
        .changes()
        .expect("relays have streams");
    assert!(changes.next().await);
    let requests = server.requests();
    assert_eq!(requests[0].line, "GET /stream/v1/sse/flag/change?apiKey=a+key");
    assert_eq!(requests[0].header("accept").as_deref(), Some("text/event-stream"));
}
