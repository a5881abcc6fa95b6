//! Who is told about changes.

use flagstaff_backend::SettingsError;
use flagstaff_notifiers::Recipient;

use super::super::decode::{Options, Written};
use super::super::file::{NotifierTable, OptionsFile};
use super::super::report::Report;
use super::flag_sets::{Label, in_list};
use super::shown;

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

fn notifier(
    written: &Written<Options<NotifierTable>>,
    index: usize,
    label: &Label<'_>,
    report: &mut Report,
) -> Option<Recipient> {
    let Written { value, origin, path } = written;
    let error = match Recipient::build(&value.values) {
        Ok(recipient) => return Some(recipient),
        Err(error) => error,
    };
    let (property, message) = match &error {
        SettingsError::UnknownKind { kind, known } => {
            let kind = shown(kind, value.origin("kind").unwrap_or(origin));
            ("kind", format!("kind {kind} is not supported, use one of {known}"))
        }
        SettingsError::Invalid { property, .. } => (property.as_str(), error.to_string()),
        _ => ("kind", error.to_string()),
    };
    let message = label.message(in_list("notifier", Some(index), &message));
    report.problem(value.origin(property).unwrap_or(origin), path, message);
    None
}
