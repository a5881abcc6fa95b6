//! A JSON-like value as a flag file holds it: variations and metadata.

use std::sync::Arc;

/// A value of a flag file, cheap to clone. Integers and floats stay apart, since GO Feature Flag's manifest and queries tell them apart.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number written as one (never from JSON, whose numbers are all floats).
    Int(i64),
    /// A whole number above the range of `i64` (YAML and TOML).
    UInt(u64),
    /// Any other number; always finite.
    Float(f64),
    /// Text, native dates included (as RFC 3339).
    String(Arc<str>),
    /// A list.
    List(Arc<[Value]>),
    /// An object.
    Map(Map),
}

/// An object: names with values, sorted by the bytes of the name, each name once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Map(Arc<[(Arc<str>, Value)]>);

impl Map {
    /// Sorts the members; of equal names the last one stays.
    pub fn from_members(mut members: Vec<(Arc<str>, Value)>) -> Self {
        members.sort_by(|a, b| a.0.cmp(&b.0));
        members.reverse();
        members.dedup_by(|later, kept| later.0 == kept.0);
        members.reverse();
        Self(members.into())
    }

    /// The members in byte order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Value)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.0.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(&self.0[at].1)
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}
