//! Traces of the built program, as a collector receives them.

#![cfg(feature = "full")]

use std::fs;

use flagstaff_testkit::collector::{Collector, Received, Span};
use flagstaff_testkit::http::Request;
use flagstaff_testkit::relay::{Relay, Workspace};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_flagstaff");

const SETTINGS: &str = "\
server: {host: 127.0.0.1, port: 18031}
hideBanner: true
otel: {exporter: {otlp: {endpoint: COLLECTOR}}, resource: {attributes: {team: checkout}}}
retriever: {kind: file, path: flags.yaml}
authorizedKeys: {evaluation: [user-key], admin: [admin-key]}
";

const FLAGS: &str = "\
on: {variations: {x: {a: 1}, y: {}}, defaultRule: {variation: x}, version: v1}
gone: {variations: {x: 1}, defaultRule: {variation: x}, disable: true}
";

#[test]
fn a_span_for_each_request_and_one_for_what_it_asks_for() {
    let goff = json!({"evaluationContext": {"key": "u"}});
    let ofrep = json!({"context": {"targetingKey": "u"}});
    let post = |path: &str, body: &Value| Request::post(path, body).header("X-API-Key", "admin-key");
    let get = |path: &str| Request::get(path).header("X-API-Key", "admin-key");
    let requests = [
        post("/v1/feature/on/eval", &goff),
        post("/v1/feature/nobody/eval", &goff),
        post("/v1/feature/on/eval", &json!({})),
        post("/v1/allflags", &goff),
        post("/v1/flag/configuration", &json!({"flags": ["on"]})),
        post("/v1/data/collector", &json!({"events": [{}, {}], "meta": {}})),
        post("/ofrep/v1/evaluate/flags/on", &ofrep),
        post("/ofrep/v1/evaluate/flags/nobody", &ofrep),
        post("/ofrep/v1/evaluate/flags", &ofrep),
        post("/admin/v1/retriever/refresh", &json!({})),
        get("/openfeature/v0/manifest"),
        get("/v1/flag/change"),
        get("/v1/nowhere?apiKey=user-key"),
        Request::get("/v1/flag/change").header("X-API-Key", "wrong-key"),
    ];
    let received = trace(&requests);
    let shown = received.spans.iter().filter(|span| span.parent.is_empty()).map(|root| {
        let work = received.spans.iter().find(|span| span.parent == root.id);
        show(root, "http.response.status_code echo.error") + &work.map(|work| show(work, "")).unwrap_or_default()
    });
    // the first ones are those of the start
    let shown: Vec<_> = shown.filter(|root| !root.starts_with("GET /health")).collect();
    insta::assert_snapshot!(shown.join(""), @r#"
    POST /v1/feature/:flagKey/eval
        http.response.status_code = 200
      flagEvaluation
        flagEvaluation.cacheable = true
        flagEvaluation.errorCode =
        flagEvaluation.failed = false
        flagEvaluation.flagName = on
        flagEvaluation.flagSetName = default
        flagEvaluation.reason = STATIC
        flagEvaluation.trackEvents = true
        flagEvaluation.value = {"a":1}
        flagEvaluation.variant = x
        flagEvaluation.version = v1
    POST /v1/feature/:flagKey/eval
        http.response.status_code = 200
      flagEvaluation
        flagEvaluation.errorCode = FLAG_NOT_FOUND
        flagEvaluation.failed = true
        flagEvaluation.flagName = nobody
        flagEvaluation.reason = ERROR
    POST /v1/feature/:flagKey/eval
        echo.error = code=400, message=assertRequest: impossible to find user in request
        http.response.status_code = 400
      flagEvaluation
    POST /v1/allflags
        http.response.status_code = 200
      AllFlagsState
        AllFlagsState.numberEvaluation = 2
        AllFlagsState.valid = true
    POST /v1/flag/configuration
        http.response.status_code = 200
      flagConfiguration
        flagConfiguration.configurationSize = 1
    POST /v1/data/collector
        http.response.status_code = 200
      collectEventData
        collectEventData.eventCollectionSize = 2
    POST /ofrep/v1/evaluate/flags/:flagKey
        http.response.status_code = 200
      flagEvaluation
        flagEvaluation.cacheable = true
        flagEvaluation.errorCode =
        flagEvaluation.failed = false
        flagEvaluation.flagName = on
        flagEvaluation.reason = STATIC
        flagEvaluation.trackEvents = true
        flagEvaluation.value = {"a":1}
        flagEvaluation.variant = x
        flagEvaluation.version = v1
    POST /ofrep/v1/evaluate/flags/:flagKey
        http.response.status_code = 404
      flagEvaluation
    POST /ofrep/v1/evaluate/flags
        http.response.status_code = 200
      AllFlagsState
        AllFlagsState.numberEvaluation = 2
    POST /admin/v1/retriever/refresh
        http.response.status_code = 200
      retrieverRefresh
        retrieverRefresh.refreshed = true
    GET /openfeature/v0/manifest
        http.response.status_code = 200
      getManifest
    GET /v1/flag/change
        http.response.status_code = 200
    GET /v1/*
        echo.error = code=404, message=Not Found
        http.response.status_code = 404
    GET /v1/flag/change
        echo.error = code=401, message=code=401, message=Unauthorized
        http.response.status_code = 401
    "#);
    for span in &received.spans {
        assert_eq!(span.resource["service.name"], "go-feature-flag");
        assert_eq!(span.resource["team"], "checkout");
    }
    let all = format!("{:?}", received.spans);
    for key in ["user-key", "admin-key", "wrong-key"] {
        assert!(!all.contains(key), "{all}");
    }
}

#[test]
fn a_caller_has_its_trace_continued_and_finds_it_in_the_metrics() {
    let collector = Collector::over_http();
    let relay = start(&collector);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let request = Request::get("/v1/flag/change").header("X-API-Key", "user-key");
    relay.ask(&request.header("traceparent", &format!("00-{trace}-b7ad6b7169203331-01")));
    let scrape = Request::get("/metrics").header("Accept", "application/openmetrics-text;version=1.0.0,*/*;q=0.1");
    let answer = relay.ask(&scrape);
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.header("content-type").as_deref(), Some(content_type));
    let (status, log) = relay.terminate();
    assert!(status.success(), "{log}");
    let spans = collector.received().spans;
    let span = spans
        .iter()
        .find(|span| span.trace == trace)
        .expect("the trace goes on");
    assert_eq!(span.parent, "b7ad6b7169203331");
    let exemplar = format!("# {{trace_id=\"{trace}\",span_id=\"{}\"}} ", span.id);
    let text = answer.text();
    let line = text.lines().find(|line| line.contains(&exemplar)).expect(&text);
    assert!(
        line.starts_with("gofeatureflag_request_duration_seconds_bucket{code=\"200\","),
        "{line}"
    );
    assert!(text.ends_with("\n# EOF\n"));
}

