use std::time::{Duration, UNIX_EPOCH};

use aws_lc_rs::hmac;
use flagstaff_events::{ErrorKind, Event, EventType, ExportError, Receipt};
use flagstaff_testkit::flag_server::{Answer, FlagServer, Request};
use serde_json::{Value, json};

use crate::samples::{NOW, exporter, recorded, stored};

async fn export(options: &Value, batch: &[Event]) -> Result<Receipt, ExportError> {
    let mut options = options.clone();
    options["kind"] = json!("webhook");
    exporter(&options, EventType::Feature).unwrap().export(batch).await
}

/// The request that one event makes.
async fn request(options: Value) -> Request {
    let server = FlagServer::start().await;
    server.answer(Answer::status(200));
    let mut options = options;
    options["endpointUrl"] = json!(server.url("/e"));
    let event =
        json!({"kind": "feature", "userKey": "u1", "creationDate": 1, "key": "f", "variation": "on", "value": true});
    export(&options, &[stored(&event)]).await.unwrap();
    server.requests().remove(0)
}

#[tokio::test]
async fn bodies_and_headers_are_those_of_go_feature_flag() {
    let events = r#""events":[{"kind":"feature","userKey":"u1","creationDate":1,"key":"f","variation":"on","value":true,"default":false,"version":"","source":"PROVIDER_CACHE"}]"#;
    let request_of = request(json!({
        "secret": "s3cret", "meta": {"team": "a", "A": 1, "z": "é<"},
        "headers": {"X-Custom": ["one", "two"], "Authorization": "tok", "content-type": "text/x"},
    }))
    .await;
    assert_eq!(request_of.line, "POST /e");
    assert_eq!(
        request_of.body,
        format!(r#"{{"meta":{{"A":"1","hostname":"host","team":"a","z":"é<"}},{events}}}"#)
    );
    for (name, value) in [
        ("content-type", "application/json"),
        ("x-custom", "one,two"),
        ("authorization", "tok"),
    ] {
        assert_eq!(request_of.header(name).as_deref(), Some(value), "{name}");
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"s3cret");
    let signature = request_of.header("x-hub-signature-256").unwrap();
    let signature = data_encoding::HEXLOWER
        .decode(signature.strip_prefix("sha256=").unwrap().as_bytes())
        .unwrap();
    hmac::verify(&key, request_of.body.as_bytes(), &signature).unwrap();

    let request_of = request(json!({"meta": {"hostname": "mine"}})).await;
    assert_eq!(request_of.body, format!(r#"{{"meta":{{"hostname":"mine"}},{events}}}"#));
    assert_eq!(request_of.header("x-hub-signature-256"), None);
}

#[test]
fn a_signature_is_the_known_one() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"secret");
    assert_eq!(
        super::signature(&key, b"this is a test"),
        "sha256=08abbecc4779c9260cc85a017eb9db8babb5308a614cc9f13a4b9976af6b7cee"
    );
}

#[tokio::test]
async fn a_large_batch_is_one_body() {
    let server = FlagServer::start().await;
    server.answer(Answer::status(204));
    let batch: Vec<_> = recorded("FE").into_iter().cycle().take(2_000).collect();
    export(&json!({"endpointUrl": server.url("/")}), &batch).await.unwrap();
    let sent: Value = serde_json::from_str(&server.requests()[0].body).unwrap();
    let sent = sent["events"].as_array().unwrap();
    assert_eq!(sent.len(), batch.len());
    for (sent, event) in sent.iter().zip(&batch) {
        assert_eq!(*sent, serde_json::from_slice::<Value>(event.text()).unwrap());
    }
}

#[tokio::test]
async fn redirects_keep_the_events_or_fail() {
    for status in [301, 302, 303, 307, 308] {
        let (first, second) = (FlagServer::start().await, FlagServer::start().await);
        second.answer(Answer::status(200));
        first.answer(Answer::Full(status, vec![("Location", second.url("/there"))], vec![]));
        let result = export(&json!({"endpointUrl": first.url("/"), "secret": "s"}), &recorded("FE")).await;
        let (sent, followed) = (first.requests(), second.requests());
        if status < 307 {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Settings);
            assert!(error.to_string().contains(&format!("code {status}")), "{error}");
            assert!(followed.is_empty());
        } else {
            result.unwrap();
            assert_eq!(
                (followed[0].line.as_str(), &followed[0].body),
                ("POST /there", &sent[0].body)
            );
            assert!(followed[0].header("x-hub-signature-256").is_some());
        }
    }
    let server = FlagServer::start().await;
    server.answer(Answer::Full(307, vec![("Location", "/".to_owned())], vec![]));
    let error = export(&json!({"endpointUrl": server.url("/")}), &recorded("FE"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Settings, "{error}");
    assert_eq!(server.requests().len(), 11);
}

#[tokio::test]
async fn failures_say_what_to_do_and_no_secret() {
    let server = FlagServer::start().await;
    let url = server
        .url("/secret?token=secret")
        .replace("http://", "http://user:secret@");
    let shown = server.url("");
    let later = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(NOW + 90));
    let answer =
        |status, retry_after: &str| Answer::Full(status, vec![("Retry-After", retry_after.to_owned())], vec![]);
    for (answer, kind, pause) in [
        (Answer::status(400), ErrorKind::Refused, None),
        (Answer::status(422), ErrorKind::Refused, None),
        (Answer::status(401), ErrorKind::Denied, None),
        (Answer::status(403), ErrorKind::Denied, None),
        (Answer::status(404), ErrorKind::NotFound, None),
        (Answer::status(405), ErrorKind::Settings, None),
        (Answer::status(413), ErrorKind::TooLarge, None),
        (Answer::status(429), ErrorKind::Unreachable, None),
        (answer(429, "7"), ErrorKind::Unreachable, Some(7)),
        (answer(503, &later), ErrorKind::Unreachable, Some(90)),
        (answer(503, "soon"), ErrorKind::Unreachable, None),
        (answer(503, "18446744073709551615"), ErrorKind::Unreachable, Some(3600)),
        (answer(500, "7"), ErrorKind::Unreachable, None),
        (Answer::Drop, ErrorKind::Unreachable, None),
    ] {
        let status = match &answer {
            Answer::Full(status, ..) => format!("the webhook answered with code {status} (url: {shown})"),
            _ => format!("cannot reach the webhook (url: {shown})"),
        };
        server.answer(answer);
        let error = export(&json!({"endpointUrl": url, "secret": "secret"}), &recorded("FE"))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.pause()),
            (kind, pause.map(Duration::from_secs)),
            "{error}"
        );
        let text = error.to_string();
        assert!(text.starts_with(&status) && !text.contains("secret"), "{text}");
    }
}

