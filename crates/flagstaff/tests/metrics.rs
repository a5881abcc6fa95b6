//! The metrics of the built program, as a scrape reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use flagstaff_telemetry::metrics::{FAMILIES, FamilyKind};
use flagstaff_testkit::http::Request;
use flagstaff_testkit::relay::{Relay, Workspace};
use serde::Deserialize;
use serde_json::json;

const PROGRAM: &str = env!("CARGO_BIN_EXE_flagstaff");

const CONFIGURATION: &str = "\
server: {host: 127.0.0.1, port: 18031}
hideBanner: true
pollingInterval: 1000
enableBulkMetricFlagNames: true
retrievers:
  - {kind: file, path: flags.yaml}
  - {kind: file, path: more.yaml}
authorizedKeys: {admin: [admin]}
exporter: {kind: log}
notifiers: [{kind: webhook, endpointUrl: 'http://127.0.0.1:1/'}]
";

const FLAGS: &str = "\
a: {variations: {x: true, y: false}, defaultRule: {variation: x}}
b: {variations: {x: 1}, defaultRule: {variation: x}}
";

const EDITED: &str = "\
a: {variations: {x: true, y: false}, defaultRule: {variation: y}}
c: {variations: {x: 1}, defaultRule: {variation: x}}
";

/// A row of `conformance/metrics.jsonl`: what GO Feature Flag has.
#[derive(Deserialize)]
struct Expected {
    name: String,
    r#type: String,
    labels: BTreeSet<String>,
}

/// An answer of `/metrics`.
struct Scrape {
    types: BTreeMap<String, String>,
    /// Labels of each family, without the bounds of its buckets.
    labels: BTreeMap<String, BTreeSet<String>>,
    /// Value of each series, by its name and labels as they are written.
    series: BTreeMap<String, f64>,
}

impl Scrape {
    fn of(relay: &Relay) -> Self {
        let answer = relay.ask(&Request::get("/metrics"));
        assert_eq!(answer.status, 200);
        let content_type = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
        assert_eq!(answer.header("content-type").as_deref(), Some(content_type));
        Self::parse(&answer.text())
    }

    fn parse(text: &str) -> Self {
        let (mut types, mut labels, mut series) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for line in text.lines() {
            if let Some(family) = line.strip_prefix("# TYPE ") {
                let (name, kind) = family.split_once(' ').expect("a type");
                types.insert(name.to_owned(), kind.to_owned());
            } else if !line.starts_with('#') {
                let (sample, value) = line.rsplit_once(' ').expect("a value");
                let (name, pairs) = sample.split_once('{').unwrap_or((sample, ""));
                let histogram = ["_bucket", "_sum", "_count"]
                    .into_iter()
                    .filter_map(|part| name.strip_suffix(part))
                    .find(|family| types.contains_key(*family));
                // no value of these tests has a comma in it
                let names = pairs
                    .trim_end_matches('}')
                    .split(',')
                    .filter_map(|pair| pair.split_once('='));
                let known: &mut BTreeSet<_> = labels.entry(histogram.unwrap_or(name).to_owned()).or_default();
                known.extend(names.map(|(name, _)| name.to_owned()).filter(|name| name != "le"));
                let before = series.insert(sample.to_owned(), value.parse().expect("a value is a number"));
                assert_eq!(before, None, "{sample} is there twice");
            }
        }
        Self { types, labels, series }
    }

    fn value(&self, series: &str) -> f64 {
        *self.series.get(series).unwrap_or_else(|| panic!("no {series}"))
    }
}

