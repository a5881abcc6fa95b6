use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use flagstaff_definition::timestamp::Timestamp;
use flagstaff_engine::calendar::{Moment, Occasion};
use flagstaff_testkit::flag_server::{Answer, FlagServer};
use serde_json::{Value, json};

use crate::News;
use crate::testing::{many, recipient, samples};

#[tokio::test]
async fn sends_what_go_feature_flag_sends() {
    let server = FlagServer::start().await;
    server.answer(Answer::status(200));
    let options = json!({
        "kind": "webhook", "endpointUrl": server.url("/n?x=1"), "secret": "s3cret", "meta": {"team": "a"},
        "headers": {"X-Custom": ["one", "two"], "Authorization": "Bearer t", "Content-Type": "text/plain"},
    });
    let recipient = recipient(&options).unwrap();
    for (news, expected) in samples("webhook") {
        recipient.notifier.notify(&news).await.unwrap();
        let request = &server.requests()[0];
        assert_eq!(
            (request.line.as_str(), request.body.as_str()),
            ("POST /n?x=1", expected)
        );
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"s3cret");
        let signature = HEXLOWER.encode(hmac::sign(&key, expected.as_bytes()).as_ref());
        for (name, value) in [
            ("content-type", "application/json"),
            ("x-custom", "one,two"),
            ("authorization", "Bearer t"),
            ("x-hub-signature-256", &format!("sha256={signature}")),
        ] {
            assert_eq!(request.header(name).as_deref(), Some(value), "{name}");
        }
    }
}

#[tokio::test]
async fn what_happened_by_itself_follows() {
    let server = FlagServer::start().await;
    server.answer(Answer::status(204));
    let moment = |flag: &str, occasion| {
        let at = Timestamp::parse("2026-11-26T12:00:00.5+01:00").unwrap().instant;
        (flag.into(), Moment { at, occasion })
    };
    let news = News {
        hostname: "host".into(),
        moments: [
            moment("a", Occasion::TurnedOn),
            moment("b", Occasion::RolloutCompleted(Some("beta".into()))),
        ]
        .into(),
        ..News::default()
    };
    let options = json!({"kind": "webhook", "endpointUrl": server.url("/"), "meta": {"hostname": "ours"}});
    recipient(&options).unwrap().notifier.notify(&news).await.unwrap();
    let request = &server.requests()[0];
    assert_eq!(
        request.body,
        r#"{"meta":{"hostname":"ours"},"flags":{"deleted":{},"added":{},"updated":{}},"schedule":[{"flag":"a","event":"turnedOn","date":"2026-11-26T11:00:00.5Z"},{"flag":"b","event":"rolloutCompleted","date":"2026-11-26T11:00:00.5Z","rule":"beta"}]}"#
    );
    assert_eq!(request.header("x-hub-signature-256"), None);
}

#[tokio::test]
async fn a_redirect_keeps_the_body_or_is_an_error() {
    let (first, second) = (FlagServer::start().await, FlagServer::start().await);
    second.answer(Answer::status(200));
    let recipient = recipient(&json!({"kind": "webhook", "endpointUrl": first.url("/")})).unwrap();
    for (status, is_followed) in [(301, false), (302, false), (303, false), (307, true), (308, true)] {
        first.answer(Answer::Full(status, vec![("Location", second.url("/moved"))], vec![]));
        let told = recipient.notifier.notify(&many(1)).await;
        assert_eq!(told.is_ok(), is_followed, "{status}");
    }
    let requests = second.requests();
    assert_eq!(requests.len(), 2);
    assert!(
        requests
            .iter()
            .all(|request| request.line == "POST /moved" && request.body.contains("flag-0000"))
    );
}

#[tokio::test]
async fn errors_say_whether_to_try_again_and_tell_no_secret() {
    let server = FlagServer::start().await;
    let url = format!("http://user:secret@{}/secret?token=secret", server.address());
    let options = json!({"kind": "webhook", "endpointUrl": url, "secret": "secret", "headers": {"X-Token": "secret"}});
    let recipient = recipient(&options).unwrap();
    let after = |status, seconds: &str| Answer::Full(status, vec![("Retry-After", seconds.to_owned())], vec![]);
    for (answer, text, is_temporary, pause) in [
        (Answer::status(400), "it was answered with code 400", false, None),
        (Answer::status(404), "it was answered with code 404", false, None),
        (Answer::status(500), "it was answered with code 500", true, None),
        (after(503, "7"), "it was answered with code 503", true, Some(7.0)),
        (after(429, "0.5"), "it was answered with code 429", true, Some(0.5)),
        (after(429, "soon"), "it was answered with code 429", true, None),
        (
            after(429, "99999999999"),
            "it was answered with code 429",
            true,
            Some(600.0),
        ),
        (Answer::Drop, "the request failed", true, None),
    ] {
        server.answer(answer);
        let error = recipient.notifier.notify(&many(1)).await.unwrap_err();
        assert!(error.to_string().starts_with(text), "{error}");
        assert_eq!(error.is_temporary(), is_temporary, "{error}");
        assert_eq!(error.pause().map(|pause| pause.as_secs_f64()), pause, "{error}");
        let shown = format!("{error} {error:?} {recipient:?} {}", recipient.notifier.target());
        assert!(!shown.contains("secret"), "{shown}");
        assert!(shown.contains(&server.address().to_string()), "{shown}");
    }
}

#[test]
fn options_are_checked_without_showing_them() {
    let with = |name: &str, value: Value| {
        let mut options = json!({"kind": "webhook", "endpointUrl": "http://127.0.0.1/"});
        options[name] = value;
        options
    };
    for (options, expected) in [
        (
            json!({"kind": "email"}),
            "kind \"email\" is not supported; known kinds: slack, microsoftteams, webhook, discord",
        ),
        (
            json!({"kind": "webhook"}),
            "no \"endpointUrl\" property found for kind \"webhook\"",
        ),
        (
            json!({"kind": "slack"}),
            "no \"slackWebhookUrl\" property found for kind \"slack\"",
        ),
        (
            with("endpointUrl", json!("hooks")),
            "property \"endpointUrl\" of kind \"webhook\" is not a URL: relative URL without a base",
        ),
        (
            with("endpointUrl", json!("ftp://a/")),
            "property \"endpointUrl\" of kind \"webhook\" must begin with http:// or https://",
        ),
        (
            with("meta", json!(["a"])),
            "property \"meta\" of kind \"webhook\" is not a map from names to texts",
        ),
        (
            with("headers", json!({"a b": "c"})),
            "property \"headers.a b\" of kind \"webhook\" is not the name of a header",
        ),
        (
            with("headers", json!({"a": "c\n"})),
            "property \"headers.a\" of kind \"webhook\" holds characters that a header cannot carry",
        ),
    ] {
        assert_eq!(recipient(&options).unwrap_err().to_string(), expected);
    }
}
