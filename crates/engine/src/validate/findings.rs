//! Where findings are collected, with the path to what is being checked.

use std::fmt::Write;
use std::sync::Arc;

use flagstaff_definition::diagnostic::{Code, Diagnostic, Severity};
use flagstaff_definition::span::Span;

/// The findings so far, and where the checks are.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: Vec<Diagnostic>,
    path: Vec<Segment>,
    lenient: Option<Leniency>,
}

/// A step on the way from a flag to one of its parts.
#[derive(Debug, Clone)]
pub(super) enum Segment {
    /// A field.
    Field(&'static str),
    /// An element of a list.
    Index(usize),
    /// A member that people named.
    Name(Arc<str>),
}

/// Why errors are only warnings here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leniency {
    /// A disabled targeting rule is never looked at.
    DisabledRule,
    /// Scheduled steps are not checked at load.
    Step,
}

impl Findings {
    /// Runs checks one step further down.
    pub(super) fn within<R>(&mut self, segment: Segment, checks: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(segment);
        let result = checks(self);
        self.path.pop();
        result
    }

    /// Runs checks of a field.
    pub(super) fn within_field<R>(&mut self, field: &'static str, checks: impl FnOnce(&mut Self) -> R) -> R {
        self.within(Segment::Field(field), checks)
    }

    /// Runs checks whose errors do not keep the flag from loading.
    pub(super) fn leniently<R>(&mut self, leniency: Leniency, checks: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.lenient.replace(leniency);
        let result = checks(self);
        self.lenient = before;
        result
    }

    /// Runs checks whose errors stay errors.
    pub(super) fn strictly<R>(&mut self, checks: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.lenient.take();
        let result = checks(self);
        self.lenient = before;
        result
    }

    /// Adds a finding about the part that is being checked.
    pub(super) fn add(&mut self, span: Span, mut found: Diagnostic) {
        if let Some(leniency) = self.lenient.filter(|_| found.severity == Severity::Error) {
            found.severity = Severity::Warning;
            let note = leniency.note(found.code);
            found.hint = Some(
                found
                    .hint
                    .map_or_else(|| note.to_owned(), |hint| format!("{hint}; {note}")),
            );
        }
        // a definition that was not read from a text has no places
        found.span = (span.line > 0).then_some(span);
        found.path = self.rendered_path();
        self.found.push(found);
    }

    /// Adds a finding about a field of the part that is being checked.
    pub(super) fn add_in_field(&mut self, field: &'static str, span: Span, found: Diagnostic) {
        self.within_field(field, |findings| findings.add(span, found));
    }

    /// Adds a finding about a named member of the part that is being checked.
    pub(super) fn add_in_name(&mut self, name: &Arc<str>, span: Span, found: Diagnostic) {
        self.within(Segment::Name(Arc::clone(name)), |findings| findings.add(span, found));
    }

    /// What was found, in the order of the checks.
    pub(super) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.found
    }

    fn rendered_path(&self) -> String {
        let mut path = String::new();
        for segment in &self.path {
            if !path.is_empty() && !matches!(segment, Segment::Index(_)) {
                path.push('.');
            }
            match segment {
                Segment::Field(field) => path.push_str(field),
                Segment::Name(name) => path.push_str(name),
                Segment::Index(index) => write!(path, "[{index}]").expect("a string takes any text"),
            }
        }
        path
    }
}

impl Leniency {
    /// What an error comes to where it does not keep the flag from loading.
    fn note(self, code: Code) -> &'static str {
        match (self, code) {
            (Self::DisabledRule, _) => "the flag loads as long as the rule is disabled",
            (Self::Step, Code::UnknownVariation | Code::NullVariation) => {
                "the flag loads, and answers `null` from this step on"
            }
            (Self::Step, Code::DecreasingProgressiveRollout) => "the flag loads, and the rollout runs backwards",
            (Self::Step, Code::MixedVariationTypes) => "the flag loads, and its type changes with this step",
            (Self::Step, Code::DuplicateRuleName) => "the flag loads, and later steps change both rules",
            (Self::Step, Code::NegativePercentage) => {
                "a rule that the step adds has no share to remove: nobody gets it"
            }
            (
                Self::Step,
                Code::RuleWithoutOutcome
                | Code::EmptyPercentage
                | Code::ZeroPercentage
                | Code::IncompleteProgressiveRollout,
            ) => "the flag loads, and answers FLAG_CONFIG from this step on",
            (Self::Step, _) => "the flag loads, and the rule never matches from this step on",
        }
    }
}
