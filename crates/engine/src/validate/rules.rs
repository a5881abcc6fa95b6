//! The default rule and the targeting rules.

use std::collections::HashMap;

use flagstaff_definition::diagnostic::{Code, Diagnostic, Severity};
use flagstaff_definition::flag::RuleDefinition;

use super::findings::{Findings, Leniency, Segment};
use super::variations::known_names;
use super::{Position, RuleView, Subject};

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

impl<'a> Subject<'a> {
    fn view(&self, rule: &'a RuleDefinition, position: Position) -> RuleView<'a> {
        let variations = self.definition.variations.as_deref().unwrap_or(&[]);
        RuleView {
            rule,
            position,
            variations,
            now: self.now,
        }
    }

    fn targeting_rules(&self) -> &'a [RuleDefinition] {
        self.definition.targeting.as_deref().unwrap_or(&[])
    }
}

pub(super) fn is_disabled(rule: &RuleDefinition) -> bool {
    rule.disable.unwrap_or(false)
}

pub(super) fn default_rule(subject: &Subject<'_>, findings: &mut Findings) {
    findings.within_field("defaultRule", |findings| match &subject.definition.default_rule {
        Some(rule) => subject.view(rule, Position::Default).examine(findings),
        None => {
            let found = Diagnostic::new(Code::MissingDefaultRule, "missing default rule")
                .hint("say what everybody else gets, like `defaultRule: {variation: off}`");
            findings.add(subject.definition.span.0, found);
        }
    });
}

/// GO Feature Flag skips disabled rules.
pub(super) fn targeting(subject: &Subject<'_>, findings: &mut Findings) {
    findings.within_field("targeting", |findings| {
        for (index, rule) in subject.targeting_rules().iter().enumerate() {
            let view = subject.view(rule, Position::Targeting);
            findings.within(Segment::Index(index), |findings| {
                if is_disabled(rule) {
                    findings.leniently(Leniency::DisabledRule, |findings| view.examine(findings));
                } else {
                    view.examine(findings);
                }
            });
        }
    });
}

pub(super) fn has_an_outcome(view: &RuleView<'_>, findings: &mut Findings) {
    let rule = view.rule;
    let none = rule.variation.is_none() && rule.percentage.is_none() && rule.progressive_rollout.is_none();
    if none && !view.is_of_a_step() {
        findings.add(rule.span.0, without_outcome());
    }
}

pub(super) fn without_outcome() -> Diagnostic {
    Diagnostic::new(Code::RuleWithoutOutcome, "impossible to return value")
        .hint("add `variation`, `percentage` or `progressiveRollout`")
}

/// GO Feature Flag looks at `variation` only where nothing else is written.
pub(super) fn variation_exists(view: &RuleView<'_>, findings: &mut Findings) {
    let rule = view.rule;
    let Some(variation) = rule
        .variation
        .as_ref()
        .filter(|variation| !view.knows(&variation.value))
    else {
        return;
    };
    if rule.percentage.is_none() && rule.progressive_rollout.is_none() {
        let message = format!("invalid variation: {} does not exist", variation.value);
        let found = Diagnostic::new(Code::UnknownVariation, message).hint(known_names(view.variations));
        findings.add_in_field("variation", variation.span, found);
    }
}

pub(super) fn has_one_outcome(view: &RuleView<'_>, findings: &mut Findings) {
    let rule = view.rule;
    let percentage = rule.percentage.as_ref().filter(|shares| !shares.value.is_empty());
    let winner = match (&rule.progressive_rollout, percentage) {
        (Some(_), _) => "progressiveRollout",
        (None, Some(_)) => "percentage",
        (None, None) => return,
    };
    let found = |loser: &str| {
        Diagnostic::new(
            Code::IgnoredOutcome,
            format!("`{loser}` has no effect: `{winner}` wins"),
        )
        .hint(format!("remove `{loser}` or `{winner}`"))
    };
    if let (Some(_), Some(shares)) = (&rule.progressive_rollout, percentage) {
        findings.add_in_field("percentage", shares.span, found("percentage"));
    }
    if let Some(variation) = &rule.variation {
        findings.add_in_field("variation", variation.span, found("variation"));
    }
}

pub(super) fn default_rule_has_no_condition(view: &RuleView<'_>, findings: &mut Findings) {
    if !view.is_default() {
        return;
    }
    if let Some(query) = &view.rule.query {
        let found = Diagnostic::new(
            Code::DefaultRuleCondition,
            "the query of the default rule has no effect",
        )
        .hint("move the rule into `targeting`, and say in `defaultRule` what everybody else gets");
        findings.add_in_field("query", query.span, found);
    }
    if is_disabled(view.rule) {
        let found = Diagnostic::new(Code::DefaultRuleCondition, "the default rule cannot be disabled")
            .hint("disable the flag instead: write `disable: true` outside the rule");
        findings.add_in_field("disable", view.rule.span.0, found);
    }
}

pub(super) fn default_rule_has_no_name(view: &RuleView<'_>, findings: &mut Findings) {
    if let Some(name) = view
        .rule
        .name
        .as_ref()
        .filter(|name| view.is_default() && !name.value.is_empty())
    {
        let found = Diagnostic::new(Code::DefaultRuleName, "the name of the default rule is never published")
            .hint("only targeting rules appear as `evaluatedRuleName`");
        findings.add_in_field("name", name.span, found);
    }
}

pub(super) fn names_are_unique(subject: &Subject<'_>, findings: &mut Findings) {
    let mut known: Map<&str, usize> = Map::default();
    for (index, rule) in subject.targeting_rules().iter().enumerate() {
        let Some(name) = rule.name.as_ref().filter(|name| !name.value.is_empty()) else {
            continue;
        };
        let first = *known.entry(&name.value).or_insert(index);
        if first != index {
            let found = Diagnostic::new(Code::DuplicateRuleName, format!("duplicated rule name: {}", name.value))
                .hint(format!("rename it: `targeting[{first}]` has this name too"));
            findings.within_field("targeting", |findings| {
                findings.within(Segment::Index(index), |findings| {
                    findings.add_in_field("name", name.span, found);
                });
            });
        }
    }
}

/// The first of two rules with one query decides for everybody the second one is for.
pub(super) fn are_reachable(subject: &Subject<'_>, findings: &mut Findings) {
    let mut known: Map<&str, usize> = Map::default();
    for (index, rule) in subject.targeting_rules().iter().enumerate() {
        let Some(query) = rule.query.as_ref().filter(|_| !is_disabled(rule)) else {
            continue;
        };
        let first = *known.entry(query.value.trim_matches([' ', '\n'])).or_insert(index);
        if first != index {
            let found = Diagnostic::new(Code::UnreachableRule, "the rule never applies")
                .hint(format!("`targeting[{first}]` has the same query and comes first"));
            findings.within_field("targeting", |findings| {
                findings.within(Segment::Index(index), |findings| {
                    findings.add_in_field("query", query.span, found);
                });
            });
        }
    }
}

pub(super) fn are_not_all_disabled(subject: &Subject<'_>, findings: &mut Findings) {
    let rules = subject.targeting_rules();
    if !rules.is_empty() && rules.iter().all(is_disabled) {
        let found = Diagnostic::new(Code::OnlyDisabledRules, "all targeting rules are disabled")
            .hint("they still count: the reason is DEFAULT or SPLIT as if there were targeting")
            .severity(Severity::Info);
        findings.add_in_field("targeting", rules[0].span.0, found);
    }
}
