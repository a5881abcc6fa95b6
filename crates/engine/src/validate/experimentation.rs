//! The window of an experiment.

use flagstaff_definition::diagnostic::{Code, Diagnostic};
use flagstaff_definition::flag::Experimentation;
use flagstaff_definition::timestamp::Instant;

use super::findings::Findings;
use super::{Subject, dates};

pub(super) fn window(subject: &Subject<'_>, findings: &mut Findings) {
    if let Some(window) = &subject.definition.experimentation {
        findings.within_field("experimentation", |findings| {
            is_a_window(window, findings);
            is_not_over(window, subject.now, findings);
            if let Some(start) = &window.start {
                dates::is_plausible("start", start, subject.now, findings);
            }
        });
    }
}

pub(super) fn is_a_window(window: &Experimentation, findings: &mut Findings) {
    match (&window.start, &window.end) {
        (None, None) => {
            let found = Diagnostic::new(Code::ExperimentationEmpty, "the experiment has neither start nor end")
                .hint("write a date, or remove `experimentation`: it only keeps answers from being cached");
            findings.add(window.span.0, found);
        }
        (Some(start), Some(end)) if end.value.instant < start.value.instant => {
            let message = format!(
                "the experiment ends on {}, before it starts on {}",
                end.value, start.value
            );
            let found = Diagnostic::new(Code::ExperimentationReversed, message)
                .hint("the flag is off at all times: swap the dates");
            findings.add_in_field("end", end.span, found);
        }
        _ => {}
    }
}

fn is_not_over(window: &Experimentation, now: Instant, findings: &mut Findings) {
    if let Some(end) = window.end.as_ref().filter(|end| end.value.instant < now) {
        let found = Diagnostic::new(
            Code::ExperimentationOver,
            format!("the experiment is over since {}", end.value),
        )
        .hint("callers get their own default: remove `experimentation` to serve the flag again, or the flag");
        findings.add_in_field("end", end.span, found);
    }
}
