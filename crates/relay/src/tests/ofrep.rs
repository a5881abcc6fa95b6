use super::streams::flag;
use super::*;

const SINGLE: &str = "POST /ofrep/v1/evaluate/flags/off";
const BULK: &str = "POST /ofrep/v1/evaluate/flags";
const EVENTS: &str = "/stream/v1/sse/ofrep";
const CONTEXT: &str = r#"{"context":{"targetingKey":"ann"}}"#;
const OFF: &str = "off: {variations: {a: 1}, defaultRule: {variation: a}, disable: true}\n";

const GOFF: &str = r#"200 {"key":"off","value":null,"reason":"DISABLED","variant":"SdkDefault","metadata":{"gofeatureflag_cacheable":true}}"#;
const STANDARD: &str = r#"200 {"key":"off","reason":"DISABLED","metadata":{"gofeatureflag_cacheable":true}}"#;

/// Path and query of the stream that a bulk answer names.
fn stream(body: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let [stream] = body["eventStreams"].as_array().unwrap().as_slice() else {
        panic!("one stream: {body}")
    };
    assert_eq!(stream["type"], "sse");
    assert_eq!(stream.get("url"), None);
    stream["endpoint"]["requestUri"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_speaks_its_own_dialect_or_that_of_its_set_or_that_of_all() {
    let relay = Relay::streaming(
        "ofrep: {dialect: standard}
flagsets:
  - {name: one, apiKeys: [first, {key: old, ofrepDialect: goff}], retriever: FILE}
  - {name: two, ofrepDialect: goff, apiKeys: [second, {key: new, ofrepDialect: standard}], retriever: FILE}",
    )
    .await;
    relay.edit(OFF).await;
    for (key, expected) in [("first", STANDARD), ("old", GOFF), ("second", GOFF), ("new", STANDARD)] {
        relay.check(SINGLE, &[("x-api-key", key)], CONTEXT, expected).await;
        let bulk = relay.ask(BULK, &[("x-api-key", key)], CONTEXT).await;
        assert_eq!(bulk.body.contains("eventStreams"), expected == STANDARD, "{key}");
        assert_eq!(bulk.body.contains(r#""value":null"#), expected == GOFF, "{key}");
    }
    let none = r#"400 {"errorCode":"GENERAL","errorDetails":"error while getting flagset: flagset not found for API key","key":"off"}"#;
    relay.check(SINGLE, &[("x-api-key", "admin")], CONTEXT, none).await;
    let goff = Relay::streaming("").await;
    goff.edit(OFF).await;
    goff.check(SINGLE, &[], CONTEXT, GOFF).await;
}

#[tokio::test]
async fn browsers_are_told_when_to_fetch_again() {
    let relay = Relay::streaming("ofrep: {dialect: standard}\napiKeys: [{key: web, scope: client}]").await;
    let key = [("x-api-key", "web")];
    let bulk = relay.ask(BULK, &key, CONTEXT).await;
    let uri = stream(&bulk.body);
    assert!(uri.starts_with(&format!("{EVENTS}?token=")), "{uri}");
    let get = format!("GET {uri}");
    let mut events = relay.listen(&get, &[]).await;
    assert_eq!(events.status(), 200);
    relay.edit(&flag(1)).await;
    let (id, data) = events.message().await;
    let digest = relay.ask("GET /v1/flag/change", &[("x-api-key", "admin")], "").await;
    let digest = digest.header("etag").trim_matches('"').to_owned();
    let order = format!(r#"{{"type":"refetchEvaluation","etag":"{digest}","lastModified":1700000000}}"#);
    assert_eq!(data, order);

    // who comes with a token and an answer from before the change is told at once, who comes back with the last id is not
    let (again, same) = relay.listen(&get, &[]).await.message().await;
    assert_eq!((again, same), (id, order));
    let mut back = relay.listen(&get, &[("last-event-id", &id.to_string())]).await;
    relay.edit(&flag(2)).await;
    assert!(back.message().await.0 > id);

    let bulk = relay.ask(BULK, &key, CONTEXT).await;
    let mut fresh = relay.listen(&format!("GET {}", stream(&bulk.body)), &[]).await;
    relay.edit(&flag(3)).await;
    assert!(fresh.message().await.0 > id);
    assert!(!fresh.is_waiting().await, "one message for one change");
}

#[tokio::test]
async fn tokens_open_the_stream_of_their_set_and_nothing_else() {
    let settings = "ofrep: {dialect: standard, tokenSecret: s3cr3t}
flagsets:
  - {name: one, apiKeys: [first], retriever: FILE}
  - {name: other, apiKeys: [second], retriever: FILE}";
    let (relay, replica) = (Relay::streaming(settings).await, Relay::streaming(settings).await);
    let bulk = relay.ask(BULK, &[("x-api-key", "first")], CONTEXT).await;
    let uri = stream(&bulk.body);
    assert!(!uri.contains("first"), "{uri}");
    assert_eq!(
        replica.listen(&format!("GET {uri}"), &[]).await.status(),
        200,
        "replicas share the secret"
    );
    let same = replica.ask(BULK, &[("x-api-key", "first")], CONTEXT).await;
    assert_eq!(same.header("etag"), bulk.header("etag"));
    let unauthorized = r#"401 {"message":"Unauthorized"}"#;
    let token = uri.split_once("token=").unwrap().1;
    for line in [
        format!("GET {EVENTS}"),
        format!("GET {EVENTS}?token="),
        format!("GET {EVENTS}?token=x{token}"),
        format!("GET {EVENTS}?apiKey=first"),
        format!("GET /stream/v1/sse/flag/change?apiKey={token}"),
        format!("GET /stream/v1/sse/flag/change?token={token}"),
    ] {
        relay.check(&line, &[], "", unauthorized).await;
    }
    let stranger = Relay::streaming(&settings.replace("s3cr3t", "another")).await;
    stranger.check(&format!("GET {uri}"), &[], "", unauthorized).await;
    let alone = Relay::streaming(&settings.replace(", tokenSecret: s3cr3t", "")).await;
    alone.check(&format!("GET {uri}"), &[], "", unauthorized).await;
}

#[tokio::test]
async fn a_tag_stands_for_flags_and_stream() {
    let relay = Relay::streaming("ofrep: {dialect: standard}").await;
    let before = relay.ask(BULK, &[], CONTEXT).await;
    let uri = stream(&before.body);
    assert!(
        uri.starts_with(&format!("{EVENTS}?since=")),
        "nobody needs a token: {uri}"
    );
    let tag = before.header("etag").to_owned();
    let known = [("if-none-match", &*tag)];
    assert_eq!(relay.ask(BULK, &known, CONTEXT).await.status, 304);
    let goff = Relay::streaming("").await;
    assert_ne!(goff.ask(BULK, &[], CONTEXT).await.header("etag"), tag);
    let elsewhere =
        Relay::streaming("ofrep: {dialect: standard}\nserver: {publicUrl: 'https://flags.example.com/a/'}").await;
    let answer = elsewhere.ask(BULK, &known, CONTEXT).await;
    assert!(
        answer
            .body
            .contains(r#""url":"https://flags.example.com/a/stream/v1/sse/ofrep?since="#),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_token_is_worth_as_much_as_the_key_that_got_it() {
    let settings = "ofrep: {dialect: standard}
flagsets:
  - {name: one, apiKeys: [first, other], retriever: FILE}
  - {name: two, apiKeys: [second], retriever: FILE}";
    let unauthorized = r#"401 {"message":"Unauthorized"}"#;
    for edit in [
        settings.replace("first, ", ""),
        settings.replace("first, ", "").replace("second", "second, first"),
    ] {
        let relay = Relay::streaming(settings).await;
        let (mut lines, mut streams) = (Vec::new(), Vec::new());
        for key in ["first", "other", "second"] {
            let bulk = relay.ask(BULK, &[("x-api-key", key)], CONTEXT).await;
            let line = format!("GET {}", stream(&bulk.body));
            streams.push(relay.listen(&line, &[]).await);
            lines.push(line);
        }
        relay.configure(&edit);
        for (at, ends) in [true, false, false].into_iter().enumerate() {
            assert_eq!(streams[at].has_ended().await, ends, "{at} after {edit}");
            let again = relay.listen(&lines[at], &[]).await;
            assert_eq!(again.status(), if ends { 401 } else { 200 }, "{at} after {edit}");
        }
        relay.check(&lines[0], &[], "", unauthorized).await;
    }
}
