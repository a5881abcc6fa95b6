use flagstaff_testkit::flag_server::{Answer, FlagServer};
use serde_json::{Value, json};

use super::message;
use crate::testing::{many, recipient, samples};

const CARD: &str = r#"{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","content":{"type":"AdaptiveCard","$schema":"http://adaptivecards.io/schemas/adaptive-card.json","version":"1.4","body":[{"type":"TextBlock","text":"GO Feature Flag","size":"large","weight":"bolder","style":"heading","wrap":true},{"type":"TextBlock","text":"TEXT","wrap":true}],"msteams":{}}}]}"#;

const TEXT: &str = r#"Changes detected in your feature flag file on: **\u003chostname\u003e**
 * ❌ Flag **b-gone** deleted
 * 🆕 Flag **d-new** created
 * ✏️ Flag **a-bool** updated
   * DefaultRule.VariationResult: \"x\" =\u003e \"y\"
   * Disable: nil =\u003e (*bool)(true)
   * Variations.x: true =\u003e false
 * ✏️ Flag **c-rule** updated
   * DefaultRule.Percentages.x: 10 =\u003e 20
   * DefaultRule.Percentages.y: 90 =\u003e 80
   * Metadata.owner: \"me\" =\u003e \"you\"
   * Rules.0.Query: \"key eq \\\"a\\\"\" =\u003e \"key eq \\\"b\\\"\"
   * Rules.0.VariationResult: \"x\" =\u003e \"y\"
   * TrackEvents: nil =\u003e (*bool)(false)
   * Variations.x: \"s\" =\u003e \"s2\"
   * Version: \"1\" =\u003e \"2\""#;

#[tokio::test]
async fn sends_the_card_of_go_feature_flag() {
    let server = FlagServer::start().await;
    server.answer(Answer::status(202));
    let recipient = recipient(&json!({"kind": "microsoftteams", "webhookUrl": server.url("/workflows/1")})).unwrap();
    let (news, _) = &samples("webhook")[1];
    recipient.notifier.notify(news).await.unwrap();
    let request = &server.requests()[0];
    assert_eq!(request.line, "POST /workflows/1");
    assert_eq!(
        request.header("content-type").as_deref(),
        Some("application/json;charset=utf-8")
    );
    assert_eq!(request.body, CARD.replace("TEXT", &TEXT.replace('\n', "\\n")));
}

#[tokio::test]
async fn a_failure_that_is_called_a_success_is_one() {
    let server = FlagServer::start().await;
    let recipient = recipient(&json!({"kind": "microsoftteams", "webhookUrl": server.url("/")})).unwrap();
    let throttled =
        "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x";
    for (answer, is_told) in [("1", true), ("", true), ("done", true), (throttled, false)] {
        server.answer(Answer::ok(answer));
        let told = recipient.notifier.notify(&many(1)).await;
        assert_eq!(told.is_ok(), is_told, "{answer}");
        assert!(told.err().is_none_or(|error| error.is_temporary()));
    }
}

#[test]
fn no_card_is_larger_than_teams_takes() {
    let text = |flags| {
        let message = message(&many(flags));
        assert!(message.len() < 28_000);
        let message: Value = serde_json::from_slice(&message).unwrap();
        let text = &message["attachments"][0]["content"]["body"][1]["text"];
        text.as_str().unwrap().to_owned()
    };
    assert!(text(100).ends_with("Flag **flag-0099** created"));
    let long = text(2000);
    let shown = long.matches("created").count();
    assert!(shown > 400, "{shown}");
    assert!(long.ends_with(&format!("\n * and {} more flags, the logs have them all", 2000 - shown)));
}
