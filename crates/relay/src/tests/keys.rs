use super::*;

const KEYS: &str = "authorizedKeys: {evaluation: [eval, \"two words\"], admin: [admin]}";
const EVALUATE: &str = "POST /ofrep/v1/evaluate/flags/on";
const CONTEXT: &str = r#"{"context":{}}"#;

#[tokio::test]
async fn all_forms_of_a_key() {
    let relay = Relay::start(KEYS).await;
    let unauthorized = |message: &str| format!("401 {{\"message\":\"{message}\"}}");
    let missing = unauthorized("missing key in request header");
    let malformed = unauthorized("invalid key in the request header");
    let unknown = unauthorized("invalid key");
    let wrong = unauthorized("code=401, message=Unauthorized");
    let good = "200";
    for (headers, expected) in [
        (&[][..], &*missing),
        (&[("x-api-key", "eval")], good),
        (&[("x-api-key", "two words")], good),
        (&[("x-api-key", "admin")], good),
        (&[("x-api-key", "EVAL")], &wrong),
        (&[("x-api-key", "")], &missing),
        (&[("x-api-key", ""), ("authorization", "Bearer eval")], good),
        (&[("x-api-key", "nope"), ("authorization", "Bearer eval")], &wrong),
        (&[("authorization", "Bearer eval")], good),
        (&[("authorization", "bEARER two words")], good),
        (&[("authorization", "Bearer  eval")], &unknown),
        (&[("authorization", "Bearer\teval")], &malformed),
        (&[("authorization", "Bearer")], &malformed),
        (&[("authorization", "eval")], &malformed),
        (&[("authorization", "")], &malformed),
        (&[("authorization", "Basic x"), ("authorization", "Bearer eval")], good),
        (
            &[("authorization", "Bearer nope"), ("authorization", "Bearer eval")],
            good,
        ),
        (&[("cookie", "apiKey=eval")], &missing),
    ] {
        relay.check(EVALUATE, headers, CONTEXT, expected).await;
    }
    relay.check("GET /health", &[], "", "200").await;
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_come_after_the_key() {
    let relay = Relay::start(KEYS).await;
    let key = [("x-api-key", "eval")];
    for (line, without, with) in [
        ("GET /v1/nothing", "401", "404"),
        ("GET /v1/allflags", "401", "405"),
        ("GET /ofrep/v1/evaluate/flags/", "401", "404"),
        ("GET /nothing", "404", "404"),
        ("GET /admin/v1/nothing", "401", "401"),
    ] {
        relay.check(line, &[], "", without).await;
        relay.check(line, &key, "", with).await;
    }
    let stream = "GET /stream/v1/sse/flag/change";
    relay.check(stream, &key, "", r#"401 {"message":"Unauthorized"}"#).await;
    let stream = format!("{}?apiKey=two+words", stream.replace("GET", "HEAD"));
    relay.check(&stream, &[], "", "200").await;
}

#[tokio::test]
async fn administration_always_needs_its_own_key() {
    let refresh = "POST /admin/v1/retriever/refresh";
    let relay = Relay::start("").await;
    relay
        .check(refresh, &[], "", r#"401 {"message":"missing key in request header"}"#)
        .await;
    let relay = Relay::start(KEYS).await;
    relay.check(refresh, &[("x-api-key", "eval")], "", "401").await;
    relay
        .check(
            refresh,
            &[("authorization", "Bearer admin")],
            "{nonsense",
            r#"200 {"refreshed":true}"#,
        )
        .await;
    let open = Relay::start("authorizedKeys: {admin: [admin]}").await;
    open.check(EVALUATE, &[], CONTEXT, "200").await;
}

#[tokio::test]
async fn keys_pick_flag_sets() {
    let relay = Relay::start(
        "authorizedKeys: {admin: [admin], evaluation: [top]}
flagsets:
  - {name: one, apiKeys: [first], retriever: FILE}
  - {name: gone, apiKeys: [second], retriever: {kind: file, path: missing.yaml}}",
    )
    .await;
    let none = r#"400 {"message":"error while getting flagset: flagset not found for API key"}"#;
    relay.check(EVALUATE, &[("x-api-key", "first")], CONTEXT, "200").await;
    let lines = [("authorization", "Bearer nope"), ("authorization", "Bearer first")];
    relay.check(EVALUATE, &lines, CONTEXT, "200").await;
    for key in ["second", "top", "admin"] {
        relay.check(EVALUATE, &[("x-api-key", key)], CONTEXT, none).await;
        relay.check(EVALUATE, &[("x-api-key", key)], "null", "400").await;
    }
    relay.check(EVALUATE, &[], CONTEXT, "401").await;
    let info = r#"200 {"cacheRefresh":"2023-11-14T22:13:20Z","flagsets":{"one":"2023-11-14T22:13:20Z"}}"#;
    relay.check("GET /info", &[], "", info).await;
    relay
        .check(
            "GET /readyz",
            &[],
            "",
            r#"200 {"ready":true,"flagsets":{"one":{"status":"ready","revision":1,"flags":4,"invalidFlags":0,"ageSeconds":0,"sources":[{"ageSeconds":0,"failures":0}]},"gone":{"status":"not started"}}}"#,
        )
        .await;
    let admin = [("x-api-key", "admin")];
    let refresh = "POST /admin/v1/retriever/refresh";
    relay.check(refresh, &admin, "", none).await;
    relay
        .check(
            &format!("{refresh}?flagset=one"),
            &admin,
            "",
            r#"200 {"refreshed":true}"#,
        )
        .await;
    relay
        .check(&format!("{refresh}?flagset=*"), &admin, "", r#"200 {"refreshed":true}"#)
        .await;
    relay.check(&format!("{refresh}?flagset=gone"), &admin, "", "400").await;
}

#[tokio::test]
async fn scopes_say_what_a_key_may_do() {
    let relay = Relay::start(
        "authorizedKeys:
  evaluation: [plain, {key: web, scope: client}, {key: back, scope: server}]
  admin: [root]",
    )
    .await;
    let forbidden = r#"403 {"message":"the scope of this key does not include this endpoint"}"#;
    let unauthorized = r#"401 {"message":"code=401, message=Unauthorized"}"#;
    let evaluation = r#"{"evaluationContext":{"key":"u"}}"#;
    for (line, body, client, server, admin) in [
        (EVALUATE, CONTEXT, "200", "200", "200"),
        ("POST /ofrep/v1/evaluate/flags", CONTEXT, "200", "200", "200"),
        ("POST /v1/feature/on/eval", evaluation, "200", "200", "200"),
        ("POST /v1/allflags", evaluation, "200", "200", "200"),
        ("POST /v1/data/collector", r#"{"events":[]}"#, "200", "200", "200"),
        ("POST /v1/flag/configuration", "", forbidden, "200", "200"),
        ("GET /v1/flag/change", "", forbidden, "200", "200"),
        ("GET /openfeature/v0/manifest", "", forbidden, "200", "200"),
        ("GET /v1/nothing", "", "404", "404", "404"),
        (
            "POST /admin/v1/retriever/refresh",
            "",
            unauthorized,
            unauthorized,
            "200",
        ),
        ("GET /admin/v1/nothing", "", unauthorized, unauthorized, "404"),
    ] {
        for (key, expected) in [("web", client), ("back", server), ("plain", server), ("root", admin)] {
            relay.check(line, &[("x-api-key", key)], body, expected).await;
        }
    }
    let change = "GET /v1/flag/change";
    let lines = [("authorization", "Bearer web"), ("authorization", "Bearer back")];
    relay.check(change, &lines, "", "200").await;
    let lines = [("authorization", "Bearer nope"), ("authorization", "Bearer web")];
    relay.check(change, &lines, "", forbidden).await;
}

#[tokio::test]
async fn an_administrator_of_one_set_reaches_no_other() {
    let relay = Relay::start(
        "authorizedKeys: {admin: [root]}
flagsets:
  - {name: one, apiKeys: [first, {key: boss, scope: admin}], retriever: FILE}
  - {name: two, apiKeys: [second], retriever: FILE}",
    )
    .await;
    let refreshed = r#"200 {"refreshed":true}"#;
    let refresh = "POST /admin/v1/retriever/refresh";
    for (key, query, expected) in [
        ("boss", "", refreshed),
        ("boss", "?flagset=one", refreshed),
        ("boss", "?flagset=*", refreshed),
        ("boss", "?flagset=two", "403"),
        ("boss", "?flagset=one&flagset=two", "403"),
        ("boss", "?flagset=three", "400"),
        ("root", "", "400"),
        ("root", "?flagset=one&flagset=two", refreshed),
        ("first", "?flagset=one", "401"),
    ] {
        let headers = [("x-api-key", key)];
        relay.check(&format!("{refresh}{query}"), &headers, "", expected).await;
    }
}

#[tokio::test]
async fn administration_leaves_a_line_in_the_log() {
    let log = Log::begin();
    let relay = Relay::start(
        "authorizedKeys: {admin: [{key: hush, name: night shift}, very-secret]}
flagsets:
  - {name: one, apiKeys: [first], retriever: FILE}
  - {name: two, apiKeys: [{key: boss-key, scope: admin}], retriever: FILE}",
    )
    .await;
    for (key, query) in [
        ("hush", "?flagset=two&flagset=one"),
        ("very-secret", "?flagset=*"),
        ("boss-key", ""),
        ("boss-key", "?flagset=one"),
    ] {
        let line = format!("POST /admin/v1/retriever/refresh{query}");
        relay.ask(&line, &[("x-api-key", key)], "").await;
    }
    let expected = [
        r#""msg":"administration","action":"refresh","key":"night shift","flagsets":"one,two","outcome":"refreshed","remote_ip":"192.0.2.1""#,
        r#""msg":"administration","action":"refresh","key":"authorizedKeys.admin[1]","flagsets":"one,two","outcome":"refreshed","remote_ip":"192.0.2.1""#,
        r#""msg":"administration","action":"refresh","key":"flagSets[1].apiKeys[0]","flagsets":"two","outcome":"refreshed","remote_ip":"192.0.2.1""#,
        r#""msg":"administration","action":"refresh","key":"flagSets[1].apiKeys[0]","flagsets":"one","outcome":"refused","remote_ip":"192.0.2.1""#,
    ];
    let text = log.text();
    let audit: Vec<_> = text.lines().filter(|line| line.contains("administration")).collect();
    assert_eq!(audit.len(), expected.len(), "{text}");
    for (line, expected) in audit.iter().zip(expected) {
        assert!(line.contains(expected), "{expected} is not in {line}");
    }
    for secret in ["hush", "very-secret", "boss-key"] {
        assert!(!text.contains(secret), "{text}");
    }
}
