use std::sync::Arc;

use bytes::Bytes;
use flagstaff_testkit::flag_server::{Answer, FlagServer};
use serde_json::{Value, json};

use super::message;
use crate::testing::{many, recipient, samples};
use crate::{Difference, News};

#[tokio::test]
async fn says_what_go_feature_flag_says() {
    let server = FlagServer::start().await;
    server.answer(Answer::status(204));
    let recipient = recipient(&json!({"kind": "discord", "webhookUrl": server.url("/api/webhooks/1")})).unwrap();
    for (news, expected) in samples("discord") {
        recipient.notifier.notify(&news).await.unwrap();
        let request = &server.requests()[0];
        assert_eq!(request.line, "POST /api/webhooks/1");
        assert_eq!(request.header("content-type").as_deref(), Some("application/json"));
        assert_eq!(request.body, expected);
    }
}

#[test]
fn no_message_is_larger_than_discord_takes() {
    let embeds = |news: &News| -> Vec<Value> {
        let message: Value = serde_json::from_slice(&message(news)).unwrap();
        message["embeds"].as_array().unwrap().clone()
    };
    assert_eq!(embeds(&many(10)).len(), 10);
    assert_eq!(embeds(&many(500)).len(), 10);

    let variations = |value: &str| {
        let variations: serde_json::Map<_, _> = (0..40).map(|at| (format!("v{at:02}"), json!(value))).collect();
        Some(Bytes::from(json!({"variations": variations}).to_string()))
    };
    let large = "é".repeat(3000);
    for (value, most_fields) in [("small", 25), (&*large, 5)] {
        let (old, new) = (variations("old"), variations(value));
        let flags = [(Arc::from("k".repeat(400)), Difference { old, new })].into();
        let embeds = embeds(&News {
            flags,
            ..News::default()
        });
        assert_eq!(embeds[0]["title"].as_str().unwrap().chars().count(), 256);
        let fields = embeds[0]["fields"].as_array().unwrap();
        assert_eq!(fields.len(), most_fields);
        let length = |field: &Value| field["value"].as_str().unwrap().chars().count();
        assert!(fields.iter().all(|field| length(field) <= 1024));
        assert!(fields.iter().map(length).sum::<usize>() < 6000 - 256);
    }
}
