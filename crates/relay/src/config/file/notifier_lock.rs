//! The options of what replicas agree through who tells a change.

use super::super::decode::OptionTable;
use super::super::kinds;
use super::super::shape::{Field, Shape};
use super::retriever::REDIS;

/// Options of a lock of notifiers.
#[derive(Clone, Default)]
pub(in super::super) struct NotifierLockTable;

impl OptionTable for NotifierLockTable {
    const FIELDS: &'static [Field] = &[
        text(&["kind"], "What kind of place it is.").picks(kinds::notifier_locks),
        Field::new(
            &["redisOptions"],
            Shape::Section(&[REDIS]),
            "How to connect; times are in milliseconds.",
        ),
        text(
            &["redisPrefix"],
            "Beginning of the keys. In a cluster they must be in one slot, for which there are braces in it.",
        )
        .default("{flagstaff:notifierLock}:"),
        text(
            &["uri"],
            "Where the database is; a password in it is hidden wherever it is shown.",
        )
        .url(),
        text(&["table"], "Name of the table, which is made when it is missing.").default("flagstaff_notifier_claims"),
    ];
}

const fn text(names: &'static [&'static str], about: &'static str) -> Field {
    Field::new(names, Shape::Text, about)
}
