//! The flags of a set at one moment.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use bytes::Bytes;
use flagstaff_engine::attribute::AttributeTable;
use flagstaff_engine::context::ContextMap;
use flagstaff_engine::flag::Flag;
use flagstaff_protocol::etag::EntityTag;
use flagstaff_protocol::ofrep::standard::StandardWire;
use flagstaff_protocol::wire::FlagWire;
use flagstaff_protocol::{change, configuration};

/// A flag as it is served: ready to be evaluated, and all its answers encoded.
#[derive(Debug)]
pub struct ServedFlag {
    /// The compiled flag.
    pub flag: Flag,
    /// What it can answer.
    pub wire: FlagWire,
    standard: OnceLock<StandardWire>,
}

impl ServedFlag {
    /// Encodes what a flag can answer.
    pub(crate) fn new(flag: Flag) -> Self {
        let wire = FlagWire::encode(&flag);
        Self {
            flag,
            wire,
            standard: OnceLock::new(),
        }
    }

    /// What it can answer in OFREP's standard dialect. That is encoded when it is first asked for, since most sets are never
    /// asked for it.
    pub fn standard(&self) -> &StandardWire {
        self.standard.get_or_init(|| StandardWire::encode(&self.flag))
    }

    /// The flag's key.
    pub fn key(&self) -> &Arc<str> {
        self.flag.key()
    }

    /// Whether both stand for one definition, be it compiled twice.
    fn is_same(self: &Arc<Self>, other: &Arc<Self>) -> bool {
        Arc::ptr_eq(self, other) || Arc::ptr_eq(self.flag.definition(), other.flag.definition())
    }
}

/// Place of each flag by its key. Snapshots with the same keys share one.
pub(crate) type Index = HashMap<Arc<str>, u32, foldhash::fast::RandomState>;

/// The flags of a set at one moment, immutable.
pub struct Snapshot {
    revision: u64,
    digest: EntityTag,
    updated_at: SystemTime,
    known_until: Option<SystemTime>,
    flags: Box<[Arc<ServedFlag>]>,
    index: Arc<Index>,
    attributes: Arc<AttributeTable>,
    enrichment: Arc<ContextMap<'static>>,
    client_time: bool,
    change: OnceLock<Bytes>,
    configuration: OnceLock<(Bytes, EntityTag)>,
}

impl Snapshot {
    /// A snapshot without flags.
    pub(crate) fn empty(now: SystemTime, enrichment: ContextMap<'static>, client_time: bool) -> Self {
        Self {
            revision: 0,
            digest: digest(&[]),
            updated_at: now,
            known_until: None,
            flags: Box::default(),
            index: Arc::default(),
            attributes: Arc::default(),
            enrichment: Arc::new(enrichment),
            client_time,
            change: OnceLock::new(),
            configuration: OnceLock::new(),
        }
    }

    /// What follows this snapshot, which was seen to be what all sources hold until some time. `flags` are sorted by key.
    pub(crate) fn succeed(
        &self,
        flags: Vec<Arc<ServedFlag>>,
        attributes: Arc<AttributeTable>,
        known_until: Option<SystemTime>,
        now: SystemTime,
    ) -> Self {
        let same_keys =
            flags.len() == self.flags.len() && flags.iter().zip(&self.flags).all(|(new, old)| new.key() == old.key());
        let index = if same_keys {
            Arc::clone(&self.index)
        } else {
            Arc::new(index(&flags))
        };
        Self {
            revision: self.revision + 1,
            digest: digest(&flags),
            // The time of change never goes back, whatever the clock does.
            updated_at: now.max(self.updated_at),
            known_until,
            flags: flags.into(),
            index,
            attributes,
            enrichment: Arc::clone(&self.enrichment),
            client_time: self.client_time,
            change: OnceLock::new(),
            configuration: OnceLock::new(),
        }
    }

    /// The same flags under other options; `None` when these mean what the old ones meant.
    pub(crate) fn reconfigured(
        &self,
        enrichment: &ContextMap<'static>,
        client_time: bool,
        now: SystemTime,
    ) -> Option<Self> {
        if *self.enrichment == *enrichment && self.client_time == client_time {
            return None;
        }
        let flags = self.flags.to_vec();
        Some(Self {
            enrichment: Arc::new(enrichment.clone()),
            client_time,
            ..self.succeed(flags, Arc::clone(&self.attributes), None, now)
        })
    }

