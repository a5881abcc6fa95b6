//! The keys that open the relay, and what each of them opens.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::settings::Dialect;

/// A key, known by its SHA-256 alone: the text cannot be printed because it is not kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKey([u8; 32]);

impl ApiKey {
    /// The longest key in bytes. Longer ones are unknown without being hashed, so that guessing stays cheap.
    pub const MAX_LENGTH: usize = 16 << 10;

    /// The key of a text; `None` for the empty one, which opens nothing, and for one that is too long.
    pub fn new(text: &[u8]) -> Option<Self> {
        (1..=Self::MAX_LENGTH)
            .contains(&text.len())
            .then(|| Self(Sha256::digest(text).into()))
    }

    /// The key with this SHA-256, as 64 hexadecimal digits.
    pub fn from_sha256(digits: &str) -> Option<Self> {
        let bytes = HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// The SHA-256 of the key, as 64 hexadecimal digits.
    pub fn sha256(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// The first eight bytes of the hash: a number that tells keys apart.
    pub fn prefix(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}

/// What a key may do. Each scope includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// May evaluate, send events, and learn which flags changed: fit for browsers and devices.
    Client,
    /// May also read flags as they are written, with their rules.
    Server,
    /// May also administrate.
    Admin,
}

impl Scope {
    /// The names, in ascending order.
    pub const NAMES: &'static [&'static str] = &["client", "server", "admin"];

    /// The scope of a name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        let scopes = [Self::Client, Self::Server, Self::Admin];
        scopes.into_iter().find(|scope| scope.name().eq_ignore_ascii_case(name))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Admin => "admin",
        }
    }
}

/// What a key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// What it may do.
    pub scope: Scope,
    /// The flag set that lists it, by its index in [`super::FlagSets`]; none in default mode, and for keys of the whole relay.
    pub flag_set: Option<usize>,
    /// Whether an administrator reaches every flag set, and not only its own.
    pub every_flag_set: bool,
    /// How OFREP answers it, where that is not as everybody else.
    pub dialect: Option<Dialect>,
}

impl Grant {
    /// Whether it administrates a flag set, by its index in [`super::FlagSets`].
    pub fn administrates(&self, flag_set: usize) -> bool {
        self.scope == Scope::Admin && (self.every_flag_set || self.flag_set == Some(flag_set))
    }
}

/// A key of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    key: ApiKey,
    /// What it is called in logs: its own name, that of its file, or its place in the configuration.
    pub name: Arc<str>,
    /// What it opens.
    pub grant: Grant,
}

impl Key {
    /// The key itself.
    pub fn key(&self) -> ApiKey {
        self.key
    }

    /// A number that tells it from other keys.
    pub fn fingerprint(&self) -> u64 {
        self.key.prefix()
    }

    /// A key under its name.
    pub(super) fn new(key: ApiKey, name: Arc<str>, grant: Grant) -> Self {
        Self { key, name, grant }
    }
}

/// Every key of a configuration.
///
/// A presented key is hashed once, found by a prefix of its hash and then compared as a whole in constant time. Time
/// can only tell about the prefix of a hash, which says nothing about the key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    known: HashMap<u64, Vec<Key>, foldhash::fast::RandomState>,
    required: bool,
}

impl Keys {
    /// Whether evaluations and streams need a key: at least one was listed for them, be it an empty one that opens nothing.
    pub fn required(&self) -> bool {
        self.required
    }

    /// The key that is presented; `None` when it is unknown.
    pub fn find(&self, presented: &[u8]) -> Option<&Key> {
        self.get(ApiKey::new(presented)?)
    }

    /// The same key when it is one of these.
    pub fn get(&self, key: ApiKey) -> Option<&Key> {
        let candidates = self.known.get(&key.prefix())?;
        candidates.iter().find(|known| bool::from(known.key.0.ct_eq(&key.0)))
    }

    /// These keys without what `others` do not grant: keys that are gone, and rights that are. A key that moves to another flag
    /// set stays in its own until all of the others count. Whether a key is needed stays.
    pub(crate) fn restricted_to(&self, others: &Self) -> Self {
        let restricted = |known: &Key| {
            let other = others.get(known.key)?.grant;
            let grant = Grant {
                scope: known.grant.scope.min(other.scope),
                flag_set: known.grant.flag_set.filter(|_| other.flag_set.is_some()),
                every_flag_set: known.grant.every_flag_set && other.every_flag_set,
                dialect: known.grant.dialect,
            };
            Some(Key { grant, ..known.clone() })
        };
        let mut keys = Self {
            required: self.required,
            ..Self::default()
        };
        self.iter().filter_map(restricted).for_each(|key| keys.insert(key));
        keys
    }

    /// Every key, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.known.values().flatten()
    }

    /// Switches authentication on, as a list of keys does even when none of them opens anything.
    pub(super) fn require(&mut self) {
        self.required = true;
    }

    /// The same key when it is there already, to be changed.
    pub(super) fn get_mut(&mut self, key: ApiKey) -> Option<&mut Key> {
        let candidates = self.known.get_mut(&key.prefix())?;
        candidates.iter_mut().find(|known| known.key == key)
    }

    /// Adds a key that is not there yet.
    pub(super) fn insert(&mut self, key: Key) {
        self.known.entry(key.key.prefix()).or_default().push(key);
    }
}
