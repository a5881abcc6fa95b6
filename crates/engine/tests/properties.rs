//! What holds for every split and every rollout.

use std::collections::BTreeMap;
use std::sync::Arc;

use flagstaff_definition::diagnostic::Code;
use flagstaff_definition::flag::{FlagDefinition, Percentage, Place, RuleDefinition, Variation};
use flagstaff_definition::span::{Span, Spanned};
use flagstaff_definition::timestamp::Instant;
use flagstaff_definition::value::Value;
use flagstaff_engine::attribute::{AttributeTable, Attributes};
use flagstaff_engine::bucketing::{Ramp, Seed, Split};
use flagstaff_engine::context::EvaluationContext;
use flagstaff_engine::flag::{Flag, Subject};
use flagstaff_engine::validate::validate;
use proptest::prelude::*;

/// Shares with up to three decimals, some of them 0.
fn shares(largest: u32, count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    let share = prop_oneof![1 => Just(0), 6 => 0..largest].prop_map(|thousandths| f64::from(thousandths) / 1000.0);
    proptest::collection::vec(share, count)
}

/// The split of these shares, each standing for its place in the list.
fn split(shares: &[f64]) -> Option<Split<usize>> {
    Split::new(shares.iter().copied().zip(0..))
}

/// A flag whose default rule splits by these shares, in the order in which they are summed up. The value of a variation is the
/// place of its share in the list.
fn flag(shares: &[f64]) -> Arc<FlagDefinition> {
    let name = |index: usize| -> Arc<str> { format!("v{:02}", shares.len() - index).into() };
    let variation = |index| Variation {
        name: name(index),
        value: Value::Int(index as i64),
        span: Place::default(),
    };
    let share = |index| Percentage {
        variation: name(index),
        share: shares[index],
        span: Place::default(),
    };
    // names descend along the list, and a definition holds them ascending
    let shares: Vec<_> = (0..shares.len()).rev().map(share).collect();
    let default_rule = RuleDefinition {
        percentage: Some(Spanned::new(shares.clone(), Span::default())),
        ..RuleDefinition::default()
    };
    Arc::new(FlagDefinition {
        variations: Some((0..shares.len()).rev().map(variation).collect()),
        default_rule: Some(default_rule),
        ..FlagDefinition::default()
    })
}

/// Every order of the numbers.
fn orders(numbers: &[f64]) -> Vec<Vec<f64>> {
    if numbers.len() < 2 {
        return vec![numbers.to_vec()];
    }
    let mut all = Vec::new();
    for index in 0..numbers.len() {
        let mut rest = numbers.to_vec();
        let first = rest.remove(index);
        all.extend(orders(&rest).into_iter().map(|order| [vec![first], order].concat()));
    }
    all
}

/// A point in time, in seconds after 1970 began.
fn at(seconds: i64) -> Instant {
    Instant { seconds, nanos: 0 }
}

