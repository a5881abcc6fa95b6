use super::*;

const CONTEXT: &str = r#"{"context":{"targetingKey":"x"}}"#;
const OFREP: &str = "/ofrep/v1/evaluate/flags";

#[tokio::test]
async fn evaluations_in_both_forms() {
    let relay = Relay::start("").await;
    let on =
        r#"200 {"key":"on","value":true,"reason":"STATIC","variant":"a","metadata":{"gofeatureflag_cacheable":true}}"#;
    relay.check(&format!("POST {OFREP}/on"), &[], CONTEXT, on).await;
    let goff = r#"{"evaluationContext":{"key":"x"},"defaultValue":7}"#;
    let on = r#"200 {"trackEvents":true,"variationType":"a","failed":false,"version":"","reason":"STATIC","errorCode":"","value":true,"cacheable":true}"#;
    relay.check("POST /v1/feature/on/eval", &[], goff, on).await;
    let unknown = r#"200 {"trackEvents":true,"variationType":"SdkDefault","failed":true,"version":"","reason":"ERROR","errorCode":"FLAG_NOT_FOUND","value":7,"cacheable":false}"#;
    relay.check("POST /v1/feature/unknown/eval", &[], goff, unknown).await;
    let all = r#"200 {"flags":{"on":{"value":true,"timestamp":1700000000,"variationType":"a","trackEvents":true,"errorCode":"","reason":"STATIC"}},"valid":true}"#;
    let some = r#"{"evaluationContext":{"key":"x","custom":{"gofeatureflag":{"flagList":["on","on","unknown"]}}}}"#;
    relay.check("POST /v1/allflags", &[], some, all).await;
    let bulk = r#"200 {"flags":[{"key":"on","value":true,"reason":"STATIC","variant":"a"},{"key":"split","value":1,"reason":"STATIC","variant":"a"}]}"#;
    let some = r#"{"context":{"gofeatureflag":{"flagList":["split",5,"on"]},"targetingKey":"x"}}"#;
    relay.check(&format!("POST {OFREP}"), &[], some, bulk).await;
}

