//! The flags that benches and allocation tests evaluate, one of each kind.

use flagstaff_definition::document::parse_flag;
use flagstaff_definition::timestamp::{Instant, Timestamp};
use flagstaff_engine::attribute::AttributeTable;
use flagstaff_engine::context::{ContextMap, ContextValue, EvaluationContext};
use flagstaff_engine::flag::Flag;
use serde_json::{Value, json};

/// Two groups of conditions, six comparisons, strings, a number, a boolean, a list and a version.
const QUERY: &str = r#"(country eq "FR" and plan in ["pro", "enterprise"]) or (email ew "@example.com" and age ge 18 and beta eq true and version gt 1.4.0)"#;

const LOGIC: &str = r#"{"and": [{"==": [{"var": "country"}, "FR"]}, {">=": [{"var": "age"}, 18]}, {"in": [{"var": "plan"}, ["free", "pro"]]}]}"#;

/// A context that makes the second group of [`QUERY`] true.
pub(crate) fn context() -> EvaluationContext<'static> {
    let attributes = [
        (
            "targetingKey",
            ContextValue::String("d45e303a-38c2-11ed-a261-0242ac120002".into()),
        ),
        ("country", ContextValue::String("FR".into())),
        ("plan", ContextValue::String("free".into())),
        ("email", ContextValue::String("ann@example.com".into())),
        ("age", ContextValue::Int(42)),
        ("beta", ContextValue::Bool(true)),
        ("version", ContextValue::String("1.10.2".into())),
        ("anonymous", ContextValue::Bool(false)),
    ];
    EvaluationContext {
        targeting_key: "d45e303a-38c2-11ed-a261-0242ac120002".into(),
        attributes: ContextMap::from_members(attributes.map(|(name, value)| (name.into(), value)).into()),
    }
}

/// A time in the middle of the ramps and schedules below.
pub(crate) fn times() -> (Instant, Instant) {
    let now = Timestamp::parse("2026-06-15T12:00:00Z").expect("a date").instant;
    (now, now)
}

fn compile(key: &str, mut flag: Value, table: &mut AttributeTable) -> Flag {
    flag["variations"] = json!({"enabled": true, "disabled": false});
    let definition = parse_flag(key, &flag.to_string())
        .definition
        .expect("the sample decodes");
    Flag::compile(key, &definition, table)
}

/// The rule that serves `enabled` to whom a query matches.
fn targeted(query: &str) -> Value {
    json!({"targeting": [{"name": "some", "query": query, "variation": "enabled"}], "defaultRule": {"variation": "disabled"}})
}

fn split() -> Value {
    json!({"defaultRule": {"percentage": {"enabled": 30, "disabled": 70}}})
}

/// One flag of each kind, by name.
pub(crate) fn flags(table: &mut AttributeTable) -> Vec<(&'static str, Flag)> {
    let entries: Vec<String> = (0..100_000).map(|n| format!("\"user-{n}\"")).collect();
    let ramp = json!({"initial": {"variation": "disabled", "percentage": 0, "date": "2026-06-01T00:00:00Z"},
        "end": {"variation": "enabled", "percentage": 100, "date": "2026-07-01T00:00:00Z"}});
    let steps: Vec<Value> = (1..=12)
        .map(|month| json!({"date": format!("2026-{month:02}-01T00:00:00Z"), "defaultRule": {"percentage": {"enabled": month, "disabled": 100 - month}}}))
        .collect();
    [
        ("static", json!({"defaultRule": {"variation": "enabled"}})),
        ("split", split()),
        ("six_terms", targeted(QUERY)),
        ("jsonlogic", targeted(LOGIC)),
        ("progressive", json!({"defaultRule": {"progressiveRollout": ramp}})),
        (
            "scheduled",
            json!({"defaultRule": {"variation": "disabled"}, "scheduledRollout": steps}),
        ),
        (
            "list_of_100k",
            targeted(&format!("targetingKey in [{}]", entries.join(","))),
        ),
        (
            "disabled",
            json!({"disable": true, "defaultRule": {"variation": "enabled"}}),
        ),
    ]
    .into_iter()
    .map(|(name, flag)| (name, compile("flag-001", flag, table)))
    .collect()
}

/// 350 flags: a third static, a third split, a third with the six-term query.
pub(crate) fn bulk(table: &mut AttributeTable) -> Vec<Flag> {
    (0..350)
        .map(|n| {
            let flag = match n % 3 {
                0 => json!({"defaultRule": {"variation": "enabled"}}),
                1 => split(),
                _ => targeted(QUERY),
            };
            compile(&format!("flag-{n:03}"), flag, table)
        })
        .collect()
}
