//! Answers that are not GO Feature Flag's, on purpose. Each says how GO Feature Flag answers, and why.

use flagstaff_definition::diagnostic::{Code, Diagnostic};
use flagstaff_definition::flag::Percentage;
use flagstaff_definition::span::Text;

use crate::bucketing::Split;
use crate::query::{Matcher, Nature};

use super::findings::Findings;
use super::percentages::{in_order, sound, total};
use super::{RuleView, Subject};

pub(super) fn bucketing_by_targeting_key(subject: &Subject<'_>, findings: &mut Findings) {
    if let Some(key) = subject
        .definition
        .bucketing_key
        .as_ref()
        .filter(|key| &*key.value == "targetingKey")
    {
        let found = Diagnostic::new(Code::BucketingByTargetingKey, "bucketing by `targetingKey` works on every endpoint")
            .hint("GO Feature Flag answers TARGETING_KEY_MISSING on /v1/feature, where it is no attribute: remove `bucketingKey`");
        findings.add_in_field("bucketingKey", key.span, found);
    }
}

/// GO Feature Flag sums percentages up in the random order of a Go map.
pub(super) fn split_order(view: &RuleView<'_>, findings: &mut Findings) {
    let (Some(shares), Some(written)) = (sound(view), &view.rule.percentage) else {
        return;
    };
    if order_matters(shares) {
        let found = Diagnostic::new(Code::SplitOrder, "the sum of these percentages depends on the order of addition")
            .hint("GO Feature Flag adds them up in a random order and moves users between requests; Flagstaff keeps one order");
        findings.add_in_field("percentage", written.span, found);
    }
}

/// Whether some order of addition leads to another number of buckets.
fn order_matters(shares: &[Percentage]) -> bool {
    /// More shares have too many orders to try: the error bound of the sum has to do.
    const TRIED: usize = 6;
    let buckets = |sum: f64| (sum * 1000.0).trunc();
    // two numbers add up to the same in either order, and halves, quarters ... add up exactly
    if shares.len() < 3 || shares.iter().all(|share| (share.share * 1024.0).fract() == 0.0) {
        return false;
    }
    let sum = total(shares);
    let slack = sum * f64::EPSILON * shares.len() as f64;
    let can_differ = buckets(sum - slack) != buckets(sum + slack);
    if !can_differ || shares.len() > TRIED {
        return can_differ;
    }
    let mut rest: Vec<f64> = shares.iter().map(|share| share.share).collect();
    !every_order(&mut rest, 0, 0.0, &|other| buckets(other) == buckets(sum))
}

/// Whether the sum passes in each order of the numbers from `at` on.
fn every_order(numbers: &mut [f64], at: usize, sum: f64, passes: &impl Fn(f64) -> bool) -> bool {
    if at == numbers.len() {
        return passes(sum);
    }
    (at..numbers.len()).all(|next| {
        numbers.swap(at, next);
        let passed = every_order(numbers, at + 1, sum + numbers[at], passes);
        numbers.swap(at, next);
        passed
    })
}

/// GO Feature Flag has an error for users who fall on buckets that rounding leaves to nobody.
pub(super) fn split_hole(view: &RuleView<'_>, findings: &mut Findings) {
    let (Some(shares), Some(written)) = (sound(view), &view.rule.percentage) else {
        return;
    };
    let Some(split) = Split::new(in_order(shares)) else {
        return;
    };
    let Some((end, last)) = split.ends().last() else { return };
    if *end < split.modulus() {
        let message = format!(
            "rounding leaves {} of {} users to nobody",
            split.modulus() - end,
            split.modulus()
        );
        let found = Diagnostic::new(Code::SplitHole, message).hint(format!(
            "GO Feature Flag answers FLAG_CONFIG to them; Flagstaff serves {}",
            last.variation
        ));
        findings.add_in_field("percentage", written.span, found);
    }
}

/// GO Feature Flag corrects the end percentage in its copy of the flag.
pub(super) fn rollout_written_back(view: &RuleView<'_>, findings: &mut Findings) {
    let Some(end) = view
        .rule
        .progressive_rollout
        .as_ref()
        .and_then(|rollout| rollout.end.as_ref())
    else {
        return;
    };
    let share = end.percentage.unwrap_or(0.0);
    if !view.is_of_a_step() && (share == 0.0 || share > 100.0) {
        let found = Diagnostic::new(
            Code::RolloutWrittenBack,
            "the end percentage is taken for 100 and stays as it is written",
        )
        .hint("GO Feature Flag changes it to 100 in its copy, and reports a changed flag after every poll: write 100");
        findings.within_field("progressiveRollout", |findings| {
            findings.add_in_field("end", end.span.0, found);
        });
    }
}

/// GO Feature Flag compares with what the comparison before it looked at where an attribute cannot be reached, and gives the
/// whole query up where a text or a number stands in for the object.
pub(super) fn attributes_inside_objects(text: &Text, matcher: &Matcher, findings: &mut Findings) {
    let (mut nested, mut comparisons, mut absence) = (None, 0, false);
    matcher.for_each_comparison(&mut |operand, nature, span| {
        comparisons += 1;
        if operand.path.len() > 1 {
            nested = nested.or(Some((operand, span)));
            absence |= nature == Nature::Absence;
        }
    });
    // a comparison that stands alone is false in both, unless it asks for what is missing
    let Some((operand, (start, end))) = nested.filter(|_| comparisons > 1 || absence || matcher.negates()) else {
        return;
    };
    let found = Diagnostic::new(
        Code::QueryNestedAttribute,
        format!("{} may be out of reach", operand.path.join(".")),
    )
    .hint("then it is missing; GO Feature Flag compares another attribute, or takes the whole query for false");
    findings.add(text.locate(start as usize, end as usize), found);
}

/// Operators that GO Feature Flag's documentation shows and its evaluation does not know.
const JSONLOGIC_OPERATORS: [&str; 4] = ["startsWith", "endsWith", "starts_with", "ends_with"];

pub(super) fn jsonlogic_operators(text: &Text, findings: &mut Findings) {
    let uses = |name: &&&str| {
        text.value.match_indices(&format!("\"{name}\"")).any(|(at, quoted)| {
            let after = &text.value[at + quoted.len()..];
            after.trim_start().starts_with(':')
        })
    };
    if let Some(name) = JSONLOGIC_OPERATORS.iter().find(uses) {
        let found = Diagnostic::new(
            Code::JsonLogicOperator,
            format!("GO Feature Flag does not know the operator {name}"),
        )
        .hint("it refuses the flag, although its documentation shows the operator; Flagstaff evaluates it");
        findings.add(text.span, found);
    }
}