#[tokio::test]
async fn flag_names_in_paths() {
    let relay = Relay::start("").await;
    for (path, status) in [
        ("on", "200"),
        ("%6fn", "200"),
        ("team/one", "200"),
        ("team%2Fone", "200"),
        ("a%2Fb", "200"),
        ("a%252Fb", "200"),
        ("a/b", "404"),
        ("on/", "404"),
        ("", "404"),
    ] {
        relay.check(&format!("POST {OFREP}/{path}"), &[], CONTEXT, status).await;
    }
    relay
        .check("POST /v1/feature//eval", &[], CONTEXT, r#"404 {"message":"Not Found"}"#)
        .await;
    let broken = relay.ask("GET /100%", &[("origin", "x")], "").await;
    assert_eq!((broken.status, &*broken.body), (400, "400 Bad Request"));
    assert_eq!((broken.header("connection"), broken.header("vary")), ("close", ""));
}

#[tokio::test]
async fn errors_in_the_form_of_their_endpoint() {
    let relay = Relay::start("").await;
    for (line, body, expected) in [
        (
            "POST /ofrep/v1/evaluate/flags/on",
            "",
            r#"400 {"errorCode":"INVALID_CONTEXT","errorDetails":"GO Feature Flag requires an evaluation context in the request.","key":"on"}"#,
        ),
        (
            "POST /ofrep/v1/evaluate/flags",
            "{",
            r#"400 {"errorCode":"INVALID_CONTEXT","errorDetails":"code=415, message=Unsupported Media Type"}"#,
        ),
        (
            "POST /v1/allflags",
            "{}",
            r#"400 {"message":"assertRequest: impossible to find user in request"}"#,
        ),
        (
            "POST /v1/data/collector",
            r#"{"events":null}"#,
            r#"400 {"message":"collectEvalData: invalid input data"}"#,
        ),
        (
            "POST /v1/data/collector",
            r#"{"events":[{},null]}"#,
            r#"200 {"ingestedContentCount":2}"#,
        ),
        ("GET /v1/nothing", "", r#"404 {"message":"Not Found"}"#),
        ("GET /v1/allflags", "", r#"405 {"message":"Method Not Allowed"}"#),
        ("HEAD /v1/nothing", "", "404 "),
        ("GET /health", "", r#"200 {"initialized":true}"#),
        (
            "GET /readyz",
            "",
            r#"200 {"ready":true,"flagsets":{"default":{"status":"ready","revision":1,"flags":4,"invalidFlags":0,"ageSeconds":0,"sources":[{"ageSeconds":0,"failures":0}]}}}"#,
        ),
        ("GET /livez", "", r#"200 {"alive":true}"#),
        ("GET /info", "", r#"200 {"cacheRefresh":"2023-11-14T22:13:20Z"}"#),
    ] {
        relay.check(line, &[], body, expected).await;
    }
    let json = [("content-type", "application/json")];
    relay
        .check("POST /v1/allflags", &json, "{", r#"400 {"message":"unexpected EOF"}"#)
        .await;
    let refused = relay.ask("POST /v1/flag/change", &[], "").await;
    assert_eq!((refused.status, refused.header("allow")), (405, "OPTIONS, GET"));
}

#[tokio::test]
async fn tags_make_answers_conditional() {
    let relay = Relay::start("").await;
    let mut tags = Vec::new();
    for (line, body) in [
        ("POST /v1/flag/configuration", ""),
        ("POST /v1/flag/configuration?pretty", ""),
        ("POST /v1/flag/configuration", r#"{"flags":["on"]}"#),
        ("GET /v1/flag/change", ""),
        ("POST /ofrep/v1/evaluate/flags", CONTEXT),
    ] {
        let full = relay.ask(line, &[], body).await;
        let tag = full.header("etag").to_owned();
        assert_eq!(
            (full.status, full.body.is_empty(), tag.is_empty()),
            (200, false, false),
            "{line}"
        );
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let answer = relay.ask(line, &[("if-none-match", &known)], body).await;
            assert_eq!(
                (answer.status, &*answer.body, answer.header("etag")),
                (304, "", &*tag),
                "{line} {known}"
            );
            assert_eq!(answer.header("content-type"), "");
            assert_eq!(answer.header("last-modified"), full.header("last-modified"));
        }
        assert_eq!(relay.ask(line, &[("if-none-match", "\"x\"")], body).await.status, 200);
        tags.push(tag);
    }
    let replica = Relay::start("").await.ask("POST /v1/flag/configuration", &[], "").await;
    assert_eq!(replica.header("etag"), tags[0], "replicas agree");
    assert_eq!(replica.header("last-modified"), "Tue, 14 Nov 2023 22:13:20 GMT");
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 5, "what differs has another tag");
}

#[tokio::test]
async fn browsers_from_anywhere() {
    let relay = Relay::start("").await;
    let plain = relay.ask("GET /health", &[], "").await;
    assert_eq!(
        (plain.header("vary"), plain.header("access-control-allow-origin")),
        ("Origin", "")
    );
    assert_eq!(plain.header("x-gofeatureflag-version"), crate::VERSION);
    let asked = [
        ("origin", "https://a.example"),
        ("access-control-request-headers", "authorization"),
    ];
    let preflight = relay.ask("OPTIONS /v1/allflags", &asked, "").await;
    assert_eq!(
        (preflight.status, preflight.header("access-control-allow-origin")),
        (204, "*")
    );
    assert_eq!(preflight.header("access-control-allow-headers"), "authorization");
    assert_eq!(
        (preflight.header("x-gofeatureflag-version"), preflight.header("allow")),
        ("", "")
    );
    assert_eq!(
        relay.ask("OPTIONS /health", &[], "").await.header("allow"),
        "OPTIONS, GET"
    );
}

#[tokio::test]
async fn debugging_indents_and_tells_causes() {
    let relay = Relay::start("logLevel: debug\ndisableVersionHeader: true").await;
    let missing = relay.ask("GET /v1/nothing", &[], "").await;
    assert_eq!(
        missing.body,
        "{\n  \"error\": \"code=404, message=Not Found\",\n  \"message\": \"Not Found\"\n}\n"
    );
    assert_eq!(missing.header("x-gofeatureflag-version"), "");
}

#[tokio::test]
async fn requests_are_counted() {
    let relay = Relay::start("enableBulkMetricFlagNames: true").await;
    for flag in ["on", "on", "unknown-1", "unknown-2"] {
        relay
            .ask(&format!("POST {OFREP}/{flag}"), &[("host", "h")], CONTEXT)
            .await;
    }
    relay.ask(&format!("POST {OFREP}"), &[("host", "h")], CONTEXT).await;
    let metrics = relay.ask("GET /metrics", &[], "").await.body;
    for line in [
        r#"gofeatureflag_flag_evaluations_total{flag_name="on"} 2"#,
        r#"gofeatureflag_flag_evaluations_total{flag_name="unknown"} 2"#,
        "gofeatureflag_all_flag_evaluations_total 1",
        r#"gofeatureflag_all_flags_evaluations_total_with_flag{flag_name="split"} 1"#,
        r#"gofeatureflag_requests_total{code="404",host="h",method="POST",url="/ofrep/v1/evaluate/flags/:flagKey"} 2"#,
    ] {
        assert!(
            metrics.lines().any(|known| known == line),
            "{line} is not in\n{metrics}"
        );
    }
}
