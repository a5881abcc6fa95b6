//! What one flag answers on every endpoint: a flag and a context in, texts out.

use std::sync::Arc;

use flagstaff_definition::document::Document;
use flagstaff_definition::format::Format;
use flagstaff_definition::timestamp::Instant;
use flagstaff_engine::attribute::{AttributeTable, Attributes};
use flagstaff_engine::context::{ContextValue, EvaluationContext};
use flagstaff_engine::flag::{Flag, Subject};
use flagstaff_protocol::change;
use flagstaff_protocol::etag::EntityTag;
use flagstaff_protocol::goff::{self, AllFlagsBody};
use flagstaff_protocol::ofrep::standard::StandardWire;
use flagstaff_protocol::ofrep::{BulkBody, EventStream};
use flagstaff_protocol::stream::{self, Changed};
use flagstaff_protocol::wire::FlagWire;

/// The flags of a file, compiled and encoded.
fn encode(text: &str) -> Vec<(Flag, FlagWire)> {
    let document = Document::parse(text, Format::Yaml, None).expect("a document");
    let mut table = AttributeTable::default();
    let definitions = document
        .entries
        .iter()
        .filter_map(|entry| Some((&entry.key, entry.parsed.definition.as_ref()?)));
    let mut flags: Vec<_> = definitions
        .map(|(key, definition)| {
            let flag = Flag::compile(key, definition, &mut table);
            let wire = FlagWire::encode(&flag);
            (flag, wire)
        })
        .collect();
    flags.sort_by(|(a, _), (b, _)| a.key().cmp(b.key()));
    flags
}

/// What the flag `f` answers for a context: OFREP single with its status, OFREP bulk, GO Feature Flag's single with
/// "default" as the default, `/v1/allflags`.
fn check(flag: &str, context: &serde_json::Value, expected: [&str; 4]) {
    let flags = encode(flag);
    let (flag, wire) = &flags[0];
    let context = EvaluationContext::from_json(context);
    let attributes = Attributes::new(&context, None);
    let now = Instant {
        seconds: 1_700_000_000,
        nanos: 0,
    };
    let outcome = flag.evaluate(&Subject::new(&attributes, (now, now)), &mut ()).index;

    let (status, single) = wire.single(outcome);
    let mut bulk = BulkBody::with_room_for(1);
    bulk.push(wire.bulk_entry(outcome));
    let evaluation = goff::evaluation(wire, outcome, &ContextValue::String("default".into()));
    let mut all_flags = AllFlagsBody::new(1, 5);
    all_flags.push(wire, outcome);

    let text = |bytes: &[u8]| {
        String::from_utf8(bytes.to_vec())
            .expect("JSON is UTF-8")
            .trim_end()
            .to_owned()
    };
    assert_eq!(format!("{status} {}", text(&single)), expected[0]);
    assert_eq!(text(&bulk.finish().0), expected[1]);
    assert_eq!(text(&evaluation), expected[2]);
    assert_eq!(text(&all_flags.finish()), expected[3]);
}

#[test]
fn a_static_flag() {
    check(
        "f: {variations: {a: <b>}, defaultRule: {variation: a}, version: '1'}",
        &serde_json::json!({}),
        [
            r#"200 {"key":"f","value":"\u003cb\u003e","reason":"STATIC","variant":"a","metadata":{"gofeatureflag_cacheable":true}}"#,
            r#"{"flags":[{"key":"f","value":"\u003cb\u003e","reason":"STATIC","variant":"a"}]}"#,
            r#"{"trackEvents":true,"variationType":"a","failed":false,"version":"1","reason":"STATIC","errorCode":"","value":"\u003cb\u003e","cacheable":true}"#,
            r#"{"flags":{"f":{"value":"\u003cb\u003e","timestamp":5,"variationType":"a","trackEvents":true,"errorCode":"","reason":"STATIC"}},"valid":true}"#,
        ],
    );
}

