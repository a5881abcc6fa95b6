//! The queries of targeting rules.

use std::collections::HashSet;

use flagstaff_definition::diagnostic::{Code, Diagnostic, Severity};
use flagstaff_definition::query::{self, Problem};
use flagstaff_definition::span::Text;

use crate::attribute::{AttributeTable, Operand};
use crate::compile::joined_lines_are_empty;
use crate::jsonlogic::{Logic, is_jsonlogic};
use crate::query::{Matcher, Nature};

use super::findings::{Findings, Segment};
use super::{RuleView, Subject, differences};

/// More findings about one query help nobody.
const SHOWN_PROBLEMS: usize = 10;

pub(super) fn query(view: &RuleView<'_>, findings: &mut Findings) {
    if view.is_default() {
        return;
    }
    let Some(text) = &view.rule.query else {
        if !view.is_of_a_step() {
            let found = Diagnostic::new(Code::MissingQuery, "each targeting should have a query")
                .hint("say whom the rule is for; what is meant for everybody belongs into `defaultRule`");
            findings.add(view.rule.span.0, found);
        }
        return;
    };
    findings.within_field("query", |findings| {
        if joined_lines_are_empty(&text.value) && view.is_of_a_step() {
            findings.add(text.span, super::schedule::matches_everybody());
        } else if is_jsonlogic(&text.value) {
            is_valid_jsonlogic(text, findings);
        } else {
            is_valid(text, findings);
        }
    });
}

fn is_valid_jsonlogic(text: &Text, findings: &mut Findings) {
    match Logic::validate(&text.value) {
        Err(reason) => {
            let found = Diagnostic::new(Code::InvalidJsonLogic, "invalid jsonlogic query").hint(reason);
            findings.add(text.span, found);
        }
        Ok(()) => differences::jsonlogic_operators(text, findings),
    }
}

fn is_valid(text: &Text, findings: &mut Findings) {
    let parse = query::parse(&text.value);
    let broken = parse.expression.is_none();
    // errors first, since only so many are shown; they are enough to mend
    let (errors, rest): (Vec<_>, Vec<_>) = parse
        .problems
        .iter()
        .filter(|problem| !broken || problem.severity > Severity::Info)
        .partition(|problem| problem.severity == Severity::Error);
    for problem in errors.into_iter().chain(rest).take(SHOWN_PROBLEMS) {
        findings.add(text.locate(problem.start, problem.end), diagnostic(problem));
    }
    if let Some(expression) = &parse.expression {
        let matcher = Matcher::compile(expression, &mut AttributeTable::default());
        comparisons_are_decidable(text, &matcher, findings);
        differences::attributes_inside_objects(text, &matcher, findings);
    }
}

/// GO Feature Flag runs the query on an empty context, which does not reach what comes after a decision.
fn comparisons_are_decidable(text: &Text, matcher: &Matcher, findings: &mut Findings) {
    let locate = |(start, end): (u32, u32)| text.locate(start as usize, end as usize);
    let refused = matcher.check_on_empty().err();
    if let Some(refused) = &refused {
        let found = Diagnostic::new(Code::QueryInvalid, format!("invalid query: {}", refused.message))
            .hint("use an operator that the value has");
        findings.add(locate(refused.span), found);
    }
    let mut shown = 0;
    matcher.for_each_comparison(&mut |_, nature, span| {
        let found = match nature {
            Nature::Undecided(reason) if refused.as_ref().is_none_or(|refused| refused.span != span) => {
                Diagnostic::new(Code::QueryUndecidable, reason)
                    .hint("when this is reached, the whole query is false: use an operator that the value has")
            }
            Nature::Never => Diagnostic::new(Code::QueryNeverTrue, "the comparison is false for every attribute").hint(
                "use `in` with a list and the other operators without; inside objects, write numbers with a fraction",
            ),
            _ => return,
        };
        shown += 1;
        if shown <= SHOWN_PROBLEMS {
            findings.add(locate(span), found);
        }
    });
}

/// A whole number cuts off the fraction of what it is compared with. Nobody knows the data, but where the flag compares the same
/// attribute with a fraction elsewhere, it probably has one.
pub(super) fn integers_against_fractions(subject: &Subject<'_>, findings: &mut Findings) {
    let rules = subject.definition.targeting.iter().flatten().enumerate();
    let queries: Vec<_> = rules
        .filter_map(|(index, rule)| Some((index, rule.query.as_ref()?)))
        .filter(|(_, text)| !is_jsonlogic(&text.value))
        .collect();
    if !queries.iter().any(|(_, text)| may_hold_a_fraction(&text.value)) {
        return;
    }
    let mut table = AttributeTable::default();
    let mut fractions: HashSet<u32, foldhash::fast::RandomState> = HashSet::default();
    let mut wholes = Vec::new();
    for (index, text) in queries {
        let Some(expression) = query::parse(&text.value).expression else {
            continue;
        };
        Matcher::compile(&expression, &mut table).for_each_comparison(&mut |Operand { slot, .. }, nature, span| {
            match nature {
                Nature::Fraction => {
                    fractions.insert(*slot);
                }
                Nature::Whole => wholes.push((*slot, index, text, span)),
                _ => {}
            }
        });
    }
    for (_, index, text, (start, end)) in wholes.into_iter().filter(|(slot, ..)| fractions.contains(slot)) {
        let found = Diagnostic::new(
            Code::QueryTruncatedNumber,
            "the fraction of the attribute is cut off here",
        )
        .hint("the flag compares this attribute with a fraction elsewhere: write the whole number with `.0`");
        findings.within_field("targeting", |findings| {
            findings.within(Segment::Index(index), |findings| {
                findings.add_in_field("query", text.locate(start as usize, end as usize), found);
            });
        });
    }
}

/// A quick look for `.` and a digit after a digit.
fn may_hold_a_fraction(text: &str) -> bool {
    text.as_bytes()
        .windows(3)
        .any(|three| three[1] == b'.' && three[0].is_ascii_digit() && three[2].is_ascii_digit())
}

fn diagnostic(problem: &Problem) -> Diagnostic {
    let message = match problem.severity {
        Severity::Error => format!("invalid query: {}", problem.message),
        _ => problem.message.clone(),
    };
    let found = Diagnostic::new(problem.code, message).severity(problem.severity);
    match &problem.hint {
        Some(hint) => found.hint(hint),
        None => found,
    }
}
