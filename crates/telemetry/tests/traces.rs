//! Spans from a request to a collector.

#![cfg(feature = "otel")]

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use flagstaff_telemetry::metrics::{BuildInformation, Metrics, Spans};
use flagstaff_telemetry::traces::{
    Batches, Collector, Destination, Sampler, TraceSettings, TracedRequest, Tracer, Transport,
};
use flagstaff_testkit::collector::{self, Received};
use http::{HeaderMap, HeaderValue, Version};
use prometheus::Registry;

/// A caller's trace that is sampled, and one that is not.
const SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const NOT_SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

#[tokio::test(flavor = "multi_thread")]
async fn spans_arrive_over_http() {
    let collector = collector::Collector::over_http();
    let settings = settings(Transport::Http, &format!("{}/v1/traces", collector.url()));
    check_delivery(&settings, &collector, |received| {
        let head = &received.headers[0];
        assert_eq!(head["request"], "POST /v1/traces HTTP/1.1");
        assert_eq!(head["content-type"], "application/x-protobuf");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_arrive_over_grpc() {
    let collector = collector::Collector::over_grpc();
    let settings = settings(Transport::Grpc, &collector.url());
    check_delivery(&settings, &collector, |_| {}).await;
}

async fn check_delivery(settings: &TraceSettings, collector: &collector::Collector, check: impl Fn(&Received)) {
    let spans = spans();
    let tracer = Tracer::start(settings, spans.clone()).expect("the settings are right");
    let request = tracer.request(&request(Some(SAMPLED))).expect("all is sampled");
    let mut child = request.child("flagEvaluation");
    child.set("flagEvaluation.failed", false);
    drop(child);
    request.failed("code=500, message=no");
    request.answered(500);
    let reference = request.reference();
    drop(request);
    tracer.shutdown(Duration::from_secs(20)).await;
    let received = collector.received();
    let [child, parent] = &*received.spans else {
        panic!("{received:?}")
    };
    assert_eq!(
        (&*parent.name, parent.kind),
        ("GET /v1/flag/change", "SPAN_KIND_SERVER")
    );
    assert_eq!(parent.trace, "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(parent.parent, "b7ad6b7169203331");
    assert_eq!(reference.trace.to_string(), parent.trace);
    assert_eq!(reference.span.to_string(), parent.id);
    assert!(parent.error);
    for (name, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/v1/flag/change"),
        ("http.response.status_code", "500"),
        ("url.path", "/v1/flag/change"),
        ("server.address", "flags.example"),
        ("server.port", "8080"),
        ("client.address", "127.0.0.1"),
        ("user_agent.original", "test"),
        ("network.protocol.version", "1.1"),
        ("echo.error", "code=500, message=no"),
    ] {
        assert_eq!(parent.attributes.get(name).map(|found| &**found), Some(value), "{name}");
    }
    assert_eq!(
        (&*child.name, &child.parent, &child.trace),
        ("flagEvaluation", &parent.id, &parent.trace)
    );
    assert_eq!(child.attributes["flagEvaluation.failed"], "false");
    assert_eq!(child.resource["service.name"], "go-feature-flag");
    assert_eq!(child.resource["telemetry.sdk.language"], "rust");
    assert_eq!(received.headers[0]["authorization"], "Bearer token");
    check(&received);
    assert_eq!((spans.sent.get(), spans.lost.get()), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn samplers_decide() {
    let by_parent = |root| Sampler::ParentBased(Box::new(root));
    for (sampler, caller, sampled) in [
        (Sampler::AlwaysOn, None, true),
        (Sampler::AlwaysOn, Some(NOT_SAMPLED), true),
        (Sampler::AlwaysOff, Some(SAMPLED), false),
        (Sampler::Ratio(1.0), None, true),
        (Sampler::Ratio(0.0), None, false),
        (by_parent(Sampler::AlwaysOn), None, true),
        (by_parent(Sampler::AlwaysOn), Some(NOT_SAMPLED), false),
        (by_parent(Sampler::AlwaysOff), Some(SAMPLED), true),
        (by_parent(Sampler::Ratio(0.0)), None, false),
        (by_parent(Sampler::AlwaysOn), Some("broken"), true),
    ] {
        let settings = TraceSettings {
            destination: Destination::Console,
            sampler: sampler.clone(),
            ..settings(Transport::Http, "http://localhost/")
        };
        let tracer = Tracer::start(&settings, spans()).expect("the settings are right");
        let span = tracer.request(&request(caller));
        assert_eq!(span.is_some(), sampled, "{sampler:?} {caller:?}");
        tracer.shutdown(Duration::from_secs(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_loses_spans_and_nothing_else() {
    for transport in [Transport::Http, Transport::Grpc] {
        let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let url = format!("http://{}", nobody.local_addr().expect("an address"));
        drop(nobody);
        let spans = spans();
        let mut settings = settings(transport, &url);
        settings.batches.timeout = Duration::from_millis(50);
        let tracer = Tracer::start(&settings, spans.clone()).expect("nobody is asked yet");
        for _ in 0..3 {
            tracer.request(&request(None));
        }
        tracer.shutdown(Duration::from_secs(20)).await;
        assert_eq!((spans.sent.get(), spans.lost.get()), (0, 3), "{transport:?}");
    }
}

#[tokio::test]
async fn what_finds_the_queue_full_is_lost() {
    let collector = collector::Collector::over_http();
    let spans = spans();
    let mut settings = settings(Transport::Http, &format!("{}/v1/traces", collector.url()));
    settings.batches.queue = 10;
    let tracer = Tracer::start(&settings, spans.clone()).expect("the settings are right");
    // one thread: nobody takes anything from the queue meanwhile
    for _ in 0..15 {
        tracer.request(&request(None));
    }
    tracer.shutdown(Duration::from_secs(20)).await;
    assert_eq!((spans.sent.get(), spans.lost.get()), (10, 5));
    assert_eq!(collector.received().spans.len(), 10);
}

#[tokio::test]
async fn settings_that_cannot_be_used_say_why() {
    let mut settings = settings(Transport::Http, "http://localhost/");
    if let Destination::Collector(collector) = &mut settings.destination {
        collector.certificates = Some("missing.pem".into());
    }
    let error = Tracer::start(&settings, spans()).expect_err("there is no such file");
    assert_eq!(
        error.to_string(),
        "missing.pem cannot be used for the connection to the collector"
    );
}

fn settings(transport: Transport, url: &str) -> TraceSettings {
    TraceSettings {
        destination: Destination::Collector(Box::new(Collector {
            transport,
            url: url.into(),
            headers: vec![("authorization".into(), "Bearer token".into())],
            timeout: Duration::from_secs(10),
            gzip: false,
            certificates: None,
            identity: None,
        })),
        sampler: Sampler::AlwaysOn,
        resource: vec![("service.name".into(), "go-feature-flag".into())],
        batches: Batches::default(),
    }
}

fn spans() -> Spans {
    let build = BuildInformation {
        version: "",
        revision: "",
        compiler: "",
    };
    let metrics = Metrics::register(&Registry::new(), &build).expect("the registry is empty");
    metrics.spans
}

/// A request with the trace of its caller.
fn request(caller: Option<&str>) -> TracedRequest<'static> {
    let headers = caller.map(|caller| {
        let value = HeaderValue::from_str(caller).expect("a header");
        HeaderMap::from_iter([(http::HeaderName::from_static("traceparent"), value)])
    });
    TracedRequest {
        method: "GET",
        route: "/v1/flag/change",
        path: "/v1/flag/change",
        host: "flags.example:8080",
        version: Version::HTTP_11,
        client: Some(Ipv4Addr::LOCALHOST.into()),
        user_agent: Some("test"),
        headers: Box::leak(Box::new(headers.unwrap_or_default())),
    }
}
