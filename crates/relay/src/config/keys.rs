//! The keys that open the relay, and what each of them opens.

use std::collections::HashMap;
use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A key, known by its SHA-256 alone: the text cannot be printed because it is not kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKey([u8; 32]);

impl ApiKey {
    /// The key of a text; `None` for the empty one, which opens nothing.
    pub fn new(text: &[u8]) -> Option<Self> {
        (!text.is_empty()).then(|| Self(Sha256::digest(text).into()))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}

/// What kind of key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyClass {
    /// May evaluate.
    Evaluation,
    /// May evaluate, and belongs to a flag set.
    FlagSet,
    /// May evaluate and administrate.
    Admin,
}

/// What a key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Its class; of several the strongest.
    pub class: KeyClass,
    /// The flag set that lists it, by its index in [`super::FlagSets`]; an admin key may have one too.
    pub flag_set: Option<usize>,
}

/// Every key of a configuration.
///
/// A presented key is hashed once, found by a prefix of its hash and then compared as a whole in constant time. Time
/// can only tell about the prefix of a hash, which says nothing about the key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    grants: HashMap<u64, Vec<(ApiKey, Grant)>, foldhash::fast::RandomState>,
    required: bool,
}

impl Keys {
    /// Whether evaluations and streams need a key: at least one was listed for them, be it an empty one that opens nothing.
    pub fn required(&self) -> bool {
        self.required
    }

    /// What a presented key opens; `None` when it is unknown.
    pub fn find(&self, presented: &[u8]) -> Option<Grant> {
        let key = ApiKey::new(presented)?;
        let candidates = self.grants.get(&prefix(&key))?;
        candidates
            .iter()
            .find(|(known, _)| bool::from(known.0.ct_eq(&key.0)))
            .map(|(_, grant)| *grant)
    }

    /// These keys without what `others` do not grant: keys that are gone, rights that are. Whether a key is needed stays.
    pub(crate) fn restricted_to(&self, others: &Self) -> Self {
        let still = |(key, grant): &&(ApiKey, Grant)| {
            let other = others
                .grants
                .get(&prefix(key))
                .into_iter()
                .flatten()
                .find(|(known, _)| known == key);
            other.is_some_and(|(_, other)| grant.class == other.class)
        };
        let kept = |(prefix, candidates): (&u64, &Vec<(ApiKey, Grant)>)| {
            (*prefix, candidates.iter().filter(still).copied().collect())
        };
        Self {
            grants: self
                .grants
                .iter()
                .map(kept)
                .filter(|(_, kept): &(_, Vec<_>)| !kept.is_empty())
                .collect(),
            required: self.required,
        }
    }

    /// Switches authentication on, as a listed evaluation key does even when it is empty.
    pub(super) fn require(&mut self) {
        self.required = true;
    }

    /// Adds a key of a class; a later class wins, a flag set stays.
    pub(super) fn insert(&mut self, key: ApiKey, class: KeyClass, flag_set: Option<usize>) {
        self.required |= class != KeyClass::Admin;
        let candidates = self.grants.entry(prefix(&key)).or_default();
        match candidates.iter_mut().find(|(known, _)| *known == key) {
            Some((_, grant)) => {
                *grant = Grant {
                    class,
                    flag_set: flag_set.or(grant.flag_set),
                }
            }
            None => candidates.push((key, Grant { class, flag_set })),
        }
    }
}

/// The first eight bytes of a key's hash.
fn prefix(key: &ApiKey) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = key.0;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}
