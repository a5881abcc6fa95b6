use std::sync::Arc;

use flagstaff_events::{ErrorKind, Event, EventType, Exporter};
use flagstaff_testkit::flag_server::{Answer, FlagServer, Request};
use serde_json::{Value, json};

use crate::samples::{exporter, exporter_in, recorded, stored};

/// An exporter into a bucket of a server.
fn s3(server: &FlagServer, options: &Value) -> Arc<dyn Exporter> {
    let mut options = options.clone();
    options["kind"] = json!("s3");
    options["bucket"] = json!("events");
    let endpoint = server.url("");
    let variables = [
        ("TZ", "UTC"),
        ("AWS_ENDPOINT_URL_S3", &*endpoint),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    exporter_in(&options, EventType::Feature, &variables).expect("the options are right")
}

async fn server() -> FlagServer {
    let server = FlagServer::start().await;
    server.answer(Answer::Full(200, vec![("ETag", "\"1\"".to_owned())], Vec::new()));
    server
}

fn lines(requests: &[Request]) -> Vec<&str> {
    requests.iter().map(|request| &*request.line).collect()
}

#[tokio::test]
async fn a_batch_is_an_object() {
    let server = server().await;
    for (path, expected) in [
        (json!(""), "PUT /events/flag-variation-host-1700000000.json"),
        (json!("/a//b/"), "PUT /events/a/b/flag-variation-host-1700000000.json"),
        (
            json!("team=web"),
            "PUT /events/team%3Dweb/flag-variation-host-1700000000.json",
        ),
    ] {
        let receipt = s3(&server, &json!({"path": path}))
            .export(&recorded("FE"))
            .await
            .unwrap();
        assert!(receipt.refused.is_empty() && receipt.again.is_empty());
        let request = server.requests().remove(0);
        assert_eq!(request.line, expected);
        assert_eq!(request.header("content-type").as_deref(), Some("application/x-ndjson"));
        assert_eq!(request.header("if-none-match").as_deref(), Some("*"));
        let expected: String = recorded("FE")
            .iter()
            .map(|event| format!("{}\n", String::from_utf8_lossy(event.text())))
            .collect();
        assert_eq!(request.body, expected);
    }
}

#[tokio::test]
async fn no_object_is_replaced() {
    // of one second are: the same exporter's next batch
    let server = server().await;
    let exporter = s3(&server, &json!({"path": "p", "format": "csv"}));
    for _ in 0..2 {
        exporter.export(&recorded("FE")).await.unwrap();
    }
    assert_eq!(
        lines(&server.requests()),
        [
            "PUT /events/p/flag-variation-host-1700000000.csv",
            "PUT /events/p/flag-variation-host-1700000000-1700000000000000000.csv"
        ]
    );
    // and what others put there
    server.answer(Answer::status(412));
    let exporter = s3(&server, &json!({"filename": "fixed"}));
    let error = exporter.export(&recorded("FE")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    let requests = server.requests();
    assert_eq!(requests.len(), 10);
    assert_eq!(
        lines(&requests)[..2],
        ["PUT /events/fixed", "PUT /events/fixed-1700000000000000001"]
    );
}

#[tokio::test]
async fn a_store_without_conditions_gets_names_that_are_unique() {
    let server = FlagServer::start().await;
    server.answer(Answer::status(501));
    let error = s3(&server, &json!({"filename": "fixed"}))
        .export(&recorded("FE"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    let requests = server.requests();
    assert_eq!(
        lines(&requests),
        ["PUT /events/fixed", "PUT /events/fixed-1700000000000000001"]
    );
    assert_eq!(requests[1].header("if-none-match"), None);
}

#[tokio::test]
async fn partitions_are_objects() {
    let server = server().await;
    let event = |date: i64| stored(&json!({"kind": "feature", "creationDate": date}));
    let exporter = s3(
        &server,
        &json!({"path": "p", "filename": "f.json", "partition": "hour"}),
    );
    exporter
        .export(&[event(1_700_006_400), event(1_700_000_000)])
        .await
        .unwrap();
    assert_eq!(
        lines(&server.requests()),
        [
            "PUT /events/p/date%3D2023-11-14/hour%3D22/f.json",
            "PUT /events/p/date%3D2023-11-15/hour%3D00/f.json"
        ]
    );
}

#[tokio::test]
async fn failures_name_the_bucket_and_no_secret() {
    let server = FlagServer::start().await;
    let code = |status, code: &str| {
        let body = format!("<Error><Code>{code}</Code><StringToSign>secret</StringToSign></Error>");
        Answer::Full(status, Vec::new(), body.into_bytes())
    };
    for (answer, kind) in [
        (code(404, "NoSuchBucket"), ErrorKind::NotFound),
        (code(403, "InvalidAccessKeyId"), ErrorKind::Denied),
        (code(400, "ExpiredToken"), ErrorKind::Settings),
        (code(400, "EntityTooLarge"), ErrorKind::TooLarge),
        (code(503, "SlowDown"), ErrorKind::Unreachable),
        (Answer::Drop, ErrorKind::Unreachable),
    ] {
        server.answer(answer);
        let exporter = s3(&server, &json!({"path": "p"}));
        let error = exporter.export(&recorded("FE")).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let text = error.to_string();
        assert!(
            text.starts_with("the object cannot be put (bucket: s3://events): "),
            "{text}"
        );
        assert!(
            !format!("{text} {error:?} {exporter:?}").contains("secret"),
            "{error:?}"
        );
        assert_eq!(exporter.target(), "s3://events/p");
    }
    let receipt = s3(&server, &json!({"format": "csv"}))
        .export(&[Event::new("{}")])
        .await
        .unwrap();
    assert_eq!(receipt.refused.len(), 1, "nothing is put");
}

#[test]
fn options_are_checked_at_once() {
    for (options, expected) in [
        (json!({"kind": "s3"}), "no \"bucket\" property found for kind \"s3\""),
        (
            json!({"kind": "s3", "bucket": "b", "path": "a/../b"}),
            "property \"path\" of kind \"s3\" must not hold `.` or `..`",
        ),
        (
            json!({"kind": "s3", "bucket": "b", "format": "XML"}),
            "property \"format\" of kind \"s3\" is not one of JSON, CSV, Parquet",
        ),
    ] {
        let error = exporter(&options, EventType::Feature).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}
