//! The OpenAPI document says what the relay does: real answers are held against it.

use serde_json::{Value, json};

use super::Relay;
use crate::openapi;
use crate::route::{Listener, Place, Route};

const CONTEXT: &str = r#"{"evaluationContext": {"key": "u"}, "defaultValue": 1}"#;
const OFREP: &str = r#"{"context": {"targetingKey": "u"}}"#;
const KEY: (&str, &str) = ("x-api-key", "a-key");
const ADMIN: (&str, &str) = ("x-api-key", "an-admin-key");

/// Flags that fill every member of the answers that show flags.
const FLAGS: &str = r#"
rich:
  variations: {a: true, b: false}
  targeting:
    - {name: beta, query: key eq "u", percentage: {a: 100, b: 0}}
    - {name: later, query: key eq "v", progressiveRollout: {initial: {variation: a, percentage: 0, date: 2020-01-01T00:00:00Z}, end: {variation: b, percentage: 100, date: 2020-02-01T00:00:00Z}}}
  defaultRule: {variation: a}
  experimentation: {start: 2020-01-01T00:00:00Z, end: 2050-01-01T00:00:00Z}
  scheduledRollout: [{date: 2020-01-01T00:00:00Z, version: "2"}]
  trackEvents: true
  disable: false
  version: "1"
  metadata: {defaultValue: false, description: a flag}
  bucketingKey: targetingKey
needs-a-key: {variations: {a: 1, b: 2}, defaultRule: {percentage: {a: 50, b: 50}}}
off: {variations: {a: 1}, defaultRule: {variation: a}, disable: true}
"#;

