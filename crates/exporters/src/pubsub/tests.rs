use flagstaff_testkit::flag_server::{Answer, FlagServer};
use serde_json::{Value, json};

use crate::testing::{build, event};
use crate::{ErrorKind, Event};

const EMULATOR: &str = "PUBSUB_EMULATOR_HOST";

fn options(topic: &str) -> Value {
    json!({"kind": "pubsub", "projectID": "my-project", "topic": topic})
}

#[tokio::test]
async fn each_event_is_a_message() {
    let server = FlagServer::start().await;
    server.answer(Answer::ok(r#"{"messageIds": ["1", "2"]}"#));
    for (topic, line) in [
        ("flags", "POST /v1/projects/my-project/topics/flags:publish"),
        (
            "projects/other/topics/a%b",
            "POST /v1/projects/other/topics/a%25b:publish",
        ),
    ] {
        let exporter = build(&options(topic), &[(EMULATOR, &server.address().to_string())]).unwrap();
        let receipt = exporter.export(&[event("a"), event("b")]).await.unwrap();
        assert!(receipt.refused.is_empty() && receipt.again.is_empty());
        let requests = server.requests();
        let request = requests.last().unwrap();
        assert_eq!(request.line, line);
        assert_eq!(request.header("authorization"), None, "an emulator gets no token");
        let messages: Value = serde_json::from_str(&request.body).unwrap();
        let expected = |key| {
            let data = data_encoding::BASE64.encode(event(key).text());
            json!({"data": data, "attributes": {"emitter": "GO Feature Flag"}})
        };
        assert_eq!(messages, json!({"messages": [expected("a"), expected("b")]}));
    }
}

#[tokio::test]
async fn failures_say_what_is_wrong() {
    let server = FlagServer::start().await;
    let exporter = build(&options("flags"), &[(EMULATOR, &server.url(""))]).unwrap();
    let problem = |code, message: &str| {
        let body = json!({"error": {"code": code, "message": message, "status": "X"}}).to_string();
        Answer::Full(code, vec![("Retry-After", "7".to_owned())], body.into_bytes())
    };
    for (answer, kind, text) in [
        (
            problem(404, "Resource not found"),
            ErrorKind::NotFound,
            "the request failed (code: 404, message: Resource not found, topic: projects/my-project/topics/flags)",
        ),
        (
            problem(403, ""),
            ErrorKind::Denied,
            "the request failed (code: 403, topic: projects/my-project/topics/flags)",
        ),
        (
            problem(400, "Request payload size exceeds the limit: 10485760 bytes."),
            ErrorKind::TooLarge,
            "the request failed (code: 400, message: Request payload size exceeds the limit: 10485760 bytes., topic: projects/my-project/topics/flags)",
        ),
        (
            problem(429, "slow\ndown"),
            ErrorKind::Unreachable,
            "the request failed (code: 429, message: slow down, topic: projects/my-project/topics/flags)",
        ),
        (
            Answer::Full(400, vec![], br#"{"code": 3, "message": "bare"}"#.to_vec()),
            ErrorKind::Refused,
            "the request failed (code: 400, message: bare, topic: projects/my-project/topics/flags)",
        ),
        (
            Answer::Full(302, vec![("Location", server.url("/elsewhere"))], vec![]),
            ErrorKind::Refused,
            "the request failed (code: 302, topic: projects/my-project/topics/flags)",
        ),
    ] {
        server.answer(answer);
        let error = exporter.export(&[event("a")]).await.unwrap_err();
        assert_eq!((error.kind(), &*error.to_string()), (kind, text));
        let is_told = matches!(kind, ErrorKind::Unreachable).then(|| std::time::Duration::from_secs(7));
        assert!(is_told.is_none() || error.pause() == is_told);
    }
    server.answer(Answer::Drop);
    let error = exporter.export(&[event("a")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
}

#[tokio::test]
async fn an_event_that_is_too_large_is_not_sent() {
    let server = FlagServer::start().await;
    let exporter = build(&options("flags"), &[(EMULATOR, &server.address().to_string())]).unwrap();
    let error = exporter.export(&[Event::new(vec![b'x'; 7_000_001])]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(server.requests().is_empty());
}

#[test]
fn options_are_checked() {
    for (topic, expected) in [
        (
            "flags/x",
            "property \"topic\" of kind \"pubsub\" holds characters that are in no name of a topic",
        ),
        (
            "projects/x",
            "property \"topic\" of kind \"pubsub\" is not of the form projects/PROJECT/topics/TOPIC",
        ),
        (
            "projects/x/topics/a/b",
            "property \"topic\" of kind \"pubsub\" holds characters that are in no name of a topic",
        ),
    ] {
        assert_eq!(build(&options(topic), &[]).unwrap_err().to_string(), expected);
    }
    let exporter = build(&options("flags"), &[]).unwrap();
    assert_eq!(exporter.target(), "projects/my-project/topics/flags");
}
