//! The table of codes: name, usual severity, and the page of the reference.

use super::Severity;

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal, $severity:ident;)*) => {
        /// Stable names of findings. The comments become `docs/diagnostics.md`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[doc = $doc])* $name,)* }

        impl Code {
            /// Every code, in the order of the reference page.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name that is printed and never changes.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// How bad it usually is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// What it means, an example and how to mend it (Markdown).
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc, "\n"),*),)* }
            }
        }
    };
}

codes! {
    // document

    /// The text is not a document of its format at all. The last good set stays.
    ///
    /// Example: a tab used for indentation in YAML, a missing brace in JSON.
    /// Mend: correct the text at the given place.
    Syntax = "syntax", Error;
    /// The document holds nothing: it is empty, all comments, or `null`. The last good set stays.
    ///
    /// GO Feature Flag takes an empty YAML file for a set without flags.
    /// Mend: write `{}` to mean a set without flags.
    EmptyDocument = "empty-document", Error;
    /// The document is not a map from flag keys to flags.
    ///
    /// Example: a list of flags, `- my-flag: {...}`.
    /// Mend: write each flag under its key, `my-flag: {...}`, at the top level.
    NotAMap = "not-a-map", Error;
    /// One flag key is written twice. The last good set stays.
    ///
    /// Mend: rename or remove one of the two.
    DuplicateFlag = "duplicate-flag", Error;
    /// The document is the beginning of the one before and ends inside of a flag: it looks like a file that was not written
    /// to its end. The last good set stays.
    ///
    /// Example: a copy that was interrupted, a disk that is full.
    /// Mend: write the file again. To really cut it there, change anything else in it, a comment for instance.
    TruncatedDocument = "truncated-document", Error;
    /// A flag stands in several sources of a flag set; the later source counts.
    ///
    /// Mend: nothing, when one source is meant to override another. Otherwise remove one of the two.
    OverriddenFlag = "overridden-flag", Warning;
    /// A flag stands in several sources of a flag set with `onDuplicate: error`; the earlier source counts.
    ///
    /// Mend: rename or remove one of the two, or write `onDuplicate: override` to have the later one count.
    RefusedFlag = "refused-flag", Error;
    /// The name of a flag is a list or an object, or nothing.
    ///
    /// Example: `[a, b]: {...}` in YAML.
    /// Mend: write a text as the flag's key.
    InvalidFlagKey = "invalid-flag-key", Error;
    /// The document is larger than 4 GiB, more than positions can count.
    ///
    /// Mend: split the flags over several files.
    DocumentTooLarge = "document-too-large", Error;

    // decoding

    /// Lists and objects are nested more than 128 levels deep.
    ///
    /// Mend: flatten the value, or keep it as a text that the application decodes.
    TooDeep = "too-deep", Error;
    /// YAML aliases would blow the document up: together they copy more than a million values.
    ///
    /// Example: a list of aliases of lists of aliases, known as "billion laughs".
    /// Mend: write out what is meant, or alias smaller pieces.
    TooManyAliases = "too-many-aliases", Error;
    /// A field, a name or a key is written twice inside one flag.
    ///
    /// Example: two `defaultRule` entries. GO Feature Flag refuses the whole YAML file, and merges the two in JSON.
    /// Mend: keep one of them.
    DuplicateField = "duplicate-field", Error;
    /// A value is of the wrong type for its field.
    ///
    /// Example: `percentage: {a: "50"}`, `disable: "true"`.
    /// Mend: write the type that the message names. GO Feature Flag refuses the whole file for it.
    WrongType = "wrong-type", Error;
    /// A date cannot be read.
    ///
    /// Example: `"2024-05-01"` in quotes, or a date without a time zone.
    /// Mend: write RFC 3339, like `2024-05-01T00:00:00Z`.
    InvalidDate = "invalid-date", Error;
    /// A number is not finite (`.nan`, `.inf`) or too large for a 64-bit float.
    ///
    /// GO Feature Flag loads such a flag and then fails on every answer that holds it.
    /// Mend: write a finite number, or a text.
    InvalidNumber = "invalid-number", Error;
    /// A YAML tag does not fit what it stands before.
    ///
    /// Example: `!!int abc`.
    /// Mend: remove the tag or correct the value.
    InvalidTag = "invalid-tag", Error;
    /// A YAML alias has no anchor before it, or stands inside the value that its anchor names.
    ///
    /// Example: `a: &a [*a]`.
    /// Mend: write out what is meant.
    InvalidAlias = "invalid-alias", Error;
    /// A YAML merge key `<<` does not name a map, or stands twice in one map.
    ///
    /// Mend: write `<<: *name` or `<<: [*first, *second]`, where the names are anchors of maps.
    InvalidMerge = "invalid-merge", Error;
    /// A field that no flag has. It is ignored.
    ///
    /// Example: `defaultrule` in YAML (names of fields are case-sensitive there), `rules` instead of `targeting`.
    /// Mend: correct the name as the hint says, or move free data under `metadata`.
    UnknownField = "unknown-field", Warning;
    /// A field that is known and does nothing where it stands.
    ///
    /// Example: `converter` (for old flag files), `scheduledRollout` inside a scheduled step.
    /// Mend: remove it.
    IgnoredField = "ignored-field", Warning;
    /// Something without a name or a value that GO Feature Flag drops silently, and so does Flagstaff.
    ///
    /// Example: an empty element in `targeting`, a variation whose name is `null`.
    /// Mend: remove it, or write what is missing (a name `null` needs quotes).
    DroppedNull = "dropped-null", Warning;

    // query

    /// A query that cannot be understood. The flag keeps its last good version.
    ///
    /// Example: `country = "FR"`, `age gt 18; beta eq true`, a text that is not closed.
    /// Mend: as the hint says. GO Feature Flag reads some of these up to the mistake and drops the rest in silence.
    QuerySyntax = "query-syntax", Error;
    /// A query that holds a comparison which cannot be decided, reached with no attribute at all.
    ///
    /// Example: `beta gt true`, `age co 1`, `name lt null`: these operators do not exist for these values.
    /// Mend: use an operator that the value has. GO Feature Flag refuses such a flag too.
    QueryInvalid = "query-invalid", Error;
    /// A comparison which cannot be decided. When an evaluation reaches it, the whole query is false.
    ///
    /// Example: the second condition of `name pr and beta gt true`. It hides behind the first one when the flag is loaded.
    /// Mend: use an operator that the value has.
    QueryUndecidable = "query-undecidable", Warning;
    /// A comparison that is false whatever the attribute is.
    ///
    /// Example: `country in "FR"` (a text is no list), `plan eq ["pro"]` (a list is no text), `address.zip in [1, 2]` (numbers
    /// inside objects never match a list of whole numbers).
    /// Mend: `country eq "FR"`, `plan in ["pro"]`, `address.zip in [1.0, 2.0]`.
    QueryNeverTrue = "query-never-true", Warning;
    /// `and` and `or` on one level. They bind equally and are read from left to right.
    ///
    /// Example: `a pr or b pr and c pr` is `(a pr or b pr) and c pr`.
    /// Mend: put the conditions that belong together in parentheses.
    QueryMixedLogic = "query-mixed-logic", Warning;
    /// `not` without parentheses. It negates everything that follows on its level.
    ///
    /// Example: `not a pr and b pr` is `not (a pr and b pr)`.
    /// Mend: write `not (a pr) and b pr` or `not (a pr and b pr)`.
    QueryBareNot = "query-bare-not", Warning;
    /// `&&` or `||`. They are read as `and` and `or`.
    ///
    /// GO Feature Flag drops the sign and all conditions after it.
    /// Mend: write `and` or `or`.
    QuerySymbolicLogic = "query-symbolic-logic", Warning;
    /// A line break inside a word, a number or a text. It is dropped, with the spaces after it, as in GO Feature Flag.
    ///
    /// Example: a text in quotes that begins on one line of a block and ends on the next.
    /// Mend: write it on one line.
    QueryJoinedLines = "query-joined-lines", Warning;
    /// A query that is read as it is written, where GO Feature Flag is particular about spelling and white space.
    ///
    /// Example: `a pr AND b pr`, two spaces before `and`, conditions on lines of their own, `1e5`, a keyword as the name of an
    /// attribute. GO Feature Flag refuses some of these, and drops all conditions after others.
    /// Mend: write lower-case keywords and single spaces to be read alike by both.
    QueryReadAsWritten = "query-read-as-written", Info;
    /// An attribute inside an object. When it cannot be reached, it is missing.
    ///
    /// Example: `plan eq "free" or org.plan eq "free"`. When there is no `org`, GO Feature Flag compares the value of the
    /// comparison before it (`plan`), and when `org` is no object, its whole query is false.
    /// Mend: nothing, unless GO Feature Flag reads the same file.
    QueryNestedAttribute = "query-nested-attribute", Info;
    /// An attribute is compared with a whole number here, and with a fraction elsewhere in the flag. Before it is compared with
    /// a whole number, its own fraction is cut off.
    ///
    /// Example: `score gt 1` beside `score lt 2.5`: the first is false for 1.9, and `score le 1` is true.
    /// Mend: write `score gt 1.0` when the attribute can have a fraction.
    QueryTruncatedNumber = "query-truncated-number", Warning;

    // validation

    /// The flag has no variations.
    ///
    /// Example: `variations` is missing, misspelt or `{}`.
    /// Mend: name at least one value: `variations: {on: true, off: false}`.
    NoVariation = "no-variation", Error;
    /// A variation has no value.
    ///
    /// Example: `variations: {on: true, off: }`.
    /// Mend: give it a value, or remove it. No variation can stand for `null`.
    NullVariation = "null-variation", Error;
    /// The variations are not all of one kind: text, number, boolean, list or object.
    ///
    /// Example: `variations: {small: 10, large: "20"}`. Whole numbers and fractions are one kind.
    /// Mend: write all of them as one kind; clients read a flag by its type.
    MixedVariationTypes = "mixed-variation-types", Error;
    /// The flag has no `defaultRule`.
    ///
    /// Mend: say what everybody gets who matches no targeting rule: `defaultRule: {variation: off}`.
    MissingDefaultRule = "missing-default-rule", Error;
    /// A rule has nothing to serve: neither `variation` nor `percentage` nor `progressiveRollout`.
    ///
    /// Example: `targeting: [{query: 'plan eq "pro"'}]`.
    /// Mend: add one of the three.
    RuleWithoutOutcome = "rule-without-outcome", Error;
    /// A targeting rule has no `query`.
    ///
    /// Mend: say whom it is for. What is meant for everybody belongs into `defaultRule`.
    MissingQuery = "missing-query", Error;
    /// A query is JsonLogic that cannot be evaluated.
    ///
    /// Example: `{"equals": [{"var": "plan"}, "pro"]}`: there is no operator `equals`.
    /// Mend: use the operators of JsonLogic.
    InvalidJsonLogic = "invalid-jsonlogic", Error;
    /// A `percentage` names no variation.
    ///
    /// Example: `percentage: {}`.
    /// Mend: write a share for each variation, or remove it.
    EmptyPercentage = "empty-percentage", Error;
    /// A rule names a variation that the flag does not have.
    ///
    /// Example: `variations: {on: true, off: false}` with `defaultRule: {variation: "of"}`.
    /// Mend: correct the name (names are case-sensitive), or add the variation.
    UnknownVariation = "unknown-variation", Error;
    /// All shares of a `percentage` are 0, so that nobody can get anything.
    ///
    /// Mend: give at least one variation a share above 0.
    ZeroPercentage = "zero-percentage", Error;
    /// A share is below 0.
    ///
    /// Example: `percentage: {a: 120, b: -20}`. GO Feature Flag loads it, and whom it serves what depends on the machine
    /// it runs on. In a scheduled step a negative share removes the entry from the rule that the step changes; only a rule
    /// that a step adds cannot have one.
    /// Mend: write shares from 0 to 100.
    NegativePercentage = "negative-percentage", Error;
    /// A progressive rollout has no `initial` or no `end`. GO Feature Flag crashes when it loads such a flag.
    ///
    /// Mend: write both, each with a variation and a date.
    IncompleteProgressiveRollout = "incomplete-progressive-rollout", Error;
    /// A progressive rollout ends with a smaller percentage than it starts with.
    ///
    /// Example: `initial: {percentage: 80, ...}`, `end: {percentage: 20, ...}`. A missing percentage counts as 0.
    /// Mend: swap the variations of the two ends, and count upwards.
    DecreasingProgressiveRollout = "decreasing-progressive-rollout", Error;
    /// Two targeting rules have the same name.
    ///
    /// Mend: name each rule once, so that steps and the `evaluatedRuleName` of an answer mean one of them.
    DuplicateRuleName = "duplicate-rule-name", Error;
    /// A scheduled step changes one end of a progressive rollout that has no such end: the rule was added by an earlier
    /// step without it. GO Feature Flag crashes on the first evaluation after the step.
    ///
    /// Mend: write both `initial` and `end` in the step that adds the rule.
    StepWithoutRolloutEnd = "step-without-rollout-end", Error;
    /// The shares of a `percentage` do not add up to 100. They are taken relative to their sum.
    ///
    /// Example: `{a: 10, b: 80}` serves `a` to 11.111 % and `b` to 88.889 %.
    /// Mend: make them add up to 100.
    PercentageSum = "percentage-sum", Warning;
    /// A share of exactly 100 stands beside other shares. Users are split, but the reason says `STATIC`, `DEFAULT` or
    /// `TARGETING_MATCH` as if everybody got one variation.
    ///
    /// Example: `{a: 100, b: 50}` serves `a` to two thirds and `b` to one third.
    /// Mend: make the shares add up to 100.
    HundredPercent = "hundred-percent", Warning;
    /// A variation of a split is so small that nobody gets it: 0, or less than 0.001 %.
    ///
    /// Mend: remove the entry, or give it a share. Where 0 is written to be raised later, this warning is the reminder.
    ZeroShare = "zero-share", Warning;
    /// The shares of a `percentage` are too small or too large to split anybody.
    ///
    /// Example: `{a: 0.0001, b: 0.0002}`: every evaluation is an error, `FLAG_CONFIG`. Sums above 4,294,967 are cut off.
    /// Mend: write shares in percent, with up to three decimals.
    PercentageOutOfRange = "percentage-out-of-range", Warning;
    /// A targeting rule never applies, because an earlier one has the same query.
    ///
    /// Mend: remove one of them, or narrow the first.
    UnreachableRule = "unreachable-rule", Warning;
    /// A rule has several of `progressiveRollout`, `percentage` and `variation`. The first of these wins, the others do nothing.
    ///
    /// Mend: keep the one that is meant.
    IgnoredOutcome = "ignored-outcome", Warning;
    /// The default rule has a `query` or is disabled. Neither has any effect: it applies to everybody who is left.
    ///
    /// Mend: make it a targeting rule, or use the flag's own `disable`.
    DefaultRuleCondition = "default-rule-condition", Warning;
    /// The default rule has a name. It is never published: only targeting rules appear as `evaluatedRuleName`.
    ///
    /// Mend: nothing, or remove the name.
    DefaultRuleName = "default-rule-name", Info;
    /// All targeting rules are disabled. They still count: the reason of the default rule is `DEFAULT` instead of `STATIC`.
    ///
    /// Mend: remove the rules when they are not needed any more.
    OnlyDisabledRules = "only-disabled-rules", Info;
    /// A progressive rollout lacks a date, or does not end after it starts. Every evaluation is an error, `FLAG_CONFIG`.
    ///
    /// Mend: write both dates, the later one at `end`.
    ProgressiveRolloutDates = "progressive-rollout-dates", Warning;
    /// The percentage of `initial` counts from its date on. Before that, everybody has the initial variation.
    ///
    /// Example: `initial: {percentage: 20, date: ...}` with a date ahead: until then nobody has the end variation.
    /// Mend: set the date of `initial` to when the first share is meant to start.
    InitialPercentage = "initial-percentage", Info;
    /// The percentage of `end` is 0 or more than 100. Either means 100.
    ///
    /// Mend: write 100, or the share at which the rollout is meant to stop.
    EndPercentage = "end-percentage", Warning;
    /// A progressive rollout is complete. It can be replaced by its result.
    ///
    /// Mend: write `variation` (or `percentage`) instead of `progressiveRollout`; the answers can be cached then.
    ProgressiveRolloutOver = "progressive-rollout-over", Info;
    /// The experiment ends before it starts, so that the flag is off at all times.
    ///
    /// Mend: swap the dates.
    ExperimentationReversed = "experimentation-reversed", Warning;
    /// The experiment is over: the flag answers every caller's own default, with the reason `DISABLED`.
    ///
    /// Mend: remove `experimentation` to serve the flag again, or remove the flag.
    ExperimentationOver = "experimentation-over", Warning;
    /// `experimentation` has neither `start` nor `end`. It never turns the flag off, but its answers cannot be cached.
    ///
    /// Mend: remove it, or write a date.
    ExperimentationEmpty = "experimentation-empty", Warning;
    /// A date lies more than ten years ahead.
    ///
    /// Mend: check the year.
    DistantDate = "distant-date", Info;
    /// `bucketingKey: ""` is not the same as none: the targeting key is hashed, but where it is missing the error is
    /// `FLAG_CONFIG` instead of `TARGETING_KEY_MISSING`.
    ///
    /// Mend: remove it.
    EmptyBucketingKey = "empty-bucketing-key", Warning;
    /// The path of the bucketing key has an empty step, which hardly names an attribute; or several steps, which reach into
    /// objects only.
    ///
    /// Example: `company..id`. Dots always separate the steps of a path: an attribute with a dot in its name and the elements
    /// of a list cannot be reached.
    /// Mend: write `company.id` for `{"company": {"id": "..."}}`.
    BucketingKeyPath = "bucketing-key-path", Warning;
    /// The bucketing key names `key` or `anonymous`. Queries know both, bucketing does not: it sees the attributes as they
    /// were sent, and wants a text.
    ///
    /// Mend: remove `bucketingKey` to hash the targeting key.
    DerivedBucketingKey = "derived-bucketing-key", Warning;
    /// The flag has a bucketing key and splits nobody. A context without the attribute is an error all the same.
    ///
    /// Mend: remove `bucketingKey`.
    UnusedBucketingKey = "unused-bucketing-key", Warning;
    /// A targeting key is needed although nobody is split now: by a disabled rule, by a step that is not due, or by a flag that
    /// is off. Callers without a key get `TARGETING_KEY_MISSING` instead of an answer.
    ///
    /// Mend: nothing where every caller sends a targeting key; otherwise remove the rule until it is needed.
    TargetingKeyNeeded = "targeting-key-needed", Info;
    /// Several rules split, and a user falls on the same side of each: the hash depends on flag and user only.
    ///
    /// Example: two rules with `{a: 10, b: 90}` give `b` to the same users, and never mix.
    /// Mend: nothing, unless the splits are meant to be independent; then use two flags.
    SharedHash = "shared-hash", Info;
    /// `metadata.defaultValue` does not fit the type that the manifest declares for the flag.
    ///
    /// Example: `variations: {a: true, b: false}` with `defaultValue: "false"`. Generated clients would not compile. A flag
    /// of lists has no type at all, and makes the whole manifest fail.
    /// Mend: write a value of the variations' kind.
    ManifestDefault = "manifest-default", Warning;
    /// Scheduled steps do not stand in the order of their dates. They are applied by date.
    ///
    /// Mend: sort them, so that the file reads as it happens.
    StepOrder = "step-order", Warning;
    /// A scheduled step has no date. It never applies.
    ///
    /// Mend: add `date`.
    StepWithoutDate = "step-without-date", Warning;
    /// Two scheduled steps have the same date. They are applied in the order of the file.
    ///
    /// Mend: make one step of them.
    StepsAtOnce = "steps-at-once", Warning;
    /// A scheduled step adds a targeting rule at the end: no rule has its name, or it has none.
    ///
    /// Mend: nothing when that is meant; otherwise name the rule as it is named in `targeting`.
    StepAddsRule = "step-adds-rule", Warning;
    /// A scheduled step changes one rule twice. The last change counts, the others are dropped.
    ///
    /// Mend: make one change of them.
    StepChangesTwice = "step-changes-twice", Warning;
    /// A scheduled step changes a rule named `""`, which means every rule without a name.
    ///
    /// Mend: name the rule.
    StepChangesUnnamed = "step-changes-unnamed", Warning;
    /// A scheduled step adds a targeting rule without a query. It matches everybody, and no rule after it nor the default rule
    /// is reached any more.
    ///
    /// Mend: add a query, or change `defaultRule` instead.
    StepMatchesEverybody = "step-matches-everybody", Warning;
    /// A scheduled step sets `variation` on a rule that still has a `percentage`, or either of them on a rule with a
    /// `progressiveRollout`. What has precedence stays, and nothing changes.
    ///
    /// Mend: set the share of the variation to 100, and remove each other share with a negative number. A progressive rollout
    /// cannot be removed by a step.
    StepOutcomeHidden = "step-outcome-hidden", Warning;
    /// A scheduled step removes a share (a negative number) that the rule does not have.
    ///
    /// Mend: correct the name of the variation, or remove the entry.
    StepRemovesNothing = "step-removes-nothing", Warning;
    /// A scheduled step changes nothing at all.
    ///
    /// Example: a step with nothing but a date, or with fields that steps cannot change.
    /// Mend: remove it, or write what changes.
    StepWithoutEffect = "step-without-effect", Warning;
    /// All steps of the schedule have been applied. What they came to can be written as the flag itself.
    ///
    /// Mend: write the result without `scheduledRollout`; the answers can be cached then.
    ScheduleOver = "schedule-over", Info;

    // differences: answers that are not GO Feature Flag's, on purpose

    /// A native date in a value. It is the text of the date in RFC 3339 on every endpoint.
    ///
    /// Example: the variation `2021-05-06` without quotes in YAML is `"2021-05-06T00:00:00Z"`. GO Feature Flag answers a
    /// variation like this with `TYPE_MISMATCH` in bulk evaluations.
    /// Mend: put quotes around it to mean the text as it is written.
    NativeDate = "native-date", Info;
    /// A TOML date without an offset, where a point in time is needed. It is read as UTC.
    ///
    /// GO Feature Flag reads it in the time zone of its server.
    /// Mend: write `Z` or an offset after it.
    LocalDate = "local-date", Info;
    /// A key of a YAML map inside a value is not a text (`1`, `true`, `null`). It becomes its text.
    ///
    /// GO Feature Flag cannot encode such a map as JSON, and fails every answer that holds it.
    /// Mend: put quotes around the key.
    GeneralMapKey = "general-map-key", Info;
    /// A whole number in TOML, or one above the range of signed 64-bit integers in YAML, as a variation's value.
    ///
    /// It is an exact number on every endpoint. GO Feature Flag answers it with `TYPE_MISMATCH` in bulk evaluations.
    /// Mend: nothing to do; write it with a fraction (`1.0`) where GO Feature Flag reads the file too.
    WideInteger = "wide-integer", Info;
    /// GO Feature Flag adds the shares of a split up in a random order, and for these shares the sum depends on the order in
    /// its last bit: it re-buckets users from one request to the next. Flagstaff adds up in one fixed order, which is always one
    /// of GO Feature Flag's own answers.
    ///
    /// Example: `{a: 33.3, b: 33.3, c: 33.4}`.
    /// Mend: nothing, or write shares whose sum is exact, like `{a: 33, b: 33, c: 34}`.
    SplitOrder = "split-order", Info;
    /// Rounding leaves the last buckets of the split to nobody. GO Feature Flag answers those users with an error, `FLAG_CONFIG`;
    /// in Flagstaff they belong to the last share.
    ///
    /// Example: `{a: 32.92, b: 2.01, c: 65.07}`: one user in 100,000.
    /// Mend: nothing, or write shares whose sum is exact.
    SplitHole = "split-hole", Info;
    /// `bucketingKey: targetingKey` works on every endpoint. In GO Feature Flag it works over OFREP, and fails with
    /// `TARGETING_KEY_MISSING` on `/v1/feature`.
    ///
    /// Mend: remove `bucketingKey`; the targeting key is hashed anyway.
    BucketingByTargetingKey = "bucketing-by-targeting-key", Info;
    /// The end percentage is not written, 0 or above 100, and means 100. GO Feature Flag writes the 100 into its copy of the flag at the
    /// first evaluation, and then reports the flag as changed on every poll.
    ///
    /// Mend: write `percentage: 100` at `end`.
    RolloutWrittenBack = "rollout-written-back", Info;
    /// A scheduled step changes a rule that an earlier step added. GO Feature Flag writes the change into the stored earlier step as well,
    /// so that evaluations for an earlier time, and `/v1/flag/configuration`, show it too.
    ///
    /// Mend: write the changed rule out in the first step, or give the flag two rules.
    StepWrittenBack = "step-written-back", Info;
    /// A JsonLogic operator that GO Feature Flag's documentation shows and its evaluation does not know: it refuses the flag.
    ///
    /// Example: `{"startsWith": [{"var": "email"}, "admin"]}`.
    /// Mend: nothing, or compare `{"substr": [{"var": "email"}, 0, 5]}`.
    JsonLogicOperator = "jsonlogic-operator", Info;
}
