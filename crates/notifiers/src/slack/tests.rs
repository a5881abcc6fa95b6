use std::collections::BTreeMap;

use flagstaff_testkit::flag_server::{Answer, FlagServer};
use serde_json::json;
use serde_json::value::RawValue;

use super::message;
use crate::testing::{many, recipient, samples};

/// Members as texts, attachments sorted, since GO Feature Flag has those of one colour in any order.
fn parts(message: &str) -> (Vec<(&str, &str)>, Vec<&str>) {
    let members: BTreeMap<&str, &RawValue> = serde_json::from_str(message).unwrap();
    let mut attachments: Vec<&RawValue> = serde_json::from_str(members["attachments"].get()).unwrap();
    attachments.sort_by_key(|attachment| attachment.get());
    let others = members.iter().filter(|(name, _)| **name != "attachments");
    (
        others.map(|(name, value)| (*name, value.get())).collect(),
        attachments.into_iter().map(RawValue::get).collect(),
    )
}

#[tokio::test]
async fn says_what_go_feature_flag_says() {
    let server = FlagServer::start().await;
    server.answer(Answer::ok("ok"));
    for (at, (news, expected)) in samples("slack").into_iter().enumerate() {
        let property = if at == 0 { "slackWebhookUrl" } else { "webhookUrl" };
        let recipient = recipient(&json!({"kind": "slack", property: server.url("/services/T0")})).unwrap();
        recipient.notifier.notify(&news).await.unwrap();
        let request = &server.requests()[0];
        assert_eq!(request.line, "POST /services/T0");
        assert_eq!(request.header("content-type").as_deref(), Some("application/json"));
        assert_eq!(parts(&request.body), parts(expected));
    }
}

#[test]
fn groups_stand_in_their_order() {
    for (news, _) in samples("slack") {
        let message: serde_json::Value = serde_json::from_slice(&message(&news)).unwrap();
        let attachments = message["attachments"].as_array().unwrap();
        let colours = attachments
            .iter()
            .map(|attachment| attachment["color"].as_str().unwrap());
        let order = |colour| {
            ["#FF0000", "#FFA500", "#008000"]
                .iter()
                .position(|known| *known == colour)
        };
        assert!(colours.map(order).is_sorted(), "{attachments:?}");
    }
}

#[test]
fn no_more_attachments_than_slack_takes() {
    for (flags, expected) in [
        (100, "🆕 Flag \"flag-0099\" created"),
        (101, "and 2 more flags, the logs have them all"),
    ] {
        let message: serde_json::Value = serde_json::from_slice(&message(&many(flags))).unwrap();
        let attachments = message["attachments"].as_array().unwrap();
        assert_eq!(attachments.len(), 100);
        assert_eq!(attachments[99]["title"], expected);
    }
}
