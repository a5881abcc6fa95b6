//! What is wrong with a retriever, an exporter or a notifier, in the words of GO Feature Flag.

use flagstaff_backend::SettingsError;

use super::super::decode::{Options, Written};
use super::super::report::Report;
use super::flag_sets::Label;
use super::shown;

/// One backend of those that are written, and where what is wrong with it goes.
pub(super) struct Backend<'a, T> {
    /// What it is called in messages.
    pub(super) noun: &'static str,
    pub(super) written: &'a Written<Options<T>>,
    /// Its place among several.
    pub(super) index: Option<usize>,
    pub(super) label: &'a Label<'a>,
    pub(super) report: &'a mut Report,
}

impl<T> Backend<'_, T> {
    /// A property as it may be shown.
    pub(super) fn shown(&self, property: &str) -> String {
        let Written { value, origin, .. } = self.written;
        shown(value.text(property), value.origin(property).unwrap_or(origin))
    }

    /// A property does not hold what it should.
    pub(super) fn refuse(&mut self, property: &str, message: &str) {
        let Written { value, origin, path } = self.written;
        let noun = self.noun;
        let message = self.label.message(match self.index {
            Some(index) => format!("{noun} at index {index} validation failed: invalid {noun}: {message}"),
            None => format!("invalid {noun}: {message}"),
        });
        self.report
            .problem(value.origin(property).unwrap_or(origin), path, message);
    }

    /// It could not be built.
    pub(super) fn refuse_because(&mut self, error: &SettingsError) {
        match error {
            SettingsError::UnknownKind { known, .. } => {
                let message = format!("kind {} is not supported, use one of {known}", self.shown("kind"));
                self.refuse("kind", &message);
            }
            SettingsError::Invalid { property, .. } => self.refuse(property, &error.to_string()),
            _ => self.refuse("kind", &error.to_string()),
        }
    }
}
