use futures_util::StreamExt;
use http_body::Frame;
use http_body_util::StreamBody;

use super::*;

const EVALUATE: &str = "POST /ofrep/v1/evaluate/flags/on";

/// A request body of this many bytes.
fn body(length: usize) -> String {
    let (before, after) = (r#"{"context":{"a":""#, r#""}}"#);
    format!("{before}{}{after}", "x".repeat(length - before.len() - after.len()))
}

#[tokio::test]
async fn bodies_are_bounded() {
    let relay = Relay::start("").await;
    relay.check(EVALUATE, &[], &body(1 << 20), "200").await;
    relay
        .check(
            EVALUATE,
            &[],
            &body((1 << 20) + 1),
            r#"413 {"message":"Request Entity Too Large"}"#,
        )
        .await;
    let events = format!(r#"{{"events":[{{"a":"{}"}}]}}"#, "x".repeat(2 << 20));
    relay
        .check(
            "POST /v1/data/collector",
            &[],
            &events,
            r#"200 {"ingestedContentCount":1}"#,
        )
        .await;
}

#[tokio::test]
async fn bodies_in_pieces_are_bounded_too() {
    let relay = Relay::start("").await;
    for (pieces, status) in [(3, 200), (30, 413)] {
        let whole = Bytes::from(body(pieces * 40_000));
        let frames: Vec<_> = (0..pieces).map(|n| whole.slice(n * 40_000..(n + 1) * 40_000)).collect();
        let frames = futures_util::stream::iter(frames).map(|piece| Ok::<_, std::io::Error>(Frame::data(piece)));
        let request = Request::post("/ofrep/v1/evaluate/flags/on")
            .body(StreamBody::new(frames))
            .unwrap();
        assert_eq!(
            respond(&relay.state, API, &Caller::default(), request).await.status(),
            status
        );
    }
}

#[tokio::test]
async fn deep_nesting_is_refused() {
    let relay = Relay::start("").await;
    let deep = format!(r#"{{"context":{{"a":{}}}}}"#, "[".repeat(500_000));
    relay
        .check(EVALUATE, &[("content-type", "application/json")], &deep, "400")
        .await;
}

#[tokio::test]
async fn nesting_is_bounded_as_wanted() {
    for (settings, most) in [("", 256), ("maxJsonDepth: 3", 3), ("maxJsonDepth: 127", 127)] {
        let relay = Relay::start(&format!("server: {{limits: {{{settings}}}}}")).await;
        // the body and the context are a level each; brackets in texts are none
        let nested = |levels: usize| {
            let (open, close) = ("[".repeat(levels - 2), "]".repeat(levels - 2));
            format!(r#"{{"context":{{"targetingKey":"[[[[","a":{open}1{close}}}}}"#)
        };
        let json = [("content-type", "application/json")];
        for path in ["/ofrep/v1/evaluate/flags/on", "/ofrep/v1/evaluate/flags"] {
            relay.check(&format!("POST {path}"), &json, &nested(most), "200").await;
            relay
                .check(&format!("POST {path}"), &json, &nested(most + 1), "400")
                .await;
        }
    }
}

#[tokio::test]
async fn requests_beyond_the_limit_are_turned_away() {
    let relay = Relay::start("server: {limits: {maxConcurrentRequests: 1}}").await;
    let endless = StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, std::io::Error>>());
    let request = Request::post("/ofrep/v1/evaluate/flags/on").body(endless).unwrap();
    let caller = Caller::default();
    {
        let mut slow = std::pin::pin!(respond(&relay.state, API, &caller, request));
        assert!(futures_util::poll!(slow.as_mut()).is_pending());
        let refused = relay.ask("GET /v1/flag/change", &[], "").await;
        assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
        assert_eq!(refused.body, "{\"message\":\"Service Unavailable\"}\n");
        for path in ["/health", "/livez", "/readyz", "/metrics", "/info"] {
            relay.check(&format!("GET {path}"), &[], "", "200").await;
        }
    }
    relay.check("GET /v1/flag/change", &[], "", "200").await;
}
