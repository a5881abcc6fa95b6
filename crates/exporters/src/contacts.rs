//! What exporters make of the answers of services when they only look.

use flagstaff_testkit::flag_server::{Answer, FlagServer};
use serde_json::{Value, json};

use crate::testing::build;
use crate::{Contact, ErrorKind};

/// What comes of a look.
#[derive(Debug, PartialEq)]
enum Came {
    Answers,
    Unclear,
    Fails(ErrorKind),
}

use Came::{Answers, Fails, Unclear};

/// Looks at a service that gives each of these answers: what comes of it, and what it was asked.
async fn check(options: Value, cases: Vec<(Answer, Came)>, asked: &str) {
    let server = FlagServer::start().await;
    let (url, host) = (server.url(""), server.address().to_string());
    let variables = [
        ("AWS_ENDPOINT_URL", &*url),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKtest"),
        ("AWS_SECRET_ACCESS_KEY", "SKtest"),
        ("PUBSUB_EMULATOR_HOST", &*host),
        ("BIGQUERY_EMULATOR_HOST", &*host),
    ];
    for (answer, expected) in cases {
        let shown = format!("{options} {answer:?}");
        server.answer(answer);
        let exporter = build(&options, &variables).unwrap();
        let came = match exporter.contact().await {
            Ok(Contact::Answers(_)) => Answers,
            Ok(Contact::Unclear(_)) => Unclear,
            Err(error) => Fails(error.kind()),
        };
        assert_eq!(came, expected, "{shown}");
        let requests = server.requests();
        assert_eq!(requests.len(), 1, "{shown}");
        assert!(requests[0].line.starts_with(asked), "{}", requests[0].line);
    }
}

/// An answer of S3 with a code of its own.
#[cfg(feature = "s3")]
fn of_s3(status: u16, code: &str) -> Answer {
    let body = format!("<Error><Code>{code}</Code><Message>why</Message></Error>");
    Answer::Full(status, Vec::new(), body.into_bytes())
}

#[cfg(feature = "s3")]
#[tokio::test]
async fn a_bucket() {
    let cases = vec![
        (of_s3(404, "NoSuchKey"), Answers),
        (of_s3(404, "NoSuchBucket"), Fails(ErrorKind::NotFound)),
        (of_s3(403, "AccessDenied"), Unclear),
        (of_s3(403, "SignatureDoesNotMatch"), Fails(ErrorKind::Denied)),
        (of_s3(503, "SlowDown"), Fails(ErrorKind::Unreachable)),
    ];
    let options = json!({"kind": "s3", "bucket": "events", "path": "/a/"});
    check(options, cases, "GET /events/a/flagstaff-check").await;
}

/// An answer of AWS in JSON.
#[cfg(any(feature = "kinesis", feature = "sqs"))]
fn of_aws(status: u16, code: &str) -> Answer {
    let body = json!({"__type": format!("com.amazonaws#{code}"), "message": "why"});
    Answer::Full(status, Vec::new(), body.to_string().into_bytes())
}

#[cfg(feature = "sqs")]
#[tokio::test]
async fn a_queue() {
    let cases = vec![
        (Answer::ok(r#"{"Attributes": {"QueueArn": "arn"}}"#), Answers),
        (of_aws(400, "QueueDoesNotExist"), Fails(ErrorKind::NotFound)),
        (of_aws(403, "AccessDeniedException"), Unclear),
        (of_aws(403, "InvalidClientTokenId"), Fails(ErrorKind::Denied)),
    ];
    let options = json!({"kind": "sqs", "queueUrl": "https://sqs.eu-west-1.amazonaws.com/1/flags"});
    check(options, cases, "POST /").await;
}

#[cfg(feature = "kinesis")]
#[tokio::test]
async fn a_stream() {
    let summary = json!({"StreamDescriptionSummary": {
        "StreamName": "flags", "StreamARN": "arn", "StreamStatus": "ACTIVE", "RetentionPeriodHours": 24,
        "StreamCreationTimestamp": 1, "EnhancedMonitoring": [], "OpenShardCount": 2,
    }});
    let cases = vec![
        (Answer::ok(summary.to_string()), Answers),
        (of_aws(400, "ResourceNotFoundException"), Fails(ErrorKind::NotFound)),
        (of_aws(400, "AccessDeniedException"), Unclear),
        (of_aws(400, "UnrecognizedClientException"), Fails(ErrorKind::Denied)),
    ];
    check(json!({"kind": "kinesis", "streamName": "flags"}), cases, "POST /").await;
}

/// What Google answers to everybody alike.
#[cfg(feature = "google")]
fn of_google(missing: Came) -> Vec<(Answer, Came)> {
    vec![
        (Answer::ok("{}"), Answers),
        (Answer::status(404), missing),
        (Answer::status(403), Unclear),
        (Answer::status(401), Fails(ErrorKind::Denied)),
        (Answer::status(503), Fails(ErrorKind::Unreachable)),
    ]
}

#[cfg(feature = "pubsub")]
#[tokio::test]
async fn a_topic() {
    let options = json!({"kind": "pubsub", "projectID": "p", "topic": "flags"});
    let cases = of_google(Fails(ErrorKind::NotFound));
    check(options, cases, "GET /v1/projects/p/topics/flags").await;
}

#[cfg(feature = "bigquery")]
#[tokio::test]
async fn a_table() {
    for (migrates, missing) in [(false, Fails(ErrorKind::NotFound)), (true, Answers)] {
        let options = json!({
            "kind": "bigquery", "projectID": "p", "datasetID": "d", "tableName": "t", "autoMigrate": migrates,
        });
        let asked = "GET /bigquery/v2/projects/p/datasets/d/tables/t";
        check(options, of_google(missing), asked).await;
    }
}
