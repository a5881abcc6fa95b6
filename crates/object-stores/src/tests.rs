//! What becomes of the answers of a store.

use flagstaff_testkit::flag_server::{Answer, FlagServer};
use object_store::ObjectStoreExt as _;

use crate::s3::S3Bucket;
use crate::{Failure, FailureKind};

/// The failure of fetching an object from a bucket on `server`.
async fn failure(server: &FlagServer) -> Failure {
    let endpoint = server.url("");
    let variables = move |name: &str| {
        let value = match name {
            "AWS_ENDPOINT_URL_S3" => endpoint.as_str(),
            "AWS_REGION" => "eu-west-1",
            "AWS_ACCESS_KEY_ID" => "AKID",
            "AWS_SECRET_ACCESS_KEY" => "secret",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let bucket = S3Bucket {
        timeout: std::time::Duration::from_millis(300),
        ..S3Bucket::new("flags")
    };
    let store = bucket.open(&variables).await.expect("the bucket can be opened");
    Failure::new(
        &store
            .get(&"conf/flags.yaml".into())
            .await
            .expect_err("the store refuses"),
    )
}

#[tokio::test]
async fn failures_have_a_kind_and_one_line() {
    let server = FlagServer::start().await;
    let refused = |status, code: &str| {
        let body =
            format!("<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><StringToSign>secret\n</StringToSign></Error>");
        Answer::Full(status, Vec::new(), body.into_bytes())
    };
    for (answer, kind, text) in [
        (
            refused(404, "NoSuchKey"),
            FailureKind::NotFound,
            "the store answered with code 404 (NoSuchKey)",
        ),
        (
            refused(403, "InvalidAccessKeyId"),
            FailureKind::Denied,
            "the store answered with code 403 (InvalidAccessKeyId)",
        ),
        (
            refused(401, "a b"),
            FailureKind::Denied,
            "the store answered with code 401",
        ),
        (
            refused(400, "ExpiredToken"),
            FailureKind::Refused,
            "the store answered with code 400 (ExpiredToken)",
        ),
        (
            Answer::status(304),
            FailureKind::NotModified,
            "the store answered with code 304",
        ),
        (
            Answer::status(429),
            FailureKind::Unreachable,
            "the store answered with code 429",
        ),
        (
            refused(503, "SlowDown"),
            FailureKind::Unreachable,
            "the store answered with code 503 (SlowDown)",
        ),
        (Answer::Silence, FailureKind::TimedOut, ""),
        (Answer::Drop, FailureKind::Unreachable, ""),
    ] {
        server.answer(answer);
        let failure = failure(&server).await;
        assert_eq!(failure.kind(), kind, "{failure}");
        let shown = failure.to_string();
        assert!(
            if text.is_empty() {
                !shown.is_empty()
            } else {
                shown == text
            },
            "{shown}"
        );
        assert!(!shown.contains('\n') && !shown.contains("secret"), "{shown}");
    }
    server.answer(refused(501, "NotImplemented"));
    let failure = failure(&server).await;
    assert_eq!((failure.status(), failure.code()), (Some(501), Some("NotImplemented")));
    let signed = server.requests();
    assert_eq!(signed[0].line, "GET /flags/conf/flags.yaml");
    assert!(signed[0].header("authorization").unwrap().contains("Credential=AKID/"));
}
