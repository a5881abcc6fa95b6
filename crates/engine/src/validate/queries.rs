//! The queries of targeting rules.

use flagstaff_definition::diagnostic::{Code, Diagnostic, Severity};
use flagstaff_definition::query::{self, Problem};
use flagstaff_definition::span::Text;

use crate::attribute::AttributeTable;
use crate::compile::joined_lines_are_empty;
use crate::jsonlogic::{Logic, is_jsonlogic};
use crate::query::Matcher;

use super::findings::Findings;
use super::{RuleView, differences};

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
        if joined_lines_are_empty(&text.value) {
            is_not_empty(view, text, findings);
        } else if is_jsonlogic(&text.value) {
            is_valid_jsonlogic(text, findings);
        } else {
            is_valid(text, findings);
        }
    });
}

fn is_not_empty(view: &RuleView<'_>, text: &Text, findings: &mut Findings) {
    let found = if view.is_of_a_step() {
        super::schedule::matches_everybody()
    } else {
        Diagnostic::new(Code::InvalidQuery, "invalid query: it is empty")
            .hint("say whom the rule is for; what is meant for everybody belongs into `defaultRule`")
    };
    findings.add(text.span, found);
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
    // errors first, since only so many are shown
    let (errors, rest): (Vec<_>, Vec<_>) = parse
        .problems
        .iter()
        .partition(|problem| problem.severity == Severity::Error);
    for problem in errors.into_iter().chain(rest).take(SHOWN_PROBLEMS) {
        findings.add(text.locate(problem.start, problem.end), diagnostic(problem));
    }
    let Some(expression) = &parse.expression else { return };
    let mut table = AttributeTable::default();
    if let Err(invalid) = Matcher::compile(expression, &mut table).check_on_empty() {
        let found = Diagnostic::new(Code::InvalidQuery, format!("invalid query: {}", invalid.message))
            .hint("the comparison can never be decided: use an operator of the value's kind");
        findings.add(text.locate(invalid.span.0 as usize, invalid.span.1 as usize), found);
    }
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
