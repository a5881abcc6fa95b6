//! Answers that are not GO Feature Flag's.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case {
        title: "a sum that depends on the order",
        flag: r#"
f:
  variations: {a: 1, b: 2, c: 3}
  defaultRule: {percentage: {a: 33.3, b: 33.3, c: 33.4}}
"#,
        found: "
info split-order defaultRule.percentage 3:29 the sum of these percentages depends on the order of addition
",
    },
    Case {
        title: "a sum of many that may depend on the order",
        flag: r#"
f:
  variations: {a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7}
  defaultRule: {percentage: {a: 10.1, b: 10.1, c: 10.1, d: 10.1, e: 10.1, f: 10.1, g: 39.4}}
"#,
        found: "
info split-order defaultRule.percentage 3:29 the sum of these percentages depends on the order of addition
",
    },
    Case {
        title: "sums that are exact",
        flag: r#"
f:
  variations: {a: 1, b: 2, c: 3}
  targeting: [{query: plan eq "pro", variation: a}]
  defaultRule: {percentage: {a: 12.5, b: 37.25, c: 50.25}}
"#,
        found: "",
    },
    Case {
        title: "a rounding hole",
        flag: r#"
f:
  variations: {a: 1, b: 2, c: 3}
  defaultRule: {percentage: {a: 32.92, b: 2.01, c: 65.07}}
"#,
        found: "
info split-hole defaultRule.percentage 3:29 rounding leaves 1 of 100000 users to nobody
",
    },
    Case {
        title: "bucketing by the targeting key",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  bucketingKey: targetingKey
  defaultRule: {percentage: {a: 50, b: 50}}
"#,
        found: "
info bucketing-by-targeting-key bucketingKey 3:17 bucketing by `targetingKey` works on every endpoint
",
    },
    Case {
        title: "an end percentage that is not written",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule:
    progressiveRollout:
      initial: {variation: a, date: 2024-05-01T00:00:00Z}
      end: {variation: b, date: 2024-08-01T00:00:00Z}
"#,
        found: "
info rollout-written-back defaultRule.progressiveRollout.end 6:12 the end percentage is taken for 100 and stays as it is written
",
    },
    Case {
        title: "operators of the documentation",
        flag: r#"
f:
  variations: {a: 1}
  targeting:
    - query: '{"startsWith": [{"var": "email"}, "admin"]}'
      variation: a
  defaultRule: {variation: a}
"#,
        found: "
info jsonlogic-operator targeting[0].query 4:14 GO Feature Flag does not know the operator startsWith
",
    },
    Case {
        title: "queries that are read as they are written",
        flag: r#"
f:
  variations: {a: 1}
  targeting:
    - {query: 'plan eq "pro" AND age gt 18', variation: a}
    - {query: 'plan eq "pro" && age gt 18', variation: a}
    - {query: 'age gt 1e3', variation: a}
  defaultRule: {variation: a}
"#,
        found: "
info query-read-as-written targeting[0].query 4:30 this is read as written; GO Feature Flag may refuse it or drop what follows
warning query-symbolic-logic targeting[1].query 5:30 GO Feature Flag does not know this sign and drops what follows it; it is read as `and`
info query-read-as-written targeting[2].query 6:23 this is read as written; GO Feature Flag may refuse it or drop what follows
",
    },
    Case {
        title: "attributes out of reach",
        flag: r#"
f:
  variations: {a: 1}
  targeting:
    - {query: 'plan eq "free" or org.plan eq "pro"', variation: a}
    - {query: 'org.plan eq null', variation: a}
    - {query: 'not (org.plan eq "pro")', variation: a}
    - {query: 'org.plan eq "pro"', variation: a}
  defaultRule: {variation: a}
"#,
        found: "
info query-nested-attribute targeting[0].query 4:34 org.plan may be out of reach
info query-nested-attribute targeting[1].query 5:16 org.plan may be out of reach
info query-nested-attribute targeting[2].query 6:21 org.plan may be out of reach
",
    },
    Case {
        title: "a step changes a rule that a step added",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule: {variation: a}
  scheduledRollout:
    - date: 2024-05-01T00:00:00Z
      targeting: [{name: pro, query: plan eq "pro", percentage: {a: 90, b: 10}}]
    - date: 2024-07-01T00:00:00Z
      targeting: [{name: pro, percentage: {a: 50, b: 50}}]
"#,
        found: "
info step-adds-rule scheduledRollout[0].targeting[0] 6:26 no rule is named pro: the step adds one at the end
info step-written-back scheduledRollout[1].targeting[0] 8:19 the change goes to a rule that an earlier step added
",
    },
];
