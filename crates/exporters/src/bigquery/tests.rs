use flagstaff_testkit::flag_server::{Answer, FlagServer};
use serde_json::{Value, json};

use super::row::Row;
use crate::testing::{build, event};
use crate::{ErrorKind, Event, EventType};

const EMULATOR: &str = "BIGQUERY_EMULATOR_HOST";

const INSERT_ALL: &str =
    "POST /bigquery/v2/projects/my-project/datasets/flags/tables/feature_flag_evaluations/insertAll";

fn options(more: &Value) -> Value {
    let mut options = json!({"kind": "bigquery", "projectID": "my-project", "datasetID": "flags"});
    let more = more.as_object().unwrap().clone();
    options.as_object_mut().unwrap().extend(more);
    options
}

fn body(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn each_event_is_a_row() {
    let server = FlagServer::start().await;
    server.answer(Answer::ok(r#"{"kind": "bigquery#tableDataInsertAllResponse"}"#));
    let exporter = build(&options(&json!({})), &[(EMULATOR, &server.url(""))]).unwrap();
    let receipt = exporter.export(&[event("jane"), event("jane")]).await.unwrap();
    assert!(receipt.again.is_empty() && receipt.refused.is_empty());
    let request = server.requests().remove(0);
    assert_eq!(request.line, INSERT_ALL);
    let rows = body(&request.body)["rows"].take();
    assert_eq!(
        rows[0]["json"],
        json!({
            "kind": "feature", "context_kind": "user", "user_key": "jane", "creation_date": 1_617_970_547, "key": "random-key",
            "variation": "Default", "value": "\"YO\"", "default": false, "version": "", "source": "SERVER", "metadata": "null",
        })
    );
    let identifier = |row: &Value| row["insertId"].as_str().unwrap().to_owned();
    assert!(
        identifier(&rows[0]).starts_with("random-key|jane|1617970547|"),
        "{rows}"
    );
    assert_ne!(
        identifier(&rows[0]),
        identifier(&rows[1]),
        "no event is taken for another one"
    );
    assert_eq!(exporter.target(), "my-project.flags.feature_flag_evaluations");
}

#[test]
fn tracking_has_columns_of_its_own() {
    let event = json!({
        "kind": "tracking", "contextKind": "user", "userKey": "jane", "creationDate": 7, "key": "checkout",
        "evaluationContext": {"targetingKey": "jane"}, "trackingEventDetails": {"value": 9.5},
    });
    let row = Row::new(EventType::Tracking, &Event::new(event.to_string()), "1").unwrap();
    assert_eq!(
        serde_json::to_value(&row).unwrap(),
        json!({"insertId": "checkout|jane|7|1", "json": {
            "kind": "tracking", "context_kind": "user", "user_key": "jane", "creation_date": 7, "key": "checkout",
            "tracking_details": "{\"value\":9.5}", "evaluation_context": "{\"targetingKey\":\"jane\"}",
        }})
    );
    let long = json!({"kind": "tracking", "userKey": "x".repeat(128), "creationDate": 7, "key": "checkout"});
    let row = Row::new(EventType::Tracking, &Event::new(long.to_string()), "1").unwrap();
    assert_eq!(serde_json::to_value(&row).unwrap()["insertId"], "1");
}

#[tokio::test]
async fn rows_that_are_not_taken_are_named() {
    let server = FlagServer::start().await;
    let problem = |index: usize, reason: &str| json!({"index": index, "errors": [{"reason": reason, "location": "value", "message": "why"}]});
    let answer = json!({"insertErrors": [problem(0, "invalid"), problem(1, "stopped")]});
    server.answer(Answer::ok(answer.to_string()));
    let exporter = build(&options(&json!({})), &[(EMULATOR, &server.url(""))]).unwrap();
    let batch = [Event::new("{}"), event("a"), event("b"), event("c")];
    let receipt = exporter.export(&batch).await.unwrap();
    let refused: Vec<_> = receipt
        .refused
        .iter()
        .map(|refusal| (refusal.index, &*refusal.reason))
        .collect();
    assert_eq!(receipt.again, [2]);
    assert!(
        refused[0].1.starts_with("it is no feature event: missing field"),
        "{refused:?}"
    );
    assert_eq!(refused[1..], [(1, "invalid in column \"value\": why")]);

    // the row that is sent again keeps its name
    let rows = body(&server.requests()[0].body)["rows"].take();
    exporter.export(&batch[2..3]).await.unwrap();
    assert_eq!(
        body(&server.requests()[0].body)["rows"][0]["insertId"],
        rows[1]["insertId"]
    );
}

#[tokio::test]
async fn data_set_and_table_are_made_once() {
    let server = FlagServer::start().await;
    server.answer(Answer::ok("{}"));
    let exporter = build(
        &options(&json!({"autoMigrate": true, "tableName": "t"})),
        &[(EMULATOR, &server.url(""))],
    )
    .unwrap();
    exporter.export(&[event("a")]).await.unwrap();
    let requests = server.requests();
    let lines: Vec<_> = requests.iter().map(|request| &*request.line).collect();
    assert_eq!(
        lines,
        [
            "POST /bigquery/v2/projects/my-project/datasets",
            "POST /bigquery/v2/projects/my-project/datasets/flags/tables",
            "POST /bigquery/v2/projects/my-project/datasets/flags/tables/t/insertAll"
        ]
    );
    let table = body(&requests[1].body);
    assert_eq!(
        table["tableReference"],
        json!({"projectId": "my-project", "datasetId": "flags", "tableId": "t"})
    );
    assert_eq!(
        table["schema"]["fields"][6],
        json!({"name": "value", "type": "JSON", "mode": "NULLABLE"})
    );
    exporter.export(&[event("a")]).await.unwrap();
    assert_eq!(server.requests().len(), 1);

    // a table that is gone is made again, and one that is there is no failure
    server.answer(Answer::status(404));
    let error = exporter.export(&[event("a")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        error.to_string(),
        "the request failed (code: 404, table: my-project.flags.t)"
    );
    server.requests();
    server.answer(Answer::status(409));
    let error = exporter.export(&[event("a")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn options_are_checked_without_showing_them() {
    for (more, expected) in [
        (
            json!({"datasetID": "a/b"}),
            "property \"datasetID\" of kind \"bigquery\" holds characters that are in no such name",
        ),
        (
            json!({"tableName": "a b"}),
            "property \"tableName\" of kind \"bigquery\" holds characters that are in no such name",
        ),
        (
            json!({"googleCredentials": "secret"}),
            "property \"googleCredentials\" of kind \"bigquery\" is not JSON",
        ),
    ] {
        assert_eq!(build(&options(&more), &[]).unwrap_err().to_string(), expected);
    }
    let exporter = build(
        &options(&json!({"googleCredentials": "{\"private_key\": \"secret\"}"})),
        &[],
    )
    .unwrap();
    assert!(!format!("{exporter:?}").contains("secret"), "{exporter:?}");
}

#[tokio::test]
async fn credentials_that_are_not_complete_are_told_about() {
    let exporter = build(
        &options(&json!({"googleCredentials": "{\"private_key\": \"secret\"}"})),
        &[],
    )
    .unwrap();
    let error = exporter.export(&[event("a")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Settings);
    assert_eq!(
        error.to_string(),
        "the credentials of Google are not complete: take the JSON file as Google gives it out (table: my-project.flags.feature_flag_evaluations)"
    );
}
