//! What there is to tell.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use flagstaff_engine::calendar::Moment;

/// What changed in a flag set, from one state of it to a later one. It can be merged with what came next, so that who is told
/// late is told once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// The machine on which the change was seen.
    pub hostname: Arc<str>,
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

    /// A hash that is the same on every machine that sees the same change.
    pub fn digest(&self) -> String {
        let mut context = Context::new(&SHA256);
        let mut add = |bytes: &[u8]| {
            context.update(&(bytes.len() as u64).to_be_bytes());
            context.update(bytes);
        };
        for (key, Difference { old, new }) in &self.flags {
            add(key.as_bytes());
            for side in [old, new] {
                add(side.as_deref().unwrap_or_default());
            }
        }
        for (key, Moment { at, occasion }) in &self.moments {
            add(key.as_bytes());
            add(format!("{}.{:09} {occasion:?}", at.seconds, at.nanos).as_bytes());
        }
        HEXLOWER.encode(context.finish().as_ref())
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
    fn another_change_has_another_digest() {
        let moment = |seconds, occasion| News {
            moments: BTreeSet::from([(
                Arc::from("a"),
                Moment {
                    at: flagstaff_definition::timestamp::Instant { seconds, nanos: 0 },
                    occasion,
                },
            )]),
            ..News::default()
        };
        let all = [
            news(""),
            news("a:>1"),
            news("a:1>"),
            news("a:1>2"),
            news("a:2>1"),
            news("b:1>2"),
            news("a:1>2 b:1>2"),
            moment(1, Occasion::TurnedOn),
            moment(2, Occasion::TurnedOn),
            moment(1, Occasion::TurnedOff),
        ];
        let digests: BTreeSet<_> = all.iter().map(News::digest).collect();
        assert_eq!(digests.len(), all.len());
        let elsewhere = News {
            hostname: "other".into(),
            ..news("a:1>2")
        };
        assert_eq!(elsewhere.digest(), news("a:1>2").digest());
    }
}
