//! Scheduled steps.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case {
        title: "a schedule in order",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  targeting: [{name: pro, query: plan eq "pro", variation: a}]
  defaultRule: {variation: a}
  scheduledRollout:
    - date: 2024-05-01T00:00:00Z
      targeting: [{name: pro, variation: b}]
    - date: 2024-07-01T00:00:00Z
      variations: {c: 3}
      defaultRule: {variation: c}
"#,
        found: "",
    },
    Case {
        title: "steps out of order, at once, far ahead, and without a date",
        flag: r#"
f:
  variations: {a: 1}
  defaultRule: {variation: a}
  scheduledRollout:
    - {date: 2024-07-01T00:00:00Z, disable: true}
    - {date: 2024-05-01T00:00:00Z, disable: false}
    - {date: 2024-07-01T00:00:00Z, disable: false}
    - {disable: true}
    - {date: 2204-07-01T00:00:00Z, disable: true}
"#,
        found: "
warning step-order scheduledRollout[1].date 6:14 the step stands after one with a later date
warning steps-at-once scheduledRollout[2].date 7:14 another step has the date 2024-07-01T00:00:00Z too
warning step-without-date scheduledRollout[3] 8:7 the step never applies: it has no date
info distant-date scheduledRollout[4].date 9:14 2204-07-01T00:00:00Z is 180 years ahead
",
    },
    Case {
        title: "a schedule that is over",
        flag: r#"
f:
  variations: {a: 1}
  defaultRule: {variation: a}
  scheduledRollout:
    - {date: 2024-05-01T00:00:00Z, disable: true}
"#,
        found: "
info schedule-over scheduledRollout 5:7 all scheduled steps have been applied
",
    },
    Case {
        title: "a step that changes nothing, with fields that steps cannot change",
        flag: r#"
f:
  variations: {a: 1}
  defaultRule: {variation: a}
  scheduledRollout:
    - {date: 2024-07-01T00:00:00Z, version: "2", trackEvents: false, bucketingKey: id, metadata: {x: 1}, scheduledRollout: [{}]}
"#,
        found: "
warning step-without-effect scheduledRollout[0] 5:7 the step changes nothing
warning ignored-field scheduledRollout[0].version 5:7 `version` of a step has no effect
warning ignored-field scheduledRollout[0].trackEvents 5:7 `trackEvents` of a step has no effect
warning ignored-field scheduledRollout[0].bucketingKey 5:7 `bucketingKey` of a step has no effect
warning ignored-field scheduledRollout[0].metadata 5:7 `metadata` of a step has no effect
warning ignored-field scheduledRollout[0].scheduledRollout 5:7 `scheduledRollout` of a step has no effect
",
    },
    Case {
        title: "changes to rules that do not exist",
        flag: r#"
f:
  variations: {a: 1}
  targeting: [{name: pro, query: plan eq "pro", variation: a}]
  defaultRule: {variation: a}
  scheduledRollout:
    - date: 2024-07-01T00:00:00Z
      targeting:
        - {name: prro, variation: a}
        - {name: new, query: plan eq "new", variation: a}
        - {query: plan eq "old", variation: a}
        - {name: none, query: plan eq "none"}
"#,
        found: "
warning step-adds-rule scheduledRollout[0].targeting[0] 8:18 no rule is named prro: the step adds one at the end
warning step-matches-everybody scheduledRollout[0].targeting[0] 8:11 the rule matches everybody from this step on
info step-adds-rule scheduledRollout[0].targeting[1] 9:18 no rule is named new: the step adds one at the end
info step-adds-rule scheduledRollout[0].targeting[2] 10:11 the step adds a rule at the end
warning step-adds-rule scheduledRollout[0].targeting[3] 11:18 no rule is named none: the step adds one at the end
warning rule-without-outcome scheduledRollout[0].targeting[3] 11:11 impossible to return value
",
    },
    Case {
        title: "changes that get lost",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  targeting:
    - {name: pro, query: plan eq "pro", variation: a}
    - {query: plan eq "free", variation: a}
  defaultRule: {variation: a}
  scheduledRollout:
    - date: 2024-07-01T00:00:00Z
      targeting:
        - {name: pro, variation: b}
        - {name: pro, variation: a}
        - {name: "", variation: b}
        - {query: plan eq "old", variation: a}
"#,
        found: "
warning step-changes-twice scheduledRollout[0].targeting[0] 10:11 another change of this step takes its place
warning step-changes-unnamed scheduledRollout[0].targeting[2].name 12:11 the change goes to every rule without a name
warning step-changes-twice scheduledRollout[0].targeting[3] 13:11 another change of this step takes its place
",
    },
    Case {
        title: "variations that do not exist yet",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  targeting: [{name: pro, query: plan eq "pro", percentage: {a: 50, b: 50}}]
  defaultRule: {variation: a}
  scheduledRollout:
    - date: 2024-08-01T00:00:00Z
      variations: {c: 3}
      defaultRule: {variation: c}
    - date: 2024-07-01T00:00:00Z
      targeting: [{name: pro, percentage: {b: 20, c: 30}}]
      defaultRule: {variation: c}
"#,
        found: "
warning step-order scheduledRollout[1].date 9:13 the step stands after one with a later date
warning unknown-variation scheduledRollout[1].targeting[0].percentage.c 10:54 invalid percentage: variation c does not exist
warning unknown-variation scheduledRollout[1].defaultRule.variation 11:32 invalid variation: c does not exist
",
    },
    Case {
        title: "variations that do not fit",
        flag: r#"
f:
  variations: {a: 1}
  defaultRule: {variation: a}
  scheduledRollout:
    - date: 2024-07-01T00:00:00Z
      variations: {b: text, c: }
"#,
        found: "
warning mixed-variation-types scheduledRollout[0].variations.b 6:23 all variations should have the same type
warning null-variation scheduledRollout[0].variations.c 6:30 nil value for variation: c
",
    },
    Case {
        title: "a variation behind a split",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  targeting:
    - {name: split, query: plan eq "pro", percentage: {a: 50, b: 50}}
    - {name: whole, query: plan eq "free", percentage: {a: 50, b: 50}}
  defaultRule: {variation: a}
  scheduledRollout:
    - date: 2024-07-01T00:00:00Z
      targeting:
        - {name: split, variation: b, percentage: {a: -1}}
        - {name: whole, variation: b, percentage: {a: -1, b: -1, c: -1}}
"#,
        found: "
info shared-hash . 5:7 several rules split, and each splits users alike
warning step-removes-nothing scheduledRollout[0].targeting[1].percentage.c 11:69 there is no share of c to remove
warning ignored-outcome scheduledRollout[0].targeting[0].variation 10:36 `variation` has no effect: `percentage` wins
warning percentage-sum scheduledRollout[0].targeting[0].percentage 10:51 the percentages add up to 50, not to 100
",
    },
    Case {
        title: "an outcome that a step cannot change",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  targeting: [{name: split, query: plan eq "pro", percentage: {a: 50, b: 50}}]
  defaultRule:
    progressiveRollout:
      initial: {variation: a, date: 2024-05-01T00:00:00Z}
      end: {variation: b, percentage: 100, date: 2024-08-01T00:00:00Z}
  scheduledRollout:
    - date: 2024-07-01T00:00:00Z
      targeting: [{name: split, variation: b}]
      defaultRule: {variation: b, percentage: {a: 100}}
"#,
        found: "
info shared-hash . 5:5 several rules split, and each splits users alike
warning step-outcome-hidden scheduledRollout[0].targeting[0].variation 10:44 `variation` has no effect: the rule still has `percentage`
warning step-outcome-hidden scheduledRollout[0].defaultRule.variation 11:32 `variation` has no effect: the rule still has `progressiveRollout`
warning step-outcome-hidden scheduledRollout[0].defaultRule.percentage 11:47 `percentage` has no effect: the rule still has `progressiveRollout`
warning ignored-outcome scheduledRollout[0].defaultRule.variation 11:32 `variation` has no effect: `percentage` wins
",
    },
    Case {
        title: "queries in steps",
        flag: r#"
f:
  variations: {a: 1}
  targeting:
    - {name: pro, query: plan eq "pro", variation: a}
    - {name: free, query: plan eq "free", variation: a}
  defaultRule: {variation: a}
  scheduledRollout:
    - date: 2024-07-01T00:00:00Z
      targeting:
        - {name: pro, query: plan = "pro"}
        - {name: free, query: ""}
      defaultRule: {query: plan eq "pro"}
"#,
        found: "
warning query-syntax scheduledRollout[0].targeting[0].query 10:35 invalid query: `plan` is followed by an operator that does not exist
warning step-matches-everybody scheduledRollout[0].targeting[1].query 11:31 the rule matches everybody from this step on
warning default-rule-condition scheduledRollout[0].defaultRule.query 12:28 the query of the default rule has no effect
",
    },
    Case {
        title: "a step's changes to shares and windows",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule: {percentage: {a: 50, b: 50}}
  experimentation: {start: 2024-05-01T00:00:00Z}
  scheduledRollout:
    - date: 2024-07-01T00:00:00Z
      defaultRule: {percentage: {a: 20}}
      experimentation: {end: 2024-04-01T00:00:00Z}
    - date: 2024-08-01T00:00:00Z
      defaultRule: {percentage: {a: 0, b: 0}}
"#,
        found: "
warning percentage-sum scheduledRollout[0].defaultRule.percentage 7:33 the percentages add up to 70, not to 100
warning experimentation-reversed scheduledRollout[0].experimentation.end 8:30 the experiment ends on 2024-04-01T00:00:00Z, before it starts on 2024-05-01T00:00:00Z
warning zero-percentage scheduledRollout[1].defaultRule.percentage 10:33 invalid percentages: should not be equal to 0
",
    },
    Case {
        title: "a step that crashes GO Feature Flag, and one that changes what a step added",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule: {variation: a}
  scheduledRollout:
    - date: 2024-07-01T00:00:00Z
      targeting:
        - name: ramp
          query: plan eq "pro"
          progressiveRollout:
            end: {variation: b, percentage: 100, date: 2024-08-01T00:00:00Z}
    - date: 2024-07-02T00:00:00Z
      targeting:
        - name: ramp
          progressiveRollout:
            initial: {variation: a, date: 2024-07-05T00:00:00Z}
"#,
        found: "
info targeting-key-needed . 7:11 a targeting key is needed because of a later step
info step-adds-rule scheduledRollout[0].targeting[0] 7:17 no rule is named ramp: the step adds one at the end
warning incomplete-progressive-rollout scheduledRollout[0].targeting[0].progressiveRollout 10:13 progressive rollout without initial
error step-without-rollout-end scheduledRollout[1].targeting[0].progressiveRollout.initial 15:22 the rollout to change has no initial
info step-written-back scheduledRollout[1].targeting[0] 13:11 the change goes to a rule that an earlier step added
",
    },
    Case {
        title: "a rule that a step adds can have a negative share",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule: {variation: a}
  scheduledRollout:
    - date: 2024-07-01T00:00:00Z
      targeting:
        - {query: plan eq "pro", percentage: {a: -20, b: 120}}
"#,
        found: "
info targeting-key-needed . 7:11 a targeting key is needed because of a later step
info step-adds-rule scheduledRollout[0].targeting[0] 7:11 the step adds a rule at the end
warning negative-percentage scheduledRollout[0].targeting[0].percentage.a 7:50 negative percentage: a has -20
",
    },
];
