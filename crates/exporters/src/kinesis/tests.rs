use flagstaff_testkit::flag_server::{Answer, FlagServer};
use serde_json::{Value, json};

use crate::testing::{aws_variables, build, event};
use crate::{ErrorKind, Event};

fn options() -> Value {
    json!({"kind": "kinesis", "streamName": "flags"})
}

#[tokio::test]
async fn records_that_are_not_taken_are_named() {
    let server = FlagServer::start().await;
    let taken = json!({"SequenceNumber": "1", "ShardId": "shardId-0"});
    let slow = json!({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"});
    let answer = json!({"FailedRecordCount": 1, "Records": [taken, slow, taken]});
    server.answer(Answer::ok(answer.to_string()));
    let url = server.url("");
    let exporter = build(&options(), &aws_variables(&url)).unwrap();
    let receipt = exporter.export(&[event("a"), event("b"), event("c")]).await.unwrap();
    assert_eq!((receipt.again, receipt.refused.len()), (vec![1], 0));

    let request = server.requests().remove(0);
    assert_eq!(
        request.header("x-amz-target").as_deref(),
        Some("Kinesis_20131202.PutRecords")
    );
    assert!(request.header("authorization").unwrap().contains("/eu-west-1/kinesis/"));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["StreamName"], "flags");
    let record = |key| json!({"Data": data_encoding::BASE64.encode(event(key).text()), "PartitionKey": "default"});
    assert_eq!(body["Records"], json!([record("a"), record("b"), record("c")]));

    server.answer(Answer::ok(
        json!({"FailedRecordCount": 1, "Records": [slow]}).to_string(),
    ));
    let error = exporter.export(&[event("a")]).await.unwrap_err();
    assert_eq!(
        (error.kind(), &*error.to_string()),
        (
            ErrorKind::Unreachable,
            "no record was taken (code: ProvisionedThroughputExceededException, message: Rate exceeded, stream: flags)"
        )
    );
}

#[tokio::test]
async fn failures_say_what_is_wrong() {
    let server = FlagServer::start().await;
    let url = server.url("");
    let exporter = build(&options(), &aws_variables(&url)).unwrap();
    let refusal = |status, code: &str, message: &str| {
        let body = json!({"__type": code, "message": message}).to_string().into_bytes();
        Answer::Full(
            status,
            vec![("Content-Type", "application/x-amz-json-1.1".to_owned())],
            body,
        )
    };
    for (answer, kind, text) in [
        (
            refusal(400, "ResourceNotFoundException", "Stream flags not found"),
            ErrorKind::NotFound,
            "the request failed (code: ResourceNotFoundException, message: Stream flags not found, stream: flags)",
        ),
        (
            refusal(400, "UnrecognizedClientException", "The security token is invalid"),
            ErrorKind::Denied,
            "the request failed (code: UnrecognizedClientException, message: The security token is invalid, stream: flags)",
        ),
        (
            refusal(400, "ProvisionedThroughputExceededException", ""),
            ErrorKind::Unreachable,
            "the request failed (code: ProvisionedThroughputExceededException, stream: flags)",
        ),
        (
            refusal(400, "ValidationException", "a\nb"),
            ErrorKind::Refused,
            "the request failed (code: ValidationException, message: a, stream: flags)",
        ),
        (
            refusal(500, "InternalFailure", ""),
            ErrorKind::Unreachable,
            "the request failed (code: InternalFailure, stream: flags)",
        ),
    ] {
        server.answer(answer);
        let error = exporter.export(&[event("a")]).await.unwrap_err();
        assert_eq!((error.kind(), &*error.to_string()), (kind, text));
        assert_eq!(server.requests().len(), 1, "requests are not repeated");
    }
    server.answer(Answer::Drop);
    let error = exporter.export(&[event("a")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    assert!(!error.to_string().contains("DispatchFailure"), "{error}");
}

#[tokio::test]
async fn an_event_that_is_too_large_is_not_sent() {
    let server = FlagServer::start().await;
    let url = server.url("");
    let exporter = build(&options(), &aws_variables(&url)).unwrap();
    let error = exporter.export(&[Event::new(vec![b'x'; 5 << 20])]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(server.requests().is_empty());
}

#[test]
fn a_stream_has_a_name_or_an_arn() {
    let arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/flags";
    for (options, expected) in [
        (json!({"streamName": "flags", "streamArn": arn}), "flags"),
        (json!({"streamArn": arn}), arn),
        (
            json!({"streamArn": "arn:aws:sqs:eu-west-1:123456789012:flags"}),
            "property \"streamArn\" of kind \"kinesis\" is not of the form arn:aws:kinesis:REGION:ACCOUNT:stream/NAME",
        ),
    ] {
        let mut options = options;
        options["kind"] = json!("kinesis");
        let built = build(&options, &[]);
        assert_eq!(
            built.map_or_else(|error| error.to_string(), |exporter| exporter.target()),
            expected
        );
    }
}
