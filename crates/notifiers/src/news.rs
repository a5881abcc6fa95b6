//! What there is to tell.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use flagstaff_engine::calendar::Moment;
use tokio::time::Instant;

/// What changed in a flag set, from one state of it to a later one. It can be merged with what came next, so that who is told
/// late is told once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// The machine on which the change was seen.
    pub hostname: Arc<str>,
    /// Until when it was seen that nothing had changed yet; `None` when that is not known.
    pub known_until: Option<Instant>,
    /// Flags that are different, by their keys.
    pub flags: BTreeMap<Arc<str>, Difference>,
    /// What happened to flags by itself, by their keys.
    pub moments: BTreeSet<(Arc<str>, Moment)>,
}

/// A flag before and after a change, each as `/v1/flag/configuration` shows it: a JSON object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `None` for a flag that is new.
    pub old: Option<Bytes>,
    /// `None` for a flag that is gone.
    pub new: Option<Bytes>,
}

impl News {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.flags.is_empty() && self.moments.is_empty()
    }

    /// Adds what came after it. A flag that is as it was before both is no news.
    pub fn merge(&mut self, later: Self) {
        self.hostname = later.hostname;
        self.known_until = self.known_until.min(later.known_until);
        for (key, difference) in later.flags {
            let old = match self.flags.remove(&key) {
                Some(earlier) => earlier.old,
                None => difference.old,
            };
            if old != difference.new {
                let new = difference.new;
                self.flags.insert(key, Difference { old, new });
            }
        }
        self.moments.extend(later.moments);
    }

    /// Flags that are gone, as they were.
    pub fn deleted(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.flags.iter().filter_map(|(key, difference)| match difference {
            Difference {
                old: Some(old),
                new: None,
            } => Some((&**key, old)),
            _ => None,
        })
    }

    /// Flags that are new.
    pub fn added(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        self.flags.iter().filter_map(|(key, difference)| match difference {
            Difference {
                old: None,
                new: Some(new),
            } => Some((&**key, new)),
            _ => None,
        })
    }

    /// Flags that mean something else: as they were, as they are.
    pub fn updated(&self) -> impl Iterator<Item = (&str, &Bytes, &Bytes)> {
        self.flags.iter().filter_map(|(key, difference)| match difference {
            Difference {
                old: Some(old),
                new: Some(new),
            } => Some((&**key, old, new)),
            _ => None,
        })
    }
}

impl Difference {
    /// What stands for it that a flag of a set is now as it is, on every machine: hexadecimal digits.
    pub(crate) fn subject(&self, set: &str, flag: &str) -> String {
        match &self.new {
            Some(new) => subject(&[set.as_bytes(), flag.as_bytes(), new]),
            None => subject(&[set.as_bytes(), flag.as_bytes()]),
        }
    }
}

/// What stands for it that something happened to a flag of a set by itself, on every machine: hexadecimal digits.
pub(crate) fn moment_subject(set: &str, (flag, Moment { at, occasion }): &(Arc<str>, Moment)) -> String {
    let moment = format!("{}.{:09} {occasion:?}", at.seconds, at.nanos);
    subject(&[set.as_bytes(), flag.as_bytes(), b"moment", moment.as_bytes()])
}

fn subject(parts: &[&[u8]]) -> String {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    HEXLOWER.encode(context.finish().as_ref())
}

#[cfg(test)]
mod tests {
    use flagstaff_engine::calendar::Occasion;

    use super::*;
    use crate::testing::written as news;

    #[test]
    fn what_came_later_is_merged_by_flag() {
        for (earlier, later, expected) in [
            ("a:>1", "b:>1", "a:>1 b:>1"),
            ("a:>1", "a:1>2", "a:>2"),
            ("a:>1", "a:1>", ""),
            ("a:1>2", "a:2>3", "a:1>3"),
            ("a:1>2", "a:2>1", ""),
            ("a:1>2", "a:2>", "a:1>"),
            ("a:1>", "a:>2", "a:1>2"),
            ("a:1>", "a:>1", ""),
            ("a:1> b:1>2", "c:>1 b:2>1", "a:1> c:>1"),
        ] {
            let mut merged = news(earlier);
            merged.merge(news(later));
            assert_eq!(merged, news(expected), "{earlier} then {later}");
            assert_eq!(merged.is_empty(), expected.is_empty());
        }
    }

    #[test]
    fn whatever_is_different_has_another_subject() {
        let moment = |set, seconds, occasion| {
            let at = flagstaff_definition::timestamp::Instant { seconds, nanos: 0 };
            moment_subject(set, &("a".into(), Moment { at, occasion }))
        };
        let flag = |set, flags| {
            let news = news(flags);
            let (key, difference) = news.flags.first_key_value().unwrap();
            difference.subject(set, key)
        };
        let all = [
            flag("x", "a:>1"),
            flag("y", "a:>1"),
            flag("xa", ":>1"),
            flag("x", "a:1>"),
            flag("x", "a:1>2"),
            flag("x", "b:1>2"),
            moment("x", 1, Occasion::TurnedOn),
            moment("x", 2, Occasion::TurnedOn),
            moment("x", 1, Occasion::TurnedOff),
            moment("y", 1, Occasion::TurnedOff),
        ];
        assert_eq!(BTreeSet::from(all.clone()).len(), all.len());
        assert_eq!(
            flag("x", "a:1>2"),
            flag("x", "a:3>2"),
            "what it was before does not matter"
        );
    }
}
