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
    relay.check(&format!("{stream}?apiKey=two+words"), &[], "", "404").await;
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
