use std::sync::Arc;
use std::time::{Duration, SystemTime};

use flagstaff_backend::Surroundings;
use flagstaff_telemetry::traces::{Batches, Collector, Destination, Sampler, TraceSettings, Transport};
use flagstaff_testkit::collector;
use serde_json::json;

use crate::kinds::{self, Context};
use crate::testing::{self, event};
use crate::{ErrorKind, Event, EventType, Exporter};

fn settings(transport: Transport, url: &str) -> TraceSettings {
    let collector = Collector {
        transport,
        url: url.into(),
        headers: Vec::new(),
        timeout: Duration::from_secs(10),
        gzip: false,
        certificates: None,
        identity: None,
    };
    TraceSettings {
        destination: Destination::Collector(Box::new(collector)),
        sampler: Sampler::AlwaysOn,
        resource: vec![("service.name".into(), "flags".into())],
        batches: Batches::default(),
    }
}

fn build(event_type: EventType, traces: &TraceSettings) -> Arc<dyn Exporter> {
    let context = Context {
        event_type,
        hostname: "test",
        surroundings: &Surroundings::default(),
        traces: Some(traces),
        clock: Arc::new(SystemTime::now),
    };
    let options = json!({"kind": "opentelemetry"});
    kinds::build(options.as_object().unwrap(), &context).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_evaluation_is_a_span() {
    let (http, grpc) = (collector::Collector::over_http(), collector::Collector::over_grpc());
    for (collector, transport, path) in [(http, Transport::Http, "/v1/traces"), (grpc, Transport::Grpc, "")] {
        let settings = settings(transport, &format!("{}{path}", collector.url()));
        let exporter = build(EventType::Feature, &settings);
        let failed = json!({
            "kind": "feature", "userKey": "bob", "creationDate": 7, "key": "banner", "variation": "SdkDefault", "value": null,
            "default": true, "version": "2", "source": "SERVER", "metadata": {"a": "b", "n": 1.5, "i": 2, "l": [1]},
        });
        let batch = [event("jane"), Event::new("{}"), Event::new(failed.to_string())];
        let receipt = exporter.export(&batch).await.unwrap();
        assert_eq!(
            receipt.refused.iter().map(|refusal| refusal.index).collect::<Vec<_>>(),
            [1]
        );
        let received = collector.received();
        let [first, second] = &*received.spans else {
            panic!("{received:?}")
        };
        assert_eq!(
            (&*first.name, first.kind, first.error, &*first.parent),
            ("feature_flag.evaluate", "SPAN_KIND_INTERNAL", false, "")
        );
        assert_eq!(first.resource["service.name"], "flags");
        let attributes = |names: &[(&str, &str)]| {
            let names = names.iter();
            names
                .map(|(name, value)| (format!("feature_flag.{name}"), (*value).to_owned()))
                .collect()
        };
        assert_eq!(
            first.attributes,
            attributes(&[
                ("context_kind", "user"),
                ("default", "false"),
                ("key", "random-key"),
                ("source", "SERVER"),
                ("user_key", "jane"),
                ("value", "\"YO\""),
                ("variation", "Default"),
                ("version", ""),
            ])
        );
        assert!(second.error && second.trace != first.trace);
        assert_eq!(second.attributes.get("feature_flag.value"), None);
        assert_eq!(second.attributes["feature_flag.metadata.l"], "[1]");
        assert_eq!(second.attributes["feature_flag.metadata.n"], "1.5");
        assert_eq!(second.attributes["feature_flag.metadata.i"], "2");
        assert_eq!(exporter.target(), collector.url());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_is_told_about() {
    let exporter = build(
        EventType::Feature,
        &settings(Transport::Http, "http://127.0.0.1:1/v1/traces"),
    );
    let error = exporter.export(&[event("a")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(
        error.to_string().starts_with("the collector did not take the spans: "),
        "{error}"
    );
}

#[tokio::test]
async fn without_a_collector_nothing_is_sent() {
    let mut sampled_out = settings(Transport::Http, "http://127.0.0.1:1/v1/traces");
    let exporter = build(EventType::Tracking, &sampled_out);
    exporter.export(&[event("a")]).await.unwrap();
    exporter.export(&[event("a")]).await.unwrap();
    let exporter = testing::build(&json!({"kind": "opentelemetry"}), &[]).unwrap();
    assert_eq!(exporter.target(), "nowhere");
    exporter.export(&[event("a")]).await.unwrap();
    sampled_out.sampler = Sampler::AlwaysOff;
    build(EventType::Feature, &sampled_out)
        .export(&[event("a")])
        .await
        .unwrap();
}
