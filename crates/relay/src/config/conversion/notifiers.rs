//! Who is told about changes.

use flagstaff_backend::Surroundings;
use flagstaff_notifiers::{NotifierLock, Recipient};

use super::super::decode::{Options, Written};
use super::super::file::{NotifierTable, OptionsFile};
use super::super::report::Report;
use super::backend::Backend;
use super::flag_sets::Label;

/// The notifiers of a flag set, those of the legacy spelling where there are no others.
pub(super) fn convert(options: &OptionsFile, label: &Label<'_>, report: &mut Report) -> Vec<Recipient> {
    let is_filled = |list: &&Written<Vec<Written<Options<NotifierTable>>>>| !list.value.is_empty();
    let (notifiers, legacy) = (
        options.notifiers.as_ref().filter(is_filled),
        options.notifier.as_ref().filter(is_filled),
    );
    if let (Some(_), Some(legacy)) = (notifiers, legacy) {
        report.notice(&legacy.origin, &legacy.path, "is ignored, notifiers counts");
    }
    let list = notifiers.or(legacy).into_iter().flat_map(|list| &list.value);
    list.enumerate()
        .filter_map(|(at, written)| notifier(written, at, label, report))
        .collect()
}

/// What replicas agree through who tells a change.
pub(super) fn lock(
    options: &OptionsFile,
    surroundings: &Surroundings,
    label: &Label<'_>,
    report: &mut Report,
) -> Option<NotifierLock> {
    let written = options.notifier_lock.as_ref()?;
    let built = NotifierLock::build(&written.value.values, surroundings);
    let mut backend = Backend {
        noun: "notifierLock",
        written,
        index: None,
        label,
        report,
    };
    built.inspect_err(|error| backend.refuse_because(error)).ok()
}

fn notifier(
    written: &Written<Options<NotifierTable>>,
    index: usize,
    label: &Label<'_>,
    report: &mut Report,
) -> Option<Recipient> {
    let built = Recipient::build(&written.value.values);
    let mut backend = Backend {
        noun: "notifier",
        written,
        index: Some(index),
        label,
        report,
    };
    built.inspect_err(|error| backend.refuse_because(error)).ok()
}
