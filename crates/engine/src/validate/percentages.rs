//! Percentage splits.

use std::sync::Arc;

use flagstaff_definition::diagnostic::{Code, Diagnostic, Severity};
use flagstaff_definition::flag::Percentage;

use crate::bucketing::Split;

use super::RuleView;
use super::findings::Findings;
use super::variations::known_names;

/// The shares of a rule, in the order in which they are summed up: by name, descending.
pub(super) fn in_order(shares: &[Percentage]) -> impl Iterator<Item = (f64, &Percentage)> + Clone {
    shares.iter().rev().map(|share| (share.share, share))
}

/// The sum of the shares, in the engine's order.
pub(super) fn total(shares: &[Percentage]) -> f64 {
    in_order(shares).fold(0.0, |sum, (share, _)| sum + share)
}

/// The shares of a rule, when there are any and all of them are sound.
pub(super) fn sound<'a>(view: &RuleView<'a>) -> Option<&'a [Percentage]> {
    let shares = &view.rule.percentage.as_ref()?.value;
    (shares.iter().all(|share| share.share >= 0.0) && total(shares) > 0.0).then_some(shares)
}

/// A percentage as people read it, with the three decimals that count.
pub(super) fn readable(percent: f64) -> String {
    let text = format!("{percent:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(super) fn are_valid(view: &RuleView<'_>, findings: &mut Findings) {
    let Some(shares) = &view.rule.percentage else { return };
    findings.within_field("percentage", |findings| {
        if shares.value.is_empty() {
            if !view.is_of_a_step() {
                let found = Diagnostic::new(Code::EmptyPercentage, "invalid percentages: should not be empty")
                    .hint("write a share for each variation, or remove `percentage`");
                findings.add(shares.span, found);
            }
            return;
        }
        for share in &shares.value {
            if !view.knows(&share.variation) {
                let message = format!("invalid percentage: variation {} does not exist", share.variation);
                let found = Diagnostic::new(Code::UnknownVariation, message).hint(known_names(view.variations));
                findings.add_in_name(&share.variation, share.span.0, found);
            }
        }
        if total(&shares.value) == 0.0 {
            let found = Diagnostic::new(Code::ZeroPercentage, "invalid percentages: should not be equal to 0")
                .hint("give at least one variation a share above 0");
            findings.add(shares.span, found);
        }
        for share in shares.value.iter().filter(|share| share.share < 0.0) {
            let message = format!("negative percentage: {} has {}", share.variation, share.share);
            let found = Diagnostic::new(Code::NegativePercentage, message).hint(
                "write a share from 0 to 100: whom a negative one serves depends on the machine in GO Feature Flag",
            );
            findings.add_in_name(&share.variation, share.span.0, found);
        }
    });
}

pub(super) fn add_up(view: &RuleView<'_>, findings: &mut Findings) {
    let (Some(shares), Some(written)) = (sound(view), &view.rule.percentage) else {
        return;
    };
    let sum = total(shares);
    if !splits(sum) {
        return;
    }
    let full = shares.iter().find(|share| share.share == 100.0);
    let found = match full {
        Some(full) if sum > 100.0 => {
            let message = format!("{} has 100 percent, and others have a share too", full.variation);
            Diagnostic::new(Code::HundredPercent, message).hint(format!(
                "users are split ({}), but the reason says that they are not: write shares that add up to 100",
                effective(shares, sum)
            ))
        }
        // less than a bucket off is rounding
        _ if (sum - 100.0).abs() < 0.0005 => return,
        _ => {
            let message = format!("the percentages add up to {}, not to 100", readable(sum));
            Diagnostic::new(Code::PercentageSum, message).hint(format!("what is served: {}", effective(shares, sum)))
        }
    };
    findings.add_in_field("percentage", written.span, found);
}

/// Whether a sum of percentages comes to a number of buckets.
fn splits(sum: f64) -> bool {
    (1.0..=f64::from(u32::MAX)).contains(&(sum * 1000.0))
}

/// The shares relative to their sum.
fn effective(shares: &[Percentage], sum: f64) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<_> = shares
        .iter()
        .take(SHOWN)
        .map(|share| format!("{} {} %", share.variation, readable(share.share / sum * 100.0)))
        .collect();
    let rest = if shares.len() > SHOWN { ", ..." } else { "" };
    format!("{}{rest}", shown.join(", "))
}

pub(super) fn have_buckets(view: &RuleView<'_>, findings: &mut Findings) {
    let (Some(shares), Some(written)) = (sound(view), &view.rule.percentage) else {
        return;
    };
    findings.within_field("percentage", |findings| {
        let sum = total(shares);
        if !splits(sum) {
            let (message, hint) = if sum < 1.0 {
                (
                    "the percentages are too small to split anybody",
                    "every evaluation is an error: write shares of at least 0.001",
                )
            } else {
                (
                    "the percentages are too large to split anybody",
                    "what exceeds 4294967 is cut off: write shares up to 100",
                )
            };
            findings.add(
                written.span,
                Diagnostic::new(Code::PercentageOutOfRange, message).hint(hint),
            );
            return;
        }
        let split = Split::new(in_order(shares));
        let served: Vec<&Arc<str>> = split
            .iter()
            .flat_map(Split::ends)
            .map(|(_, share)| &share.variation)
            .collect();
        // both are in descending order of the names
        let mut served = served.into_iter().peekable();
        for (_, share) in in_order(shares) {
            if served.next_if_eq(&&share.variation).is_none() {
                let message = format!("nobody gets {}", share.variation);
                let zero = share.share == 0.0;
                let found = Diagnostic::new(Code::ZeroShare, message)
                    .hint(if zero {
                        "its share is 0"
                    } else {
                        "its share is below 0.001 %, the precision of a split"
                    })
                    .severity(if zero { Severity::Info } else { Severity::Warning });
                findings.add_in_name(&share.variation, share.span.0, found);
            }
        }
    });
}