/// Method and path, headers, body, and the status of the answer.
type Exchange = (&'static str, &'static [(&'static str, &'static str)], &'static str, u16);

/// What is asked.
const CONVERSATION: &[Exchange] = &[
    ("POST /v1/feature/rich/eval", &[KEY], CONTEXT, 200),
    ("POST /v1/feature/none/eval", &[KEY], CONTEXT, 200),
    (
        "POST /v1/feature/needs-a-key/eval",
        &[KEY],
        r#"{"evaluationContext": {}}"#,
        200,
    ),
    ("POST /v1/feature/rich/eval", &[KEY], "", 400),
    (
        "POST /v1/feature/rich/eval",
        &[KEY, ("content-type", "text/plain")],
        "x",
        415,
    ),
    ("POST /v1/feature/rich/eval", &[], CONTEXT, 401),
    ("GET /v1/feature/rich/eval", &[KEY], "", 405),
    ("POST /v1/allflags", &[KEY], CONTEXT, 200),
    ("POST /v1/allflags", &[KEY], r#"{"evaluationContext": {}}"#, 200),
    ("POST /v1/flag/configuration", &[KEY], "", 200),
    ("POST /v1/flag/configuration", &[KEY], "{", 400),
    ("POST /v1/flag/configuration", &[("x-api-key", "a-client-key")], "", 403),
    ("GET /v1/flag/change", &[KEY], "", 200),
    (
        "POST /v1/data/collector",
        &[KEY],
        r#"{"events": [{"kind": "feature"}]}"#,
        200,
    ),
    ("POST /v1/data/collector", &[KEY], "{}", 400),
    ("POST /ofrep/v1/evaluate/flags/rich", &[KEY], OFREP, 200),
    ("POST /ofrep/v1/evaluate/flags/off", &[KEY], OFREP, 200),
    (
        "POST /ofrep/v1/evaluate/flags/needs-a-key",
        &[KEY],
        r#"{"context": {}}"#,
        400,
    ),
    ("POST /ofrep/v1/evaluate/flags/none", &[KEY], OFREP, 404),
    ("POST /ofrep/v1/evaluate/flags", &[KEY], OFREP, 200),
    ("POST /ofrep/v1/evaluate/flags", &[KEY], r#"{"context": {}}"#, 200),
    ("POST /ofrep/v1/evaluate/flags", &[KEY], "", 400),
    ("GET /openfeature/v0/manifest", &[KEY], "", 200),
    ("POST /admin/v1/retriever/refresh", &[ADMIN], "", 200),
    ("POST /admin/v1/retriever/refresh", &[KEY], "", 401),
    ("POST /admin/v1/retriever/refresh?flagset=none", &[ADMIN], "", 400),
    ("GET /health", &[], "", 200),
    ("GET /livez", &[], "", 200),
    ("GET /info", &[], "", 200),
    ("GET /readyz", &[ADMIN], "", 200),
    ("POST /v1/allflags", &[KEY], LONG, 413),
];

/// More than the limit below allows.
const LONG: &str =
    r#"{"evaluationContext": {"key": "a very long one, in fact much longer than the limit on bodies is"}}"#;

/// What OFREP's clients ask, where it is spoken as it is published.
const STANDARD: &[Exchange] = &[
    ("POST /ofrep/v1/evaluate/flags/rich", &[KEY], OFREP, 200),
    ("POST /ofrep/v1/evaluate/flags/off", &[KEY], OFREP, 200),
    (
        "POST /ofrep/v1/evaluate/flags/needs-a-key",
        &[KEY],
        r#"{"context": {}}"#,
        400,
    ),
    ("POST /ofrep/v1/evaluate/flags/none", &[KEY], OFREP, 404),
    ("POST /ofrep/v1/evaluate/flags", &[KEY], OFREP, 200),
    ("POST /ofrep/v1/evaluate/flags", &[KEY], r#"{"context": {}}"#, 200),
];

#[tokio::test]
async fn answers_are_as_described() {
    let keys = "authorizedKeys: {evaluation: [a-key, {key: a-client-key, scope: client}], admin: [an-admin-key]}\n";
    let document = closed(document());
    for (settings, exchanges) in [
        ("server: {limits: {maxBodyBytes: 80}}\n", CONVERSATION),
        ("ofrep: {dialect: standard}\n", STANDARD),
    ] {
        let relay = Relay::with_flags(FLAGS, &format!("{keys}{settings}")).await;
        for exchange in exchanges {
            check(&relay, &document, exchange).await;
        }
    }
}

/// Asks, and holds the answer against the document.
async fn check(relay: &Relay, document: &Value, (line, headers, body, status): &Exchange) {
    let answer = relay.ask(line, headers, *body).await;
    assert_eq!(answer.status, *status, "{line} {body}: {}", answer.body);
    let response = response(document, line, *status);
    for (name, _) in response["headers"].as_object().into_iter().flatten() {
        assert!(answer.headers.contains_key(name), "{line}: {name} is missing");
    }
    let mut schema = response["content"]["application/json"]["schema"].clone();
    assert!(schema.is_object(), "{line}: {status} is not described as JSON");
    schema["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{line}: {error}"));
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    let errors = validator.iter_errors(&body);
    let errors: Vec<_> = errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{line} {status}: {errors:#?}\n{body:#}");
}

/// The description of an answer, references followed.
fn response<'d>(document: &'d Value, line: &str, status: u16) -> &'d Value {
    let (method, target) = line.split_once(' ').unwrap();
    let path = target.split('?').next().unwrap();
    let template = Place::find(path, Listener::Api { monitoring: true }).route.template();
    let operations = &document["paths"][openapi_path(template)];
    // the wrong method is described with the right one
    let operation = match method {
        "GET" if operations["get"].is_null() => &operations["post"],
        "GET" => &operations["get"],
        _ => &operations["post"],
    };
    let response = &operation["responses"][status.to_string()];
    assert!(response.is_object(), "{line}: {status} is not described");
    match response["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => response,
    }
}

fn openapi_path(template: &str) -> String {
    template
        .replace(":flagKey", "{flagKey}")
        .replace(":flagset", "{flagset}")
}

fn document() -> Value {
    serde_json::from_str(&openapi::document(&["http://localhost".to_owned()])).unwrap()
}

/// The same document, in which objects have no members but those that are described.
fn closed(mut document: Value) -> Value {
    for schema in document["components"]["schemas"].as_object_mut().unwrap().values_mut() {
        if schema.get("properties").is_some() {
            schema["additionalProperties"] = json!(false);
        }
    }
    document
}

#[test]
fn every_route_is_described() {
    let document = document();
    let described = document["paths"].as_object().unwrap();
    for route in Route::ALL {
        // the operator's page is for people
        let is_path = route != Route::Page && !route.template().contains('*');
        assert_eq!(
            described.contains_key(&openapi_path(route.template())),
            is_path,
            "{route:?}"
        );
    }
    let references = openapi::document(&["http://localhost".to_owned()]);
    for reference in references.split("\"$ref\": \"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
}

#[tokio::test]
async fn the_page_is_served_where_it_is_wanted() {
    let relay = Relay::start("swagger: {enabled: true, host: docs.example}\nserver: {port: 1234}\n").await;
    let found = relay.ask("GET /swagger/", &[], "").await;
    assert_eq!((found.status, found.header("location")), (301, "index.html"));
    let document = relay.ask("GET /swagger/doc.json", &[], "").await;
    let document: Value = serde_json::from_str(&document.body).unwrap();
    assert_eq!(document["servers"], json!([{"url": "http://docs.example:1234"}]));
    let page = relay.ask("GET /swagger/index.html", &[], "").await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    assert!(page.header("content-security-policy").starts_with("default-src 'self'"));
    // whatever the page loads is there
    let links = page.body.split(['"', '\'']).filter(|text| text.starts_with("./"));
    let mut loaded = 0;
    for link in links {
        relay
            .check(&format!("GET /swagger/{}", &link[2..]), &[], "", "200")
            .await;
        loaded += 1;
    }
    assert!(loaded >= 4, "{loaded}");
    assert!(!page.body.contains("://"), "{}", page.body);
    for (line, expected) in [
        ("GET /swagger//index.html", "200"),
        ("GET /swagger/nothing.js", "404 Not Found"),
        ("GET /swagger", "404"),
        ("POST /swagger/index.html", "405"),
        ("HEAD /swagger/index.html", "200"),
    ] {
        relay.check(line, &[], "", expected).await;
    }
    let public = "server: {port: 1, basePath: /flags, publicUrl: https://flags.example}\nswagger: {enabled: true}\n";
    let document = Relay::start(public)
        .await
        .ask("GET /flags/swagger/doc.json", &[], "")
        .await;
    let document: Value = serde_json::from_str(&document.body).unwrap();
    let servers = json!([{"url": "http://localhost:1/flags"}, {"url": "https://flags.example"}]);
    assert_eq!(document["servers"], servers);
    let without = Relay::start("").await;
    for line in [
        "GET /swagger/",
        "GET /swagger/index.html",
        "GET /swagger/doc.json",
        "POST /swagger/index.html",
    ] {
        without.check(line, &[], "", "404 {\"message\":\"Not Found\"}").await;
    }
}
