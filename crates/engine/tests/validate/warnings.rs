//! What loads, and probably does not do what was meant.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case {
        title: "shares that do not add up to 100",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule: {percentage: {a: 10, b: 80}}
"#,
        found: "
warning percentage-sum defaultRule.percentage 3:29 the percentages add up to 90, not to 100
",
    },
    Case {
        title: "shares that miss 100 by rounding only",
        flag: r#"
f:
  variations: {a: 1, b: 2, c: 3}
  defaultRule: {percentage: {a: 33.33, b: 33.33, c: 33.34}}
"#,
        found: "",
    },
    Case {
        title: "a share of 100 among others",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule: {percentage: {a: 100, b: 50}}
"#,
        found: "
warning hundred-percent defaultRule.percentage 3:29 a has 100 percent, and others have a share too
",
    },
    Case {
        title: "a share of zero, and one below the precision",
        flag: r#"
f:
  variations: {a: 1, b: 2, c: 3}
  defaultRule:
    percentage:
      a: 0
      b: 0.0002
      c: 99.9998
"#,
        found: "
warning zero-share defaultRule.percentage.b 6:10 nobody gets b
info zero-share defaultRule.percentage.a 5:10 nobody gets a
info split-hole defaultRule.percentage 5:7 rounding leaves 1 of 100000 users to nobody
",
    },
    Case {
        title: "shares too small to split anybody",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule: {percentage: {a: 0.0001, b: 0.0002}}
"#,
        found: "
warning percentage-out-of-range defaultRule.percentage 3:29 the percentages are too small to split anybody
",
    },
    Case {
        title: "shares too large to split anybody",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule: {percentage: {a: 4000000, b: 4000000}}
"#,
        found: "
warning percentage-out-of-range defaultRule.percentage 3:29 the percentages are too large to split anybody
",
    },
    Case {
        title: "a rule behind one with the same query",
        flag: r#"
f:
  variations: {a: 1}
  targeting:
    - {query: plan eq "pro", variation: a}
    - {query: ' plan eq "pro" ', variation: a}
  defaultRule: {variation: a}
"#,
        found: "
warning unreachable-rule targeting[1].query 5:15 the rule never applies
",
    },
    Case {
        title: "a disabled rule hides nothing",
        flag: r#"
f:
  variations: {a: 1}
  targeting:
    - {query: plan eq "pro", variation: a, disable: true}
    - {query: plan eq "pro", variation: a}
  defaultRule: {variation: a}
"#,
        found: "",
    },
    Case {
        title: "several outcomes",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule:
    variation: a
    percentage: {a: 50, b: 50}
    progressiveRollout:
      initial: {variation: a, percentage: 0, date: 2024-05-01T00:00:00Z}
      end: {variation: b, percentage: 100, date: 2024-07-01T00:00:00Z}
"#,
        found: "
warning ignored-outcome defaultRule.percentage 5:17 `percentage` has no effect: `progressiveRollout` wins
warning ignored-outcome defaultRule.variation 4:16 `variation` has no effect: `progressiveRollout` wins
",
    },
    Case {
        title: "a default rule with a condition and a name",
        flag: r#"
f:
  variations: {a: 1}
  defaultRule: {name: everybody, query: plan eq "pro", variation: a, disable: true}
"#,
        found: "
warning default-rule-condition defaultRule.query 3:41 the query of the default rule has no effect
warning default-rule-condition defaultRule.disable 3:16 the default rule cannot be disabled
info default-rule-name defaultRule.name 3:23 the name of the default rule is never published
",
    },
    Case {
        title: "nothing but disabled rules",
        flag: r#"
f:
  variations: {a: 1}
  targeting: [{query: plan eq "pro", variation: a, disable: true}]
  defaultRule: {variation: a}
"#,
        found: "
info only-disabled-rules targeting 3:15 all targeting rules are disabled
",
    },
    Case {
        title: "rollouts without sound dates",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  targeting:
    - query: plan eq "pro"
      progressiveRollout:
        initial: {variation: a}
        end: {variation: b, percentage: 100, date: 2024-07-01T00:00:00Z}
  defaultRule:
    progressiveRollout:
      initial: {variation: a, date: 2024-07-01T00:00:00Z}
      end: {variation: b, percentage: 100, date: 2024-07-01T00:00:00Z}
"#,
        found: "
warning progressive-rollout-dates defaultRule.progressiveRollout.end.date 11:50 the rollout ends on 2024-07-01T00:00:00Z, not after it starts on 2024-07-01T00:00:00Z
warning progressive-rollout-dates targeting[0].progressiveRollout.initial 6:18 the rollout has no date at initial
info shared-hash . 9:5 several rules split, and each splits users alike
",
    },
    Case {
        title: "an initial percentage before its date",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule:
    progressiveRollout:
      initial: {variation: a, percentage: 20, date: 2024-07-01T00:00:00Z}
      end: {variation: b, percentage: 60, date: 2024-08-01T00:00:00Z}
"#,
        found: "
info initial-percentage defaultRule.progressiveRollout.initial.percentage 5:16 nobody gets the end variation before 2024-07-01T00:00:00Z, although initial says 20 %
",
    },
    Case {
        title: "an end percentage that means 100",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule:
    progressiveRollout:
      initial: {variation: a, date: 2024-05-01T00:00:00Z}
      end: {variation: b, percentage: 250, date: 2024-08-01T00:00:00Z}
"#,
        found: "
warning end-percentage defaultRule.progressiveRollout.end.percentage 6:12 an end percentage of 250 means 100
info rollout-written-back defaultRule.progressiveRollout.end 6:12 the end percentage is taken for 100 and stays as it is written
",
    },
    Case {
        title: "rollouts that are complete",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  targeting:
    - query: plan eq "pro"
      progressiveRollout:
        initial: {variation: a, date: 2024-03-01T00:00:00Z}
        end: {variation: b, percentage: 40, date: 2024-04-01T00:00:00Z}
  defaultRule:
    progressiveRollout:
      initial: {variation: a, date: 2024-03-01T00:00:00Z}
      end: {variation: b, percentage: 100, date: 2024-04-01T00:00:00Z}
"#,
        found: "
info progressive-rollout-over defaultRule.progressiveRollout 10:7 the rollout is complete since 2024-04-01T00:00:00Z
info progressive-rollout-over targeting[0].progressiveRollout 6:9 the rollout is complete since 2024-04-01T00:00:00Z
info shared-hash . 9:5 several rules split, and each splits users alike
",
    },
    Case {
        title: "a negative initial percentage",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule:
    progressiveRollout:
      initial: {variation: a, percentage: -5, date: 2024-05-01T00:00:00Z}
      end: {variation: b, percentage: 100, date: 2024-08-01T00:00:00Z}
"#,
        found: "
error negative-percentage defaultRule.progressiveRollout.initial.percentage 5:16 negative percentage: -5
",
    },
    Case {
        title: "an experiment that is over before it starts",
        flag: r#"
f:
  variations: {a: 1}
  defaultRule: {variation: a}
  experimentation: {start: 2024-08-01T00:00:00Z, end: 2024-07-01T00:00:00Z}
"#,
        found: "
warning experimentation-reversed experimentation.end 4:55 the experiment ends on 2024-07-01T00:00:00Z, before it starts on 2024-08-01T00:00:00Z
",
    },
    Case {
        title: "an experiment that is over",
        flag: r#"
f:
  variations: {a: 1}
  defaultRule: {variation: a}
  experimentation:
    start: 2024-03-01T00:00:00Z
    end: 2024-04-01T00:00:00Z
"#,
        found: "
warning experimentation-over experimentation.end 6:10 the experiment is over since 2024-04-01T00:00:00Z
",
    },
    Case {
        title: "an experiment without dates",
        flag: r#"
f:
  variations: {a: 1}
  defaultRule: {variation: a}
  experimentation: {}
"#,
        found: "
warning experimentation-empty experimentation 4:20 the experiment has neither start nor end
",
    },
    Case {
        title: "an experiment in the next century",
        flag: r#"
f:
  variations: {a: 1}
  defaultRule: {variation: a}
  experimentation: {start: 2204-08-01T00:00:00Z}
"#,
        found: "
info distant-date experimentation.start 4:28 2204-08-01T00:00:00Z is 180 years ahead
",
    },
    Case {
        title: "an empty bucketing key",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  bucketingKey: ""
  defaultRule: {percentage: {a: 50, b: 50}}
"#,
        found: "
warning empty-bucketing-key bucketingKey 3:17 an empty bucketing key is not the same as none
",
    },
    Case {
        title: "bucketing by the derived attribute key",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  bucketingKey: key
  defaultRule: {percentage: {a: 50, b: 50}}
"#,
        found: "
warning derived-bucketing-key bucketingKey 3:17 `key` is not the targeting key here
",
    },
    Case {
        title: "bucketing by the derived attribute anonymous",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  bucketingKey: anonymous
  defaultRule: {percentage: {a: 50, b: 50}}
"#,
        found: "
warning derived-bucketing-key bucketingKey 3:17 `anonymous` cannot be hashed
",
    },
    Case {
        title: "a bucketing key with an empty step",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  bucketingKey: company..id
  defaultRule: {percentage: {a: 50, b: 50}}
"#,
        found: "
warning bucketing-key-path bucketingKey 3:17 the path company..id has an empty step
",
    },
    Case {
        title: "a bucketing key inside an object",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  bucketingKey: company.id
  defaultRule: {percentage: {a: 50, b: 50}}
"#,
        found: "
info bucketing-key-path bucketingKey 3:17 company.id is looked up inside the object company
",
    },
    Case {
        title: "a bucketing key that nothing is hashed by",
        flag: r#"
f:
  variations: {a: 1}
  bucketingKey: company
  defaultRule: {variation: a}
"#,
        found: "
warning unused-bucketing-key bucketingKey 3:17 nobody is split, and whoever has no company gets an error
",
    },
    Case {
        title: "a key needed by a disabled rule",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  targeting:
    - {query: plan eq "free", variation: a}
    - {query: plan eq "pro", percentage: {a: 50, b: 50}, disable: true}
  defaultRule: {variation: a}
"#,
        found: "
info targeting-key-needed . 5:7 a targeting key is needed because of a disabled rule
",
    },
    Case {
        title: "a key needed by a later step",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule: {variation: a}
  scheduledRollout:
    - date: 2024-07-01T00:00:00Z
      defaultRule: {percentage: {a: 50, b: 50}}
"#,
        found: "
info targeting-key-needed . 6:20 a targeting key is needed because of a later step
",
    },
    Case {
        title: "a key needed by a step that has come",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule: {variation: a}
  scheduledRollout:
    - date: 2024-05-01T00:00:00Z
      defaultRule: {percentage: {a: 50, b: 50}}
    - date: 2024-07-01T00:00:00Z
      defaultRule: {percentage: {a: 20, b: 80}}
"#,
        found: "",
    },
    Case {
        title: "a key needed by a flag that is off",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule: {percentage: {a: 50, b: 50}}
  disable: true
"#,
        found: "
info targeting-key-needed . 2:3 the flag is off, and still needs a targeting key
",
    },
    Case {
        title: "two splits of one hash",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  targeting: [{query: plan eq "pro", percentage: {a: 10, b: 90}}]
  defaultRule: {percentage: {a: 20, b: 80}}
"#,
        found: "
info shared-hash . 4:16 several rules split, and each splits users alike
",
    },
    Case {
        title: "a default of another kind for the manifest",
        flag: r#"
f:
  variations: {a: true, b: false}
  defaultRule: {variation: a}
  metadata: {defaultValue: "false"}
"#,
        found: "
warning manifest-default metadata.defaultValue 2:3 `defaultValue` is a text, and the variations are not: each is a boolean
",
    },
    Case {
        title: "a default with a fraction for a flag of whole numbers",
        flag: r#"
f:
  variations: {a: 1, b: 2}
  defaultRule: {variation: a}
  metadata: {defaultValue: 1.5}
"#,
        found: "
warning manifest-default metadata.defaultValue 2:3 `defaultValue` has a fraction, and the variations are whole numbers
",
    },
    Case {
        title: "a default that fits",
        flag: r#"
f:
  variations: {a: 1, b: 2.5}
  defaultRule: {variation: a}
  metadata: {defaultValue: 25}
"#,
        found: "",
    },
    Case {
        title: "lists have no place in the manifest",
        flag: r#"
f:
  variations: {a: [1], b: [2]}
  defaultRule: {variation: a}
  metadata: {defaultValue: [1]}
"#,
        found: "
warning manifest-default metadata.defaultValue 2:3 the manifest has no type for lists, and fails
",
    },
    Case {
        title: "comparisons that are never decided, or never true",
        flag: r#"
f:
  variations: {a: 1}
  targeting:
    - {query: plan eq null or age co 1, variation: a}
    - {query: 'country in "FR" or plan eq ["pro"] or address.zip in [1, 2]', variation: a}
  defaultRule: {variation: a}
"#,
        found: "
warning query-undecidable targeting[0].query 4:31 co, sw and ew compare texts only
warning query-never-true targeting[1].query 5:16 the comparison is false for every attribute
warning query-never-true targeting[1].query 5:35 the comparison is false for every attribute
warning query-never-true targeting[1].query 5:54 the comparison is false for every attribute
info query-nested-attribute targeting[1].query 5:54 address.zip may be out of reach
",
    },
    Case {
        title: "whole numbers beside fractions",
        flag: r#"
f:
  variations: {a: 1}
  targeting:
    - {query: score gt 1 and age gt 18, variation: a}
    - {query: score lt 2.5, variation: a}
  defaultRule: {variation: a}
"#,
        found: "
warning query-truncated-number targeting[0].query 4:15 the fraction of the attribute is cut off here
",
    },
    Case {
        title: "logic that is easily misread",
        flag: r#"
f:
  variations: {a: 1}
  targeting:
    - {query: a pr or b pr and c pr, variation: a}
    - {query: not a pr and b pr, variation: a}
  defaultRule: {variation: a}
"#,
        found: "
warning query-mixed-logic targeting[0].query 4:28 `and` and `or` bind equally and are read from left to right
warning query-bare-not targeting[1].query 5:15 `not` without parentheses negates everything that follows on its level
",
    },
    Case {
        title: "a text over two lines",
        flag: r#"
f:
  variations: {a: 1}
  targeting:
    - query: |
        plan eq "pro
        fessional"
      variation: a
  defaultRule: {variation: a}
"#,
        found: "
warning query-joined-lines targeting[0].query 5:17 a line break inside a word or a text is dropped, with the spaces after it
",
    },
];
