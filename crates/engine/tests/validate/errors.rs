//! What GO Feature Flag refuses, and what crashes it.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case {
        title: "what is sound needs no word",
        flag: r#"
f:
  variations: {a: 1, b: 2.5}
  targeting:
    - {name: pro, query: plan eq "pro", variation: a}
    - {name: beta, query: beta eq true, percentage: {a: 25, b: 75}}
  defaultRule: {variation: b}
"#,
        found: "",
    },
    Case {
        title: "all problems of a flag at once, in GO Feature Flag's order",
        flag: r#"
f:
  variations: {a: 1, b: text, c: }
  targeting:
    - {name: x, query: age co 1, variation: z}
    - {name: x, percentage: {}}
"#,
        found: "
error null-variation variations.c 2:32 nil value for variation: c
error mixed-variation-types variations.b 2:25 all variations should have the same type
error missing-default-rule defaultRule 2:3 missing default rule
error query-invalid targeting[0].query 4:24 invalid query: co, sw and ew compare texts only
error unknown-variation targeting[0].variation 4:45 invalid variation: z does not exist
error missing-query targeting[1] 5:7 each targeting should have a query
error empty-percentage targeting[1].percentage 5:29 invalid percentages: should not be empty
error duplicate-rule-name targeting[1].name 5:14 duplicated rule name: x
",
    },
    Case {
        title: "no variations",
        flag: r#"
f:
  variations: {}
  defaultRule: {variation: a}
"#,
        found: "
error no-variation variations 2:3 no variation available
",
    },
    Case {
        title: "a null variation",
        flag: r#"
f:
  variations: {a: 1, b: }
  defaultRule: {variation: a}
"#,
        found: "
error null-variation variations.b 2:23 nil value for variation: b
",
    },
    Case {
        title: "variations of several kinds",
        flag: r#"
f:
  variations: {a: [1], b: 18446744073709551615, c: 1.5}
  defaultRule: {variation: a}
"#,
        found: "
error mixed-variation-types variations.b 2:27 all variations should have the same type
",
    },
    Case {
        title: "no default rule",
        flag: r#"
f:
  variations: {a: 1}
  defaultRule:
"#,
        found: "
error missing-default-rule defaultRule 2:3 missing default rule
",
    },
    Case {
        title: "a default rule with nothing to serve",
        flag: r#"
f:
  variations: {a: 1}
  defaultRule: {}
"#,
        found: "
error rule-without-outcome defaultRule 3:16 impossible to return value
",
    },
    Case {
        title: "a targeting rule without a query",
        flag: r#"
f:
  variations: {a: 1}
  targeting: [{variation: a}]
  defaultRule: {variation: a}
"#,
        found: "
error missing-query targeting[0] 3:15 each targeting should have a query
",
    },
    Case {
        title: "an empty query",
        flag: r#"
f:
  variations: {a: 1}
  targeting: [{query: "  ", variation: a}]
  defaultRule: {variation: a}
"#,
        found: "
error query-syntax targeting[0].query 3:26 invalid query: the query is empty
",
    },
    Case {
        title: "a query that is not one, with its place in a block",
        flag: r#"
f:
  variations: {a: 1}
  targeting:
    - query: |
        plan eq "pro"
        and country = "FR"
      variation: a
  defaultRule: {variation: a}
"#,
        found: "
error query-syntax targeting[0].query 6:21 invalid query: `country` is followed by an operator that does not exist
",
    },
    Case {
        title: "a query with text behind its end",
        flag: r#"
f:
  variations: {a: 1}
  targeting:
    - {query: 'plan eq "pro"; age gt 18', variation: a}
  defaultRule: {variation: a}
"#,
        found: "
error query-syntax targeting[0].query 4:29 invalid query: `and` or `or` is missing before the character ;
",
    },
    Case {
        title: "a query that errs on an empty context",
        flag: r#"
f:
  variations: {a: 1}
  targeting:
    - {query: plan eq "pro" or age co 1, variation: a}
  defaultRule: {variation: a}
"#,
        found: "
error query-invalid targeting[0].query 4:32 invalid query: co, sw and ew compare texts only
",
    },
    Case {
        title: "jsonlogic with an unknown operator",
        flag: r#"
f:
  variations: {a: 1}
  targeting:
    - query: '{"equals": [{"var": "plan"}, "pro"]}'
      variation: a
  defaultRule: {variation: a}
"#,
        found: "
error invalid-jsonlogic targeting[0].query 4:14 invalid jsonlogic query
",
    },
    Case {
        title: "an empty percentage",
        flag: r#"
f:
  variations: {a: 1}
  defaultRule: {percentage: {}}
"#,
        found: "
error empty-percentage defaultRule.percentage 3:29 invalid percentages: should not be empty
",
    },
    Case {
        title: "shares of variations that do not exist",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule:
    percentage:
      a: 50
      c: 50
"#,
        found: "
error unknown-variation defaultRule.percentage.c 6:10 invalid percentage: variation c does not exist
",
    },
    Case {
        title: "shares that are all zero",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule: {percentage: {a: 0, b: 0}}
"#,
        found: "
error zero-percentage defaultRule.percentage 3:29 invalid percentages: should not be equal to 0
",
    },
    Case {
        title: "a negative share",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule: {percentage: {a: 120, b: -20}}
"#,
        found: "
error negative-percentage defaultRule.percentage.b 3:41 negative percentage: b has -20
",
    },
    Case {
        title: "a rollout without an end",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule:
    progressiveRollout:
      initial: {variation: a, percentage: 0, date: 2024-05-01T00:00:00Z}
"#,
        found: "
error incomplete-progressive-rollout defaultRule.progressiveRollout 5:7 progressive rollout without end
",
    },
    Case {
        title: "a rollout backwards, to and from variations that do not exist",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule:
    progressiveRollout:
      initial: {variation: x, percentage: 12.5, date: 2024-05-01T00:00:00Z}
      end: {variation: y, date: 2024-07-01T00:00:00Z}
"#,
        found: "
error decreasing-progressive-rollout defaultRule.progressiveRollout.end 6:12 invalid progressive rollout, initial percentage should be lower than end percentage: 12.5/0
error unknown-variation defaultRule.progressiveRollout.end.variation 6:24 invalid progressive rollout, end variation y does not exist
error unknown-variation defaultRule.progressiveRollout.initial.variation 5:28 invalid progressive rollout, initial variation x does not exist
info rollout-written-back defaultRule.progressiveRollout.end 6:12 the end percentage is taken for 100 and stays as it is written
",
    },
    Case {
        title: "a variation that does not exist",
        flag: r#"
f:
  variations: {on: true, "off": false}
  defaultRule: {variation: of}
"#,
        found: "
error unknown-variation defaultRule.variation 3:28 invalid variation: of does not exist
",
    },
    Case {
        title: "two rules of one name, one of them disabled",
        flag: r#"
f:
  variations: {a: 1}
  targeting:
    - {name: x, query: plan eq "pro", variation: a}
    - {name: x, query: plan eq "free", variation: a, disable: true}
  defaultRule: {variation: a}
"#,
        found: "
error duplicate-rule-name targeting[1].name 5:14 duplicated rule name: x
",
    },
    Case {
        title: "a disabled rule is not looked at",
        flag: r#"
f:
  variations: {a: 1}
  targeting:
    - {query: plan eq "pro", variation: a}
    - {variation: z, disable: true}
  defaultRule: {variation: a}
"#,
        found: "
warning missing-query targeting[1] 5:7 each targeting should have a query
warning unknown-variation targeting[1].variation 5:19 invalid variation: z does not exist
",
    },
];