#[test]
fn options_are_checked_without_showing_them() {
    for (options, expected) in [
        (json!({}), "no \"endpointUrl\" property found for kind \"webhook\""),
        (
            json!({"endpointUrl": "secret"}),
            "property \"endpointUrl\" of kind \"webhook\" is not a URL: relative URL without a base",
        ),
        (
            json!({"endpointUrl": "ftp://secret"}),
            "property \"endpointUrl\" of kind \"webhook\" must begin with http:// or https://",
        ),
        (
            json!({"endpointUrl": "http://h/", "meta": {"a": ["secret"]}}),
            "property \"meta.a\" of kind \"webhook\" is not a text",
        ),
        (
            json!({"endpointUrl": "http://h/", "headers": {"a": "secret\n"}}),
            "property \"headers.a\" of kind \"webhook\" holds characters that a header cannot carry",
        ),
    ] {
        let mut options = options;
        options["kind"] = json!("webhook");
        let error = exporter(&options, EventType::Feature).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let options = json!({"kind": "webhook", "endpointUrl": "https://u:secret@h:8080/secret", "secret": "secret", "headers": {"a": "secret"}});
    let exporter = exporter(&options, EventType::Feature).unwrap();
    assert_eq!(exporter.target(), "https://h:8080");
    assert!(!format!("{exporter:?}").contains("secret"), "{exporter:?}");
}
