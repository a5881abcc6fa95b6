use flagstaff_testkit::flag_server::{Answer, FlagServer};
use serde_json::{Value, json};

use super::group;
use crate::testing::{aws_variables, build, event};
use crate::{ErrorKind, Event};

fn options(queue: &str) -> Value {
    json!({"kind": "sqs", "queueUrl": format!("https://sqs.eu-west-1.amazonaws.com/123456789012/{queue}")})
}

/// The answer to a request of these messages: taken, or the code of a failure and whether it is the sender's.
fn answer(results: &[Option<(&str, bool)>]) -> Answer {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (place, result) in results.iter().enumerate() {
        let id = place.to_string();
        match result {
            None => successful.push(json!({"Id": id, "MessageId": "m", "MD5OfMessageBody": ""})),
            Some((code, is_senders)) => {
                failed.push(json!({"Id": id, "Code": code, "SenderFault": is_senders, "Message": "why"}));
            }
        }
    }
    Answer::ok(json!({"Successful": successful, "Failed": failed}).to_string())
}

#[tokio::test]
async fn messages_that_are_not_taken_are_named() {
    let server = FlagServer::start().await;
    server.answer(answer(&[
        None,
        Some(("InternalError", false)),
        Some(("InvalidMessageContents", true)),
        Some(("KMS.AccessDeniedException", true)),
    ]));
    let url = server.url("");
    let exporter = build(&options("flags"), &aws_variables(&url)).unwrap();
    let receipt = exporter.export(&["a", "b", "c", "d"].map(event)).await.unwrap();
    assert_eq!(receipt.again, [1, 3]);
    let refused: Vec<_> = receipt
        .refused
        .iter()
        .map(|refusal| (refusal.index, &*refusal.reason))
        .collect();
    assert_eq!(refused, [(2, "InvalidMessageContents: why")]);

    let request = server.requests().remove(0);
    assert_eq!(
        request.header("x-amz-target").as_deref(),
        Some("AmazonSQS.SendMessageBatch")
    );
    assert!(request.header("authorization").unwrap().contains("/eu-west-1/sqs/"));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(
        body["QueueUrl"],
        "https://sqs.eu-west-1.amazonaws.com/123456789012/flags"
    );
    let attributes = json!({"emitter": {"DataType": "String", "StringValue": "GO Feature Flag"}});
    let text = String::from_utf8(event("a").text().to_vec()).unwrap();
    assert_eq!(
        body["Entries"][0],
        json!({"Id": "0", "MessageBody": text, "MessageAttributes": attributes})
    );

    server.answer(answer(&[Some(("InternalError", false))]));
    let error = exporter.export(&[event("a")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert_eq!(
        error.to_string(),
        "no message was taken (code: InternalError, message: why, queue: https://sqs.eu-west-1.amazonaws.com/123456789012/flags)"
    );
}

#[tokio::test]
async fn ten_messages_go_with_a_request() {
    let server = FlagServer::start().await;
    server.answer(answer(&[Some(("InternalError", false)), None]));
    let url = server.url("");
    let exporter = build(&options("flags"), &aws_variables(&url)).unwrap();
    let batch: Vec<_> = (0..23).map(|user| event(&user.to_string())).collect();
    let receipt = exporter.export(&batch).await.unwrap();
    assert_eq!(receipt.again, [0, 10, 20]);
    let mut sizes: Vec<_> = server
        .requests()
        .iter()
        .map(|request| {
            serde_json::from_str::<Value>(&request.body).unwrap()["Entries"]
                .as_array()
                .unwrap()
                .len()
        })
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [3, 10, 10]);
}

#[tokio::test]
async fn a_queue_that_keeps_order_gets_groups_and_identities() {
    let server = FlagServer::start().await;
    let url = server.url("");
    let exporter = build(&options("flags.fifo"), &aws_variables(&url)).unwrap();
    let mut batch: Vec<_> = (0..12).map(|_| event("jane")).collect();
    let entries = |server: &FlagServer| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let bodies = server.requests().into_iter().map(|request| request.body);
        bodies
            .flat_map(|body| {
                serde_json::from_str::<Value>(&body).unwrap()["Entries"]
                    .as_array()
                    .unwrap()
                    .clone()
            })
            .map(|entry| (text(&entry["MessageGroupId"]), text(&entry["MessageDeduplicationId"])))
            .collect()
    };

    // what follows on a failure is not sent
    server.answer(answer(&[None, Some(("InternalError", false))]));
    let receipt = exporter.export(&batch).await.unwrap();
    assert_eq!(receipt.again, [1, 10, 11]);
    let first = entries(&server);
    assert_eq!(first.len(), 10);
    assert!(first.iter().all(|(group, _)| group == "jane"));
    let mut names: Vec<_> = first.iter().map(|(_, name)| name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 10, "equal events are events of their own");

    // what is sent again has a name that was not taken
    server.answer(answer(&[]));
    batch.truncate(1);
    exporter.export(&batch).await.unwrap();
    let again = entries(&server);
    assert!(
        !first[2..].contains(&again[0]) && first[0] != again[0],
        "{first:?} {again:?}"
    );

    exporter.export(&batch).await.unwrap();
    assert!(!first.contains(&entries(&server)[0]), "a later event is another one");
}

#[tokio::test]
async fn failures_say_what_is_wrong() {
    let server = FlagServer::start().await;
    let url = server.url("");
    let exporter = build(&options("flags"), &aws_variables(&url)).unwrap();
    let refusal = |code: &str| {
        let body = json!({"__type": format!("com.amazonaws.sqs#{code}"), "message": ""}).to_string();
        Answer::Full(
            400,
            vec![("Content-Type", "application/x-amz-json-1.0".to_owned())],
            body.into_bytes(),
        )
    };
    for (code, kind) in [
        ("QueueDoesNotExist", ErrorKind::NotFound),
        ("BatchRequestTooLong", ErrorKind::TooLarge),
        ("AccessDeniedException", ErrorKind::Denied),
        ("RequestThrottled", ErrorKind::Unreachable),
        ("UnsupportedOperation", ErrorKind::Refused),
    ] {
        server.answer(refusal(code));
        let error = exporter.export(&[event("a")]).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let expected =
            format!("the request failed (code: {code}, queue: https://sqs.eu-west-1.amazonaws.com/123456789012/flags)");
        assert_eq!(error.to_string(), expected);
    }
    let error = exporter.export(&[Event::new(vec![b'x'; 1 << 20])]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn groups_are_called_as_they_may_be() {
    assert_eq!(group("jane@example.com"), "jane@example.com");
    for user in ["", "jane doe", "jané", &"x".repeat(129)] {
        assert_eq!(group(user).len(), 64, "{user}");
    }
    assert_ne!(group("jane doe"), group("jané"));
}

#[test]
fn options_are_checked() {
    let error = build(&json!({"kind": "sqs", "queueUrl": "flags"}), &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "property \"queueUrl\" of kind \"sqs\" must begin with http:// or https://"
    );
}
