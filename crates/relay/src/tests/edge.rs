//! What surrounds every answer: cross-origin headers, request ids, the base path.

use super::*;

const ASK: &str = "POST /ofrep/v1/evaluate/flags/on";
const BODY: &str = r#"{"context":{}}"#;

/// The cross-origin headers of an answer to a page of this origin.
async fn allowed(relay: &Relay, line: &str, origin: &str) -> Vec<String> {
    let headers = [("origin", origin), ("access-control-request-headers", "x-one")];
    let answer = relay.ask(line, &headers, BODY).await;
    let mut allowed: Vec<_> = answer
        .headers
        .iter()
        .filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("access-control-")?;
            Some(format!("{name}: {}", value.to_str().unwrap()))
        })
        .collect();
    allowed.sort();
    allowed
}

const EXPOSED: &str = "expose-headers: ETag, Last-Modified, Retry-After, X-GOFEATUREFLAG-VERSION, X-Request-Id";
const METHODS: &str = "allow-methods: GET,HEAD,PUT,PATCH,POST,DELETE";

#[tokio::test]
async fn pages_of_all_origins_may_read_answers_by_default() {
    let relay = Relay::start("").await;
    assert_eq!(
        allowed(&relay, ASK, "https://a.example").await,
        ["allow-origin: *", EXPOSED]
    );
    let preflight = allowed(&relay, "OPTIONS /v1/allflags", "https://a.example").await;
    assert_eq!(preflight, ["allow-headers: x-one", METHODS, "allow-origin: *"]);
}

#[tokio::test]
async fn origins_can_be_named() {
    let cors = "server: {cors: {origins: ['https://a.example'], headers: [Content-Type, Authorization], credentials: true, maxAge: 10m}}";
    let relay = Relay::start(cors).await;
    let (credentials, origin) = ("allow-credentials: true", "allow-origin: https://a.example");
    assert_eq!(
        allowed(&relay, ASK, "https://a.example").await,
        [credentials, origin, EXPOSED]
    );
    let preflight = allowed(&relay, "OPTIONS /v1/allflags", "https://a.example").await;
    let headers = "allow-headers: Content-Type, Authorization";
    assert_eq!(preflight, [credentials, headers, METHODS, origin, "max-age: 600"]);
    let none: [&str; 0] = [];
    assert_eq!(allowed(&relay, ASK, "https://b.example").await, none);
    assert_eq!(allowed(&relay, "OPTIONS /v1/allflags", "https://b.example").await, none);
}

#[tokio::test]
async fn requests_keep_their_name_and_failures_get_one() {
    let relay = Relay::start("").await;
    let named = relay.ask(ASK, &[("x-request-id", "abc-1")], BODY).await;
    assert_eq!((named.status, named.header("x-request-id")), (200, "abc-1"));
    assert_eq!(relay.ask(ASK, &[], BODY).await.header("x-request-id"), "");
    let long = "x".repeat(200);
    let mut seen = Vec::new();
    for headers in [&[][..], &[("x-request-id", &*long)], &[("x-request-id", "two words")]] {
        let failed = relay.ask("GET /v1/nothing", headers, "").await;
        let id = failed.header("x-request-id").to_owned();
        assert!(id.len() == 16 && !seen.contains(&id), "{id}");
        seen.push(id);
    }
}

#[tokio::test]
async fn everything_can_stand_below_a_path() {
    let relay = Relay::start("server: {basePath: flags/}").await;
    for (line, status) in [
        ("POST /flags/ofrep/v1/evaluate/flags/on", "200"),
        ("POST /ofrep/v1/evaluate/flags/on", "404"),
        ("POST /flagsofrep/v1/evaluate/flags/on", "404"),
        ("GET /flags/health", "200"),
        ("GET /health", "200"),
        ("GET /flags", "404"),
    ] {
        relay.check(line, &[], BODY, status).await;
    }
}