#[test]
fn a_named_rule_and_metadata_of_the_same_names() {
    check(
        "f:
  variations: {a: [1.0, 2.5], b: 0}
  targeting: [{name: rule, query: plan eq \"pro\", variation: a}]
  defaultRule: {variation: b}
  metadata: {z: 1, gofeatureflag_cacheable: mine, evaluatedRuleName: mine}
  trackEvents: false",
        &serde_json::json!({"plan": "pro"}),
        [
            r#"200 {"key":"f","value":[1,2.5],"reason":"TARGETING_MATCH","variant":"a","metadata":{"evaluatedRuleName":"rule","gofeatureflag_cacheable":true,"z":1}}"#,
            r#"{"flags":[{"key":"f","value":[1,2.5],"reason":"TARGETING_MATCH","variant":"a","metadata":{"evaluatedRuleName":"rule","gofeatureflag_cacheable":"mine","z":1}}]}"#,
            r#"{"trackEvents":false,"variationType":"a","failed":false,"version":"","reason":"TARGETING_MATCH","errorCode":"","value":[1,2.5],"cacheable":true,"metadata":{"evaluatedRuleName":"rule","gofeatureflag_cacheable":"mine","z":1}}"#,
            r#"{"flags":{"f":{"value":[1,2.5],"timestamp":5,"variationType":"a","trackEvents":false,"errorCode":"","reason":"TARGETING_MATCH","metadata":{"evaluatedRuleName":"rule","gofeatureflag_cacheable":"mine","z":1}}},"valid":true}"#,
        ],
    );
}

#[test]
fn a_disabled_flag() {
    check(
        "f: {variations: {a: 1}, defaultRule: {variation: a}, disable: true}",
        &serde_json::json!({}),
        [
            r#"200 {"key":"f","value":null,"reason":"DISABLED","variant":"SdkDefault","metadata":{"gofeatureflag_cacheable":true}}"#,
            r#"{"flags":[{"key":"f","value":null,"reason":"DISABLED","variant":""}]}"#,
            r#"{"trackEvents":true,"variationType":"SdkDefault","failed":false,"version":"","reason":"DISABLED","errorCode":"","value":"default","cacheable":true}"#,
            r#"{"flags":{"f":{"value":null,"timestamp":5,"variationType":"","trackEvents":true,"errorCode":"","reason":"DISABLED"}},"valid":true}"#,
        ],
    );
}

#[test]
fn a_missing_targeting_key() {
    check(
        "f: {variations: {a: 1, b: 2}, defaultRule: {percentage: {a: 50, b: 50}}, metadata: {owner: web}}",
        &serde_json::json!({}),
        [
            r#"400 {"errorCode":"TARGETING_KEY_MISSING","errorDetails":"Error: Empty targeting key","key":"f"}"#,
            r#"{"flags":[{"key":"f","value":null,"reason":"ERROR","variant":"","metadata":{"owner":"web"},"errorCode":"TARGETING_KEY_MISSING","errorDetails":"Error: Empty targeting key"}]}"#,
            r#"{"trackEvents":true,"variationType":"SdkDefault","failed":true,"version":"","reason":"ERROR","errorCode":"TARGETING_KEY_MISSING","errorDetails":"Error: Empty targeting key","value":"default","cacheable":false,"metadata":{"owner":"web"}}"#,
            r#"{"flags":{"f":{"value":null,"timestamp":5,"variationType":"","trackEvents":true,"errorCode":"TARGETING_KEY_MISSING","errorDetails":"Error: Empty targeting key","reason":"ERROR","metadata":{"owner":"web"}}},"valid":false}"#,
        ],
    );
}

#[test]
fn a_null_is_of_no_type_in_bulk_answers() {
    check(
        "f: {variations: {a: 1}, defaultRule: {variation: nowhere}}",
        &serde_json::json!({}),
        [
            r#"200 {"key":"f","value":null,"reason":"STATIC","variant":"nowhere","metadata":{"gofeatureflag_cacheable":true}}"#,
            r#"{"flags":[{"key":"f","value":null,"reason":"ERROR","variant":"SdkDefault","errorCode":"TYPE_MISMATCH"}]}"#,
            r#"{"trackEvents":true,"variationType":"nowhere","failed":false,"version":"","reason":"STATIC","errorCode":"","value":null,"cacheable":true}"#,
            r#"{"flags":{"f":{"value":null,"timestamp":5,"variationType":"SdkDefault","trackEvents":true,"errorCode":"TYPE_MISMATCH","reason":"ERROR"}},"valid":false}"#,
        ],
    );
}

#[test]
fn a_flag_is_shown_as_it_was_written() {
    let flags = encode(
        "f:
  metadata: {}
  version: '2'
  disable: false
  trackEvents: true
  scheduledRollout:
    - {date: 2020-01-01T01:00:00.5+01:00, version: '3', targeting: [{name: r, disable: true}]}
    - {scheduledRollout: [{disable: true, date: 2020-01-02T00:00:00Z}, {}]}
  experimentation: {end: 2020-02-01T00:00:00Z}
  defaultRule:
    progressiveRollout: {end: {percentage: 40, date: 2020-06-01T00:00:00Z, variation: a}, initial: {variation: b}}
  bucketingKey: team
  targeting: [{query: a eq 1, percentage: {b: 0.5, a: 1.0}, name: r}]
  variations: {b: 1.0e-7, a: 1e+21}",
    );
    assert_eq!(
        String::from_utf8_lossy(flags[0].1.configuration()),
        r#"{"variations":{"a":1e+21,"b":1e-7},"#.to_owned()
            + r#""targeting":[{"name":"r","query":"a eq 1","percentage":{"a":1,"b":0.5}}],"bucketingKey":"team","#
            + r#""defaultRule":{"progressiveRollout":{"initial":{"variation":"b"},"#
            + r#""end":{"variation":"a","percentage":40,"date":"2020-06-01T00:00:00Z"}}},"#
            + r#""experimentation":{"end":"2020-02-01T00:00:00Z"},"#
            + r#""scheduledRollout":[{"targeting":[{"name":"r","disable":true}],"version":"3","date":"2020-01-01T01:00:00.5+01:00"},"#
            + r#"{"scheduledRollout":[{"disable":true,"date":"2020-01-02T00:00:00Z"},{}]}],"#
            + r#""trackEvents":true,"disable":false,"version":"2","metadata":{}}"#
    );
}

/// The numbers that GO Feature Flag's relay gave for the files of the conformance cases.
#[test]
fn change_hashes_are_those_of_go_feature_flag() {
    let conformance = concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance/http");
    for setup in ["default", "bulk350", "enrichment", "fixtures", "fixtures-configuration"] {
        let format = if setup == "bulk350" { "json" } else { "yaml" };
        let file =
            std::fs::read_to_string(format!("{conformance}/setups/{setup}/flags.{format}")).expect("a flag file");
        let recorded =
            std::fs::read_to_string(format!("{conformance}/recorded/{setup}.jsonl")).expect("recorded answers");
        let answer: serde_json::Value = recorded
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .find(|case: &serde_json::Value| matches!(case["id"].as_str(), Some("change/hashes" | "change/all")))
            .expect("a recorded answer");
        let answer = answer["steps"][0]["body"].as_str().expect("a body");
        let wanted: serde_json::Value = serde_json::from_str(answer).expect("JSON");
        let known = wanted["flags"].as_object().expect("flags");
        let flags = encode(&file);
        let served = flags.iter().filter(|(flag, _)| known.contains_key(&**flag.key()));
        let body = change::encode(served.map(|(_, wire)| wire));
        assert_eq!(String::from_utf8_lossy(&body), answer, "{setup}");
    }
}

#[test]
fn equal_outcomes_share_their_texts() {
    let flags =
        encode("f: {variations: {a: 1}, targeting: [{query: a eq 1, variation: a}], defaultRule: {variation: a}}");
    let (flag, wire) = &flags[0];
    let texts: Vec<Arc<[u8]>> = (0..flag.outcomes().len())
        .map(|outcome| wire.bulk_entry(outcome).0.into())
        .collect();
    for (index, text) in texts.iter().enumerate() {
        for (other, same) in texts.iter().enumerate().skip(index + 1) {
            let shared = std::ptr::eq(wire.bulk_entry(index).0, wire.bulk_entry(other).0);
            let equal = flag.outcomes()[index] == flag.outcomes()[other];
            assert_eq!(
                shared,
                equal,
                "{:?} {:?}",
                String::from_utf8_lossy(text),
                String::from_utf8_lossy(same)
            );
        }
    }
}

#[test]
fn what_streams_say() {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let before = encode(
        "a: {variations: {x: 1}, defaultRule: {variation: x}}\nb: {variations: {x: <1>}, defaultRule: {variation: x}}",
    );
    let after = encode(
        "b: {variations: {x: 2}, defaultRule: {variation: x}}\n\"c\\n\": {variations: {x: 3}, defaultRule: {variation: x}}",
    );
    let changed = Changed {
        deleted: vec![&before[0].1],
        added: vec![&after[1].1],
        updated: vec![(&before[1].1, &after[0].1)],
    };
    let message = concat!(
        r#"{"deleted":{"a":{"variations":{"x":1},"defaultRule":{"variation":"x"}}},"#,
        r#""added":{"c\n":{"variations":{"x":3},"defaultRule":{"variation":"x"}}},"#,
        r#""updated":{"b":{"old_value":{"variations":{"x":"\u003c1\u003e"},"defaultRule":{"variation":"x"}},"#,
        r#""new_value":{"variations":{"x":2},"defaultRule":{"variation":"x"}}}}}"#,
    );
    assert_eq!(text(changed.message()), format!("{message}\n"));
    assert_eq!(
        text(changed.names()),
        "{\"deleted\":{\"a\":{}},\"added\":{\"c\\n\":{}},\"updated\":{\"b\":{}}}\n"
    );
    assert_eq!(
        text(stream::event(7, &changed.message())),
        format!("id: 7\ndata: {message}\n\n")
    );
    let nothing = "{\"deleted\":{},\"added\":{},\"updated\":{}}\n";
    assert_eq!(text(Changed::default().message()), nothing);
    assert_eq!(text(Changed::default().names()), nothing);
    assert_eq!(text(stream::opening(2500, Some(7))), "retry: 2500\nid: 7\n\n");
    let digest = EntityTag::new("test");
    assert_eq!(
        text(stream::refetch(digest, 1_700_000_000)),
        format!(
            "{{\"type\":\"refetchEvaluation\",\"etag\":\"{:016x}\",\"lastModified\":1700000000}}\n",
            digest.bits()
        )
    );
}

/// What the flag `f` answers for a context in OFREP's standard dialect: single with its status; a bulk entry is the same but
/// for whether it may be kept.
fn check_standard(flag: &str, context: &serde_json::Value, expected: &str) {
    let flags = encode(flag);
    let flag = &flags[0].0;
    let context = EvaluationContext::from_json(context);
    let attributes = Attributes::new(&context, None);
    let now = Instant {
        seconds: 1_700_000_000,
        nanos: 0,
    };
    let outcome = flag.evaluate(&Subject::new(&attributes, (now, now)), &mut ()).index;
    let wire = StandardWire::encode(flag);
    let (status, single) = wire.single(outcome);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("JSON is UTF-8");
    let single = text(&single);
    assert_eq!(format!("{status} {}", single.trim_end()), expected);
    let entry = single
        .trim_end()
        .replace(r#","metadata":{"gofeatureflag_cacheable":true}"#, "");
    let entry = entry
        .replace(r#","gofeatureflag_cacheable":true"#, "")
        .replace(r#""gofeatureflag_cacheable":true,"#, "");
    assert_eq!(text(wire.bulk_entry(outcome).0), entry);
}

#[test]
fn the_standard_dialect() {
    let kept = r#""metadata":{"gofeatureflag_cacheable":true}"#;
    let anybody = serde_json::json!({});
    let ann = serde_json::json!({"targetingKey": "ann", "plan": "pro"});
    let targeting = "targeting: [{name: pros, query: plan eq \"pro\", percentage: {a: 50, b: 50}}]";
    for (flag, context, expected) in [
        (
            "f: {variations: {a: [1]}, defaultRule: {variation: a}}",
            &anybody,
            format!(r#"200 {{"key":"f","value":[1],"reason":"STATIC","variant":"a",{kept}}}"#),
        ),
        (
            "f: {variations: {a: 1}, defaultRule: {variation: a}, targeting: [{query: plan eq \"pro\", variation: a}]}",
            &anybody,
            format!(r#"200 {{"key":"f","value":1,"reason":"UNKNOWN","variant":"a",{kept}}}"#),
        ),
        (
            &format!("f: {{variations: {{a: 1, b: 2}}, defaultRule: {{variation: b}}, {targeting}}}"),
            &ann,
            r#"200 {"key":"f","value":2,"reason":"SPLIT","variant":"b","metadata":{"evaluatedRuleName":"pros","gofeatureflag_cacheable":true}}"#.to_owned(),
        ),
        (
            "f: {variations: {a: 1}, defaultRule: {variation: a}, disable: true, \
             metadata: {text: x, number: 1.5, on: true, none: null, list: [1], map: {a: 1}}}",
            &anybody,
            r#"200 {"key":"f","reason":"DISABLED","metadata":{"gofeatureflag_cacheable":true,"number":1.5,"on":true,"text":"x"}}"#
                .to_owned(),
        ),
        (
            "f: {variations: {a: null}, defaultRule: {variation: a}}",
            &anybody,
            format!(r#"200 {{"key":"f","reason":"STATIC","variant":"a",{kept}}}"#),
        ),
        (
            "f: {variations: {a: 1, b: 2}, defaultRule: {percentage: {a: 50, b: 50}}, metadata: {on: true}}",
            &anybody,
            r#"400 {"key":"f","errorCode":"TARGETING_KEY_MISSING","errorDetails":"Error: Empty targeting key"}"#.to_owned(),
        ),
    ] {
        check_standard(flag, context, &expected);
    }
}

#[test]
fn a_bulk_answer_names_its_stream() {
    let flags = encode("f: {variations: {a: 1}, defaultRule: {variation: a}}");
    let wire = StandardWire::encode(&flags[0].0);
    let body = |stream: &EventStream<'_>| {
        let mut body = BulkBody::standard(1);
        body.push(wire.bulk_entry(0));
        let (body, tag) = body.finish_with(stream);
        (String::from_utf8(body).expect("JSON is UTF-8"), tag)
    };
    let since = EntityTag::new("test");
    let here = EventStream {
        origin: None,
        path: "/stream?token=t",
        since,
        inactivity_delay: 120,
    };
    let (text, tag) = body(&here);
    let digits = format!("{:016x}", since.bits());
    let flag = r#"{"key":"f","reason":"DISABLED"}"#;
    let stream = |target: &str| format!(r#"[{{"type":"sse",{target},"inactivityDelaySec":120}}]"#);
    // `&` is written as Go's encoder writes it
    let uri = format!("/stream?token=t\\u0026since={digits}");
    assert_eq!(
        text,
        format!(
            "{{\"flags\":[{flag}],\"eventStreams\":{}}}\n",
            stream(&format!(r#""endpoint":{{"requestUri":"{uri}"}}"#))
        )
    );
    let there = EventStream {
        origin: Some("https://flags.example.com/relay"),
        path: "/stream",
        ..here
    };
    let (text, other) = body(&there);
    let url = format!(r#""url":"https://flags.example.com/relay/stream?since={digits}""#);
    assert!(text.contains(&stream(&url)), "{text}");
    assert_ne!(tag, other);
    let changed = EventStream {
        since: EntityTag::new("changed"),
        ..here
    };
    assert_eq!(body(&changed).1, tag, "what changed for others is no news");
    assert_eq!(EntityTag::from_digits(&digits), Some(since));
}