#[test]
fn every_metric_of_go_feature_flag_with_its_type_and_labels() {
    let relay = start();
    traffic(&relay);
    edit(&relay);
    let scrape = Scrape::of(&relay);
    for row in include_str!("../../../conformance/metrics.jsonl").lines() {
        let expected: Expected = serde_json::from_str(row).unwrap();
        let found = (scrape.types.get(&expected.name), scrape.labels.get(&expected.name));
        assert_eq!(
            found,
            (Some(&expected.r#type), Some(&expected.labels)),
            "{}",
            expected.name
        );
    }
}

#[test]
fn every_metric_is_declared() {
    let relay = start();
    traffic(&relay);
    edit(&relay);
    let scrape = Scrape::of(&relay);
    let declared = FAMILIES.iter().map(|family| {
        let kind = match family.kind {
            FamilyKind::Counter => "counter",
            FamilyKind::Gauge => "gauge",
            FamilyKind::Histogram(_) => "histogram",
        };
        let labels: BTreeSet<_> = family.labels.iter().map(|label| (*label).to_owned()).collect();
        (family.name.to_owned(), (kind.to_owned(), labels))
    });
    let found = scrape
        .types
        .iter()
        .map(|(name, kind)| (name.clone(), (kind.clone(), scrape.labels[name].clone())));
    let (declared, found): (BTreeMap<_, _>, BTreeMap<_, _>) = (declared.collect(), found.collect());
    assert_eq!(found, declared);
}

#[test]
fn requests_by_status_method_and_route() {
    let relay = start();
    traffic(&relay);
    let host = relay.address();
    let label = |labels: &str, name: &str| {
        let from = labels.split_once(&format!("{name}=\""))?.1;
        Some(from.split_once('"')?.0.to_owned())
    };
    let counted = Scrape::of(&relay).series.into_keys().filter_map(|series| {
        let labels = series.strip_prefix("gofeatureflag_requests_total")?;
        assert_eq!(label(labels, "host"), Some(host.to_string()));
        let [code, method, url] = ["code", "method", "url"].map(|name| label(labels, name));
        Some(format!("{} {} {}", code?, method?, url?))
    });
    insta::assert_snapshot!(counted.collect::<Vec<_>>().join("\n"), @"
    200 GET /health
    200 GET /info
    200 GET /openfeature/v0/manifest
    200 GET /v1/flag/change
    200 POST /admin/v1/retriever/refresh
    200 POST /ofrep/v1/evaluate/flags
    200 POST /ofrep/v1/evaluate/flags/:flagKey
    200 POST /v1/allflags
    200 POST /v1/data/collector
    200 POST /v1/feature/:flagKey/eval
    200 POST /v1/flag/configuration
    204 OPTIONS /v1/*
    400 POST /ofrep/v1/evaluate/flags/:flagKey
    400 POST /v1/feature/:flagKey/eval
    404 GET /*
    404 GET /v1/*
    404 POST /ofrep/v1/evaluate/flags/:flagKey
    405 POST /health
    ");
}

#[test]
fn what_callers_choose_is_bounded() {
    let relay = start();
    Scrape::of(&relay);
    let ask = |from: usize| {
        for at in from..from + 200 {
            let text = format!("x{at}");
            relay.ask(&Request::get(&format!("/{text}")).header("Host", &text));
            let evaluation = Request::post(
                &format!("/v1/feature/{text}/eval"),
                &json!({"evaluationContext": {"key": "u"}}),
            );
            relay.ask(&evaluation);
            let mut odd = Request::get("/health");
            odd.method = text.to_uppercase();
            relay.ask(&odd);
        }
        Scrape::of(&relay).series.len()
    };
    let first = ask(0);
    assert_eq!(ask(200), first);
    let scrape = Scrape::of(&relay);
    assert_eq!(
        scrape.value(r#"gofeatureflag_flag_evaluations_total{flag_name="unknown"}"#),
        400.0
    );
}

#[test]
fn flag_sets_and_retrievers() {
    let relay = start();
    let before = Scrape::of(&relay);
    let of_set =
        |scrape: &Scrape, name: &str| scrape.value(&format!("flagstaff_flagset_{name}{{flagset=\"default\"}}"));
    let of_retriever = |scrape: &Scrape, name: &str| {
        let labels = r#"{flagset="default",place="more.yaml",retriever="1"}"#;
        scrape.value(&format!("flagstaff_retriever_{name}{labels}"))
    };
    assert_eq!(of_set(&before, "loaded"), 1.0);
    assert_eq!(of_set(&before, "flags"), 3.0);
    assert_eq!(of_retriever(&before, "errors_total"), 0.0);
    relay
        .workspace()
        .write("more.yaml", "d: [")
        .expect("files can be written");
    relay
        .workspace()
        .write("flags.yaml", &EDITED.replace("variation: y", "variation: z"))
        .unwrap();
    refresh(&relay, false);
    let after = Scrape::of(&relay);
    assert_eq!(of_set(&after, "revision"), of_set(&before, "revision") + 1.0);
    assert_eq!(
        of_set(&after, "flags"),
        3.0,
        "a stays as it was, c is new, b is gone, d stays"
    );
    assert_eq!(of_set(&after, "invalid_flags"), 1.0);
    assert_eq!(of_retriever(&after, "errors_total"), 1.0);
    assert!(of_retriever(&after, "fetches_total") > of_retriever(&before, "fetches_total"));
    assert!(of_retriever(&after, "fetch_seconds_total") >= of_retriever(&after, "last_fetch_seconds"));
    assert!(of_retriever(&after, "age_seconds") > 0.0);
}

fn start() -> Relay {
    let workspace = Workspace::new().expect("a folder");
    let configuration = workspace.with_port(CONFIGURATION);
    let more = "d: {variations: {x: 1}, defaultRule: {variation: x}}\n";
    for (name, text) in [
        ("goff-proxy.yaml", &*configuration),
        ("flags.yaml", FLAGS),
        ("more.yaml", more),
    ] {
        fs::write(workspace.path(name), text).expect("files can be written");
    }
    Relay::start(PROGRAM, workspace)
}

/// One request of each kind.
fn traffic(relay: &Relay) {
    let goff = json!({"evaluationContext": {"key": "u"}});
    let ofrep = json!({"context": {"targetingKey": "u"}});
    for (path, body) in [
        ("/v1/feature/a/eval", &goff),
        ("/v1/feature/nobody/eval", &goff),
        ("/v1/feature/a/eval", &json!({})),
        ("/v1/allflags", &goff),
        ("/v1/flag/configuration", &json!({})),
        ("/v1/data/collector", &json!({"events": [], "meta": {}})),
        ("/ofrep/v1/evaluate/flags/a", &ofrep),
        ("/ofrep/v1/evaluate/flags/nobody", &ofrep),
        ("/ofrep/v1/evaluate/flags/a", &json!({})),
        ("/ofrep/v1/evaluate/flags", &ofrep),
        ("/health", &json!({})),
    ] {
        relay.ask(&Request::post(path, body));
    }
    for path in [
        "/health",
        "/info",
        "/v1/flag/change",
        "/openfeature/v0/manifest",
        "/nowhere",
        "/v1/nowhere",
    ] {
        relay.ask(&Request::get(path));
    }
    let mut preflight = Request::get("/v1/allflags").header("Origin", "http://localhost");
    preflight.method = "OPTIONS".into();
    relay.ask(&preflight);
    refresh(relay, true);
}

/// A flag that changes, one that comes and one that goes.
fn edit(relay: &Relay) {
    relay
        .workspace()
        .write("flags.yaml", EDITED)
        .expect("files can be written");
    refresh(relay, true);
    relay.wait_until("the change is counted", |relay| {
        let scrape = Scrape::of(relay);
        let counted = |series: &str| scrape.series.get(series).is_some_and(|count| *count == 1.0);
        counted("gofeatureflag_flag_update_total") && counted(r#"gofeatureflag_flag_delete{flag_name="b"}"#)
    });
}

fn refresh(relay: &Relay, whole: bool) {
    let refresh = Request::post("/admin/v1/retriever/refresh", &json!({})).header("X-API-Key", "admin");
    let answer = relay.ask(&refresh);
    assert_eq!(answer.json(), json!({"refreshed": whole}), "{}", relay.log());
}
