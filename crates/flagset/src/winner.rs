//! Which flag counts where several sources have one of the same key.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use flagstaff_definition::diagnostic::{Code, Diagnostic};
use flagstaff_definition::document::{Document, Entry};
use flagstaff_definition::span::Span;

use crate::options::Duplicates;
use crate::source::SourceState;

/// A flag that counts, and where it comes from.
pub(crate) struct Winner<'d> {
    document: &'d Document,
    pub(crate) entry: &'d Entry,
    pub(crate) file: &'d Arc<str>,
    /// Where the same flag is in an earlier source, which is overridden.
    overridden: Option<Place<'d>>,
    /// Where it is in later sources, which are refused.
    pub(crate) refused: Vec<Place<'d>>,
}

/// Where a flag stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'d> {
    entry: &'d Entry,
    file: &'d Arc<str>,
}

impl<'d> Winner<'d> {
    /// Whether it stands in several sources.
    pub(crate) fn is_duplicate(&self) -> bool {
        self.overridden.is_some() || !self.refused.is_empty()
    }

    /// What there is to say about the same flag in other sources, each with both places.
    pub(crate) fn duplicates(&self) -> impl Iterator<Item = Diagnostic> {
        let own = Place {
            entry: self.entry,
            file: self.file,
        };
        let overridden = self.overridden.iter().map(move |earlier| {
            own.finding(
                Code::OverriddenFlag,
                format!("the flag of this source replaces that of {earlier}"),
            )
        });
        let refused = self.refused.iter().map(move |later| {
            later.finding(
                Code::RefusedFlag,
                format!("the flag is refused, since {own} has it already"),
            )
        });
        overridden.chain(refused)
    }
}

impl Place<'_> {
    fn finding(self, code: Code, message: String) -> Diagnostic {
        let found = Diagnostic::new(code, message).at(Span {
            line: 1,
            column: 1,
            ..Span::default()
        });
        self.entry.absolute(&found, Some(self.file))
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = self.entry.base;
        write!(f, "{}:{}:{}", self.file, base.lines + 1, base.columns + 1)
    }
}

/// The entries that count, by key.
pub(crate) fn merge<'d>(
    fallback: Option<(&'d Arc<str>, &'d Document)>,
    sources: &'d [SourceState],
    duplicates: Duplicates,
) -> Vec<Winner<'d>> {
    let documents = sources.iter().flat_map(SourceState::documents);
    let mut places: HashMap<&str, usize, foldhash::fast::RandomState> = HashMap::default();
    let mut winners: Vec<Winner<'d>> = Vec::new();
    for (file, document) in fallback.into_iter().chain(documents) {
        for entry in &document.entries {
            let Some(place) = places.get(&*entry.key) else {
                places.insert(&entry.key, winners.len());
                winners.push(Winner {
                    document,
                    entry,
                    file,
                    overridden: None,
                    refused: Vec::new(),
                });
                continue;
            };
            let earlier = &mut winners[*place];
            // What the persistent file holds is meant to be replaced.
            let is_fallback = fallback.is_some_and(|(_, document)| std::ptr::eq(document, earlier.document));
            if duplicates == Duplicates::Refuse && !is_fallback {
                earlier.refused.push(Place { entry, file });
            } else {
                let place = Place {
                    entry: earlier.entry,
                    file: earlier.file,
                };
                earlier.overridden = (!is_fallback).then_some(place);
                (earlier.document, earlier.entry, earlier.file) = (document, entry, file);
            }
        }
    }
    winners.sort_unstable_by(|a, b| a.entry.key.cmp(&b.entry.key));
    winners
}