proptest! {
    /// Each of the buckets `0..M` belongs to one share, each share has the buckets between its thresholds, and what rounding
    /// leaves over goes to the last one.
    #[test]
    fn a_split_covers_every_bucket_once(shares in shares(2_000, 1..9)) {
        let Some(split) = split(&shares) else {
            prop_assert!(shares.iter().sum::<f64>() * 1000.0 < 1.0);
            return Ok(());
        };
        let mut widths = BTreeMap::new();
        for bucket in 0..split.modulus() {
            *widths.entry(split.pick(bucket)).or_insert(0u32) += 1;
        }
        let (mut start, mut end, mut expected) = (0u32, 0.0, BTreeMap::new());
        for (index, share) in shares.iter().enumerate() {
            end += share * 1000.0;
            if end as u32 > start {
                expected.insert(index, end as u32 - start);
                start = end as u32;
            }
        }
        // rounding can also make the table one bucket too long, which is never asked for
        let hole = i64::from(split.modulus()) - i64::from(start);
        prop_assert!(hole.abs() <= 1, "rounding is {} buckets off", hole);
        let mut last = expected.last_entry().unwrap();
        *last.get_mut() = last.get().strict_add_signed(hole as i32);
        expected.retain(|_, width| *width > 0);
        prop_assert_eq!(widths, expected);
    }

    /// Buckets go up through the shares in their order, and hashes beyond the modulus wrap around.
    #[test]
    fn buckets_are_in_the_order_of_the_shares(shares in shares(40_000, 1..12), hash: u32) {
        let Some(split) = split(&shares) else { return Ok(()) };
        let bucket = hash % split.modulus();
        prop_assert_eq!(split.pick(hash), split.pick(bucket));
        if bucket + 1 < split.modulus() {
            prop_assert!(split.pick(bucket) <= split.pick(bucket + 1));
        }
    }

    /// Where one share grows at the cost of its neighbour, exactly the users between the two thresholds move.
    #[test]
    fn a_split_moves_only_whom_it_must(
        percents in proptest::collection::vec(0u32..30, 2..8),
        neighbour: proptest::sample::Index,
        moved: proptest::sample::Index,
        hash: u32,
    ) {
        // whole percents, so that no sum is rounded
        let before: Vec<f64> = percents.iter().map(|percent| f64::from(*percent)).collect();
        let from = neighbour.index(before.len() - 1);
        let moved = moved.index(percents[from + 1] as usize + 1) as f64;
        let mut after = before.clone();
        after[from] += moved;
        after[from + 1] -= moved;
        let (Some(old), Some(new)) = (split(&before), split(&after)) else { return Ok(()) };
        prop_assert_eq!(old.modulus(), new.modulus());
        let threshold = before[..=from].iter().sum::<f64>() * 1000.0;
        let bucket = f64::from(hash % old.modulus());
        if (threshold..threshold + moved * 1000.0).contains(&bucket) {
            prop_assert_eq!((old.pick(hash), new.pick(hash)), (from + 1, from));
        } else {
            prop_assert_eq!(old.pick(hash), new.pick(hash));
        }
    }

    /// A flag serves what its split picks for the hash of flag key and targeting key.
    #[test]
    fn a_flag_serves_what_its_split_picks(
        shares in shares(40_000, 1..6),
        flag_key in "[a-z]{1,8}",
        targeting_key in "[a-z0-9-]{1,12}",
    ) {
        let Some(split) = split(&shares) else { return Ok(()) };
        let compiled = Flag::compile(&flag_key, &flag(&shares), &mut AttributeTable::default());
        let context = EvaluationContext { targeting_key: targeting_key.as_str().into(), ..EvaluationContext::default() };
        let attributes = Attributes::new(&context, None);
        let evaluation = compiled.evaluate(&Subject::new(&attributes, (at(0), at(0))), &mut ());
        let picked = split.pick(Seed::new(&flag_key).hash(&targeting_key));
        prop_assert_eq!(evaluation.outcome().value.clone(), Some(Value::Int(picked as i64)));
    }

    /// Whoever has the end variation keeps it, and nobody has it before the start.
    #[test]
    fn a_rollout_is_monotonic(
        start in 0i64..2_000_000_000,
        length in 1i64..100_000_000,
        percentages in (0u32..=100_000, 0u32..=100_000),
        times in (-1.0..2.0, -1.0..2.0),
        hash: u32,
    ) {
        let (low, high) = (percentages.0.min(percentages.1), percentages.0.max(percentages.1));
        let ramp = Ramp::new((at(start), f64::from(low) / 1000.0), (at(start + length), f64::from(high) / 1000.0));
        let time = |fraction: f64| at(start + (fraction * length as f64) as i64);
        let (early, late) = (time(f64::min(times.0, times.1)), time(f64::max(times.0, times.1)));
        prop_assert!(!ramp.reached(hash, early) || ramp.reached(hash, late));
        prop_assert!(!ramp.reached(hash, at(start - 1)));
        let complete = if high == 0 { 100_000 } else { high };
        // thousandths of a percent that went through a decimal fraction can be one bucket off
        if hash % 100_000 + 1 < complete {
            prop_assert!(ramp.reached(hash, at(start + length)));
        }
        if hash % 100_000 > complete {
            prop_assert!(!ramp.reached(hash, at(start + length)));
        }
    }

    /// What is not said to depend on the order of addition does not.
    #[test]
    fn sums_that_depend_on_the_order_are_found(shares in shares(60_000, 1..6)) {
        let buckets = |order: &[f64]| (order.iter().sum::<f64>() * 1000.0) as u32;
        let depends = orders(&shares).iter().any(|order| buckets(order) != buckets(&shares));
        let found = validate("f", &flag(&shares), at(0));
        prop_assert_eq!(found.iter().any(|found| found.code == Code::SplitOrder), depends);
    }
}
