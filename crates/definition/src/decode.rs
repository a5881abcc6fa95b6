//! From the tree to a flag. The one place that knows where YAML, JSON and TOML differ in what they accept.

mod fields;
mod rule;
mod scalars;
mod values;

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::document::ParsedFlag;
use crate::flag::{Experimentation, FlagDefinition, Place, ScheduledStep};
use crate::format::Format;
use crate::span::Span;
use crate::tree::{Kind, Node};

use fields::Shape;

pub(crate) use scalars::describe;

/// Reads one flag. Everything that is wrong with it is found at once.
pub(crate) fn flag(node: &Node, format: Format) -> ParsedFlag {
    let mut decoder = Decoder {
        format,
        path: Vec::new(),
        diagnostics: Vec::new(),
        wide: Vec::new(),
    };
    let definition = if node.is_null() {
        FlagDefinition {
            span: Place(node.span),
            ..FlagDefinition::default()
        }
    } else {
        decoder.flag(node, &fields::FLAG).0
    };
    // GO Feature Flag sends a flag with scheduled steps through JSON, which makes plain values of all of these.
    if definition.scheduled_rollout.is_none() {
        decoder.diagnostics.append(&mut decoder.wide);
    }
    let mut diagnostics = decoder.diagnostics;
    diagnostics.sort_by_key(|found| found.span);
    let broken = diagnostics.iter().any(|found| found.severity == Severity::Error);
    ParsedFlag {
        definition: (!broken).then(|| Arc::new(definition)),
        diagnostics,
    }
}

/// The state of decoding one flag.
struct Decoder<'n> {
    format: Format,
    path: Vec<Step<'n>>,
    diagnostics: Vec<Diagnostic>,
    /// Values that GO Feature Flag answers differently unless the flag has scheduled steps.
    wide: Vec<Diagnostic>,
}

/// One step of the path from the flag to where the decoder is.
#[derive(Clone, Copy)]
enum Step<'n> {
    Name(&'n str),
    Index(usize),
}

impl<'n> Decoder<'n> {
    /// A flag or, with the shape of one, a scheduled step; also the node of the step's date.
    fn flag(&mut self, node: &'n Node, shape: &'static Shape) -> (FlagDefinition, Option<&'n Node>) {
        let mut flag = FlagDefinition {
            span: Place(node.span),
            ..FlagDefinition::default()
        };
        let mut date = None;
        self.fields(node, shape, |decoder, field, value| match field {
            "variations" => flag.variations = decoder.variations(value),
            "targeting" => flag.targeting = decoder.targeting(value),
            "bucketingKey" => flag.bucketing_key = decoder.string(value),
            "defaultRule" => flag.default_rule = decoder.rule(value),
            "experimentation" => flag.experimentation = decoder.experimentation(value),
            "scheduledRollout" => flag.scheduled_rollout = decoder.scheduled_rollout(value),
            "trackEvents" => flag.track_events = decoder.boolean(value),
            "disable" => flag.disable = decoder.boolean(value),
            "version" => flag.version = decoder.string(value).map(|version| version.value),
            "metadata" => flag.metadata = decoder.metadata(value),
            _ => date = Some(value),
        });
        (flag, date)
    }

    fn experimentation(&mut self, node: &'n Node) -> Option<Experimentation> {
        let mut window = Experimentation {
            span: Place(node.span),
            ..Experimentation::default()
        };
        self.fields(node, &fields::EXPERIMENTATION, |decoder, field, value| match field {
            "start" => window.start = decoder.date(value),
            _ => window.end = decoder.date(value),
        });
        Some(window)
    }

    fn scheduled_rollout(&mut self, node: &'n Node) -> Option<Vec<ScheduledStep>> {
        self.list(node, "a list of scheduled steps", |decoder, step| {
            if step.is_null() {
                return ScheduledStep::default();
            }
            let (change, date) = decoder.flag(step, &fields::STEP);
            let date = date.and_then(|date| decoder.inside(Step::Name("date"), |decoder| decoder.date(date)));
            ScheduledStep { date, change }
        })
    }

    /// The elements of a list; YAML drops empty ones.
    fn list<T>(
        &mut self,
        node: &'n Node,
        wanted: &str,
        mut element: impl FnMut(&mut Self, &'n Node) -> T,
    ) -> Option<Vec<T>> {
        let Kind::List(items) = &node.kind else {
            self.wrong_type(node, wanted);
            return None;
        };
        let mut list = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            self.inside(Step::Index(index), |decoder| {
                if decoder.format == Format::Yaml && item.is_null() {
                    decoder.report(
                        Code::DroppedNull,
                        item.span,
                        "an empty element is dropped",
                        "remove it, or write what is missing",
                    );
                } else {
                    list.push(element(decoder, item));
                }
            });
        }
        Some(list)
    }

    /// Runs something one step further down.
    fn inside<T>(&mut self, step: Step<'n>, run: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let result = run(self);
        self.path.pop();
        result
    }

    fn report(&mut self, code: Code, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        let diagnostic = Diagnostic::new(code, message).hint(hint).at(span).path(self.path());
        self.diagnostics.push(diagnostic);
    }

    /// Says that a node is not what its place asks for.
    fn wrong_type(&mut self, node: &Node, wanted: &str) {
        if let Kind::Invalid(found) = &node.kind {
            let found = Diagnostic::clone(found).path(self.path());
            self.diagnostics.push(found);
            return;
        }
        let hint = scalars::mend(node, wanted, self.format);
        self.report(
            Code::WrongType,
            node.span,
            format!("expected {wanted}, found {}", describe(node)),
            hint,
        );
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Index(index) => path.push_str(&format!("[{index}]")),
                Step::Name(name)
                    if name.is_empty() || name.contains(|c: char| !c.is_alphanumeric() && c != '_' && c != '-') =>
                {
                    path.push_str(&format!("[{name:?}]"));
                }
                Step::Name(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
            }
        }
        path
    }
}
