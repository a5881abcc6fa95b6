//! Targeting rules, shares and ramps.

use std::sync::Arc;

use crate::flag::{Percentage, Place, ProgressiveRollout, ProgressiveStep, RuleDefinition};
use crate::span::Spanned;
use crate::tree::Node;

use super::{Decoder, fields};

impl<'n> Decoder<'n> {
    pub(super) fn targeting(&mut self, node: &'n Node) -> Option<Vec<RuleDefinition>> {
        self.list(node, "a list of rules", |decoder, rule| {
            if rule.is_null() {
                return RuleDefinition {
                    span: Place(rule.span),
                    ..RuleDefinition::default()
                };
            }
            decoder.rule(rule).unwrap_or_default()
        })
    }

    pub(super) fn rule(&mut self, node: &'n Node) -> Option<RuleDefinition> {
        let mut rule = RuleDefinition {
            span: Place(node.span),
            ..RuleDefinition::default()
        };
        self.fields(node, &fields::RULE, |decoder, field, value| match field {
            "name" => rule.name = decoder.string(value),
            "query" => rule.query = decoder.text(value),
            "variation" => rule.variation = decoder.string(value),
            "percentage" => rule.percentage = decoder.percentage(value),
            "progressiveRollout" => rule.progressive_rollout = decoder.progressive_rollout(value),
            _ => rule.disable = decoder.boolean(value),
        });
        Some(rule)
    }

    fn percentage(&mut self, node: &'n Node) -> Option<Spanned<Vec<Percentage>>> {
        let mut shares = Vec::new();
        self.entries(node, "an object of numbers", |decoder, name, member| {
            let share = if member.value.is_null() {
                Some(0.0)
            } else {
                decoder.number(&member.value)
            };
            shares.extend(share.map(|share| Percentage {
                variation: Arc::from(name),
                share,
                span: Place(member.value.span),
            }));
        })
        .then(|| {
            shares.sort_by(|a, b| a.variation.cmp(&b.variation));
            Spanned::new(shares, node.span)
        })
    }

    fn progressive_rollout(&mut self, node: &'n Node) -> Option<ProgressiveRollout> {
        let mut ramp = ProgressiveRollout {
            span: Place(node.span),
            ..ProgressiveRollout::default()
        };
        self.fields(node, &fields::PROGRESSIVE, |decoder, field, value| {
            let step = decoder.progressive_step(value);
            match field {
                "initial" => ramp.initial = Some(step),
                _ => ramp.end = Some(step),
            }
        });
        Some(ramp)
    }

    fn progressive_step(&mut self, node: &'n Node) -> ProgressiveStep {
        let mut step = ProgressiveStep {
            span: Place(node.span),
            ..ProgressiveStep::default()
        };
        self.fields(node, &fields::PROGRESSIVE_STEP, |decoder, field, value| match field {
            "variation" => step.variation = decoder.string(value),
            "percentage" => step.percentage = decoder.number(value),
            _ => step.date = decoder.date(value),
        });
        step
    }
}