#[test]
fn without_traces_the_metrics_have_one_format() {
    let workspace = workspace(&SETTINGS.replace("otel:", "# otel:"));
    let relay = Relay::start(PROGRAM, workspace);
    let answer = relay.ask(&Request::get("/metrics").header("Accept", "application/openmetrics-text;version=1.0.0"));
    assert!(
        answer
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/plain; version=0.0.4;"))
    );
}

#[test]
fn a_collector_that_is_away_is_told_about_once_and_keeps_nobody() {
    let collector = Collector::over_http();
    let away = collector.url().replace("127.0.0.1", "127.0.0.2");
    let relay = Relay::start(PROGRAM, workspace(&SETTINGS.replace("COLLECTOR", &away)));
    for _ in 0..1000 {
        assert_eq!(relay.ask(&Request::get("/health")).status, 200);
    }
    let (status, log) = relay.terminate();
    assert!(status.success(), "{log}");
    assert!(log.lines().filter(|line| line.contains("traces")).count() <= 2, "{log}");
}

/// Name, kind and some attributes of a span: those that are named, or all of them.
fn show(span: &Span, names: &str) -> String {
    let mut shown = match span.kind {
        "SPAN_KIND_SERVER" => format!("{}\n", span.name),
        _ => format!("  {}\n", span.name),
    };
    for (name, value) in &span.attributes {
        if names.is_empty() || names.split(' ').any(|wanted| wanted == name) {
            shown.push_str(format!("    {name} = {value}").trim_end());
            shown.push('\n');
        }
    }
    shown
}

/// What a collector receives of these requests.
fn trace(requests: &[Request]) -> Received {
    let collector = Collector::over_http();
    let relay = start(&collector);
    for request in requests {
        relay.ask(request);
    }
    let (status, log) = relay.terminate();
    assert!(status.success(), "{log}");
    collector.received()
}

fn start(collector: &Collector) -> Relay {
    Relay::start(PROGRAM, workspace(&SETTINGS.replace("COLLECTOR", &collector.url())))
}

fn workspace(settings: &str) -> Workspace {
    let workspace = Workspace::new().expect("a folder");
    let settings = workspace.with_port(settings);
    for (name, text) in [("goff-proxy.yaml", &*settings), ("flags.yaml", FLAGS)] {
        fs::write(workspace.path(name), text).expect("files can be written");
    }
    workspace
}