    /// Counts the changes since the start of the process.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// A hash of all keys and definitions, equal on every replica that serves the same flags.
    pub fn digest(&self) -> EntityTag {
        self.digest
    }

    /// When these flags came to be served.
    pub fn updated_at(&self) -> SystemTime {
        self.updated_at
    }

    /// The flags in byte order of their keys.
    pub fn flags(&self) -> &[Arc<ServedFlag>] {
        &self.flags
    }

    /// The flag of a key.
    #[inline]
    pub fn get(&self, key: &str) -> Option<&Arc<ServedFlag>> {
        self.index.get(key).map(|at| &self.flags[*at as usize])
    }

    /// Every attribute path that the flags name.
    pub fn attributes(&self) -> &AttributeTable {
        &self.attributes
    }

    /// The same, to build upon.
    pub(crate) fn shared_attributes(&self) -> &Arc<AttributeTable> {
        &self.attributes
    }

    /// Attributes laid over those of each request; empty when there are none.
    pub fn enrichment(&self) -> &ContextMap<'static> {
        &self.enrichment
    }

    /// Whether a request may choose the time at which it is evaluated.
    pub fn client_time(&self) -> bool {
        self.client_time
    }

    /// The answer of `/v1/flag/change`, encoded when it is first asked for.
    pub fn change_answer(&self) -> &Bytes {
        self.change
            .get_or_init(|| change::encode(self.flags.iter().map(|flag| &flag.wire)).into())
    }

    /// The answer of `/v1/flag/configuration` for all flags, and its tag. Encoded when it is first asked for, and from then on
    /// by the writer with each new snapshot.
    pub fn configuration_answer(&self) -> &(Bytes, EntityTag) {
        self.configuration.get_or_init(|| {
            let flags = self.flags.iter().map(|flag| &flag.wire);
            let tag = configuration::tag(flags.clone(), &self.enrichment);
            (configuration::encode(flags, &self.enrichment).into(), tag)
        })
    }

    /// Encodes what was asked of the snapshot before, so that nobody who asks has to wait for it.
    pub(crate) fn encode_like(&self, before: &Self) {
        if before.configuration.get().is_some() {
            self.configuration_answer();
        }
        if before.change.get().is_some() {
            self.change_answer();
        }
    }

    /// What is different in `newer`. By pointer: it costs a walk over the keys.
    pub fn diff(&self, newer: &Self) -> Change {
        let mut change = Change {
            from: self.revision,
            to: newer.revision,
            known_until: newer.known_until,
            ..Change::default()
        };
        let (mut old, mut new) = (self.flags.iter().peekable(), newer.flags.iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return change,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(old), Some(new)) => old.key().cmp(new.key()),
            };
            match order {
                std::cmp::Ordering::Less => change.deleted.extend(old.next().cloned()),
                std::cmp::Ordering::Greater => change.added.extend(new.next().cloned()),
                std::cmp::Ordering::Equal => {
                    let pair = old.next().zip(new.next());
                    change.updated.extend(
                        pair.filter(|(old, new)| !old.is_same(new))
                            .map(|(old, new)| (Arc::clone(old), Arc::clone(new))),
                    );
                }
            }
        }
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("revision", &self.revision)
            .field("digest", &self.digest)
            .field("flags", &self.flags.len())
            .finish_non_exhaustive()
    }
}

/// What is different between two snapshots.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The revision before.
    pub from: u64,
    /// The revision after.
    pub to: u64,
    /// Until when all sources were seen to hold what they held before; `None` when they never were.
    pub known_until: Option<SystemTime>,
    /// Flags that are new.
    pub added: Vec<Arc<ServedFlag>>,
    /// Flags that mean something else than before: as they were, as they are.
    pub updated: Vec<(Arc<ServedFlag>, Arc<ServedFlag>)>,
    /// Flags that are gone.
    pub deleted: Vec<Arc<ServedFlag>>,
}

impl Change {
    /// Whether nothing is different.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.updated.is_empty() && self.deleted.is_empty()
    }
}

fn digest(flags: &[Arc<ServedFlag>]) -> EntityTag {
    let mut digest = EntityTag::new("flag set");
    for flag in flags {
        digest.add(flag.wire.configuration_fingerprint());
    }
    digest
}

fn index(flags: &[Arc<ServedFlag>]) -> Index {
    flags
        .iter()
        .zip(0..)
        .map(|(flag, at)| (Arc::clone(flag.key()), at))
        .collect()
}
