//! When flags change by themselves.

use flagstaff_definition::document::parse_flag;
use flagstaff_definition::timestamp::Timestamp;
use flagstaff_engine::calendar::moments;
use serde_json::{Value, json};

/// The moments of a flag: `date what`.
fn told(flag: &Value) -> Vec<String> {
    let parsed = parse_flag("flag", &flag.to_string());
    let definition = parsed.definition.expect("a flag");
    let shown = |moment: &flagstaff_engine::calendar::Moment| {
        let date = Timestamp {
            instant: moment.at,
            offset: 0,
        };
        format!("{} {:?}", &date.to_string()[..10], moment.occasion)
    };
    moments(&definition).iter().map(shown).collect()
}

#[test]
fn moments_are_of_the_flag_as_it_stands_then() {
    let day = |day: u32| format!("2026-01-{day:02}T00:00:00Z");
    let ramp = |end: u32| json!({"initial": {"variation": "a", "date": day(1)}, "end": {"variation": "b", "percentage": 100, "date": day(end)}});
    let flag = |members: Value| {
        let mut flag = json!({"variations": {"a": 1, "b": 2}, "defaultRule": {"variation": "a"}});
        flag.as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        flag
    };
    let window = json!({"start": day(3), "end": day(9)});
    for (members, expected) in [
        (json!({}), &[][..]),
        (
            json!({"experimentation": window}),
            &["2026-01-03 ExperimentBegan", "2026-01-09 ExperimentEnded"],
        ),
        (json!({"experimentation": window, "disable": true}), &[]),
        (
            json!({"disable": true, "scheduledRollout": [{"date": day(5), "disable": false}, {"date": day(7), "disable": true}]}),
            &["2026-01-05 TurnedOn", "2026-01-07 TurnedOff"],
        ),
        // steps of one date are one, and steps without a date never come
        (
            json!({"scheduledRollout": [{"date": day(5), "disable": true}, {"date": day(5), "disable": false}, {"disable": true}]}),
            &["2026-01-05 Stepped"],
        ),
        // nobody sees a change of a flag that stays off
        (
            json!({"disable": true, "scheduledRollout": [{"date": day(5), "defaultRule": {"variation": "b"}}]}),
            &[],
        ),
        // the end of the experiment is moved before it comes
        (
            json!({"experimentation": window, "scheduledRollout": [{"date": day(5), "experimentation": {"end": day(20)}}]}),
            &[
                "2026-01-03 ExperimentBegan",
                "2026-01-05 Stepped",
                "2026-01-20 ExperimentEnded",
            ],
        ),
        (
            json!({"defaultRule": {"progressiveRollout": ramp(8)}, "targeting": [
                {"name": "beta", "query": "a eq 1", "progressiveRollout": ramp(4)},
                {"name": "off", "query": "a eq 1", "progressiveRollout": ramp(5), "disable": true},
            ]}),
            &[
                "2026-01-04 RolloutCompleted(Some(\"beta\"))",
                "2026-01-08 RolloutCompleted(None)",
            ],
        ),
    ] {
        assert_eq!(told(&flag(members.clone())), expected, "{members}");
    }
}
