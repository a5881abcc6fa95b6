//! One change as it is told to those who listen.

use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use flagstaff_flagset::{Change, ServedFlag, Snapshot};
use flagstaff_protocol::etag::EntityTag;
use flagstaff_protocol::stream::{self, Changed};

use super::web_socket;

/// A change of a flag set, which each form of it is encoded from when somebody first asks for that; from then on all readers
/// share the bytes.
pub(crate) struct Message {
    pub(crate) moment: Moment,
    pub(crate) change: Change,
    events: [OnceLock<Bytes>; Form::COUNT],
    frames: [OnceLock<Bytes>; Form::COUNT],
}

/// What a reader gets to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The flags as they are written, before and after: GO Feature Flag's message.
    Flags,
    /// The names of the flags.
    Names,
    /// That there is something to fetch: OFREP's message.
    Refetch,
}

/// A state of a flag set, and the id that readers know it by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) id: u64,
    pub(crate) digest: EntityTag,
    /// When the state came to be served.
    pub(crate) since: SystemTime,
}

/// No state has this id.
pub(crate) const ELSEWHERE: u64 = 0;

/// How many of an id's bits come from the digest. The others are milliseconds, enough of them until the year 2109, so that an id
/// has 63 bits: GO Feature Flag reads ids as signed numbers of 64.
const DIGEST_BITS: u32 = 21;

impl Message {
    /// The change that led to a moment.
    pub(crate) fn new(moment: Moment, change: Change) -> Self {
        Self {
            moment,
            change,
            events: Default::default(),
            frames: Default::default(),
        }
    }

    /// The message as a server-sent event.
    pub(crate) fn event(&self, form: Form) -> Bytes {
        let event = self.events[form as usize].get_or_init(|| stream::event(self.moment.id, &self.text(form)).into());
        event.clone()
    }

    /// The message as a frame of a web socket.
    pub(crate) fn frame(&self, form: Form) -> Bytes {
        let frame = self.frames[form as usize].get_or_init(|| web_socket::frame(self.text(form)));
        frame.clone()
    }

    /// About how many bytes it takes.
    pub(crate) fn weight(&self) -> usize {
        let length = |flag: &Arc<ServedFlag>| flag.wire.configuration().len();
        let Change {
            added,
            updated,
            deleted,
            ..
        } = &self.change;
        let lone: usize = added.iter().chain(deleted).map(length).sum();
        let pairs: usize = updated.iter().map(|(old, new)| length(old) + length(new)).sum();
        lone + pairs
    }

    fn text(&self, form: Form) -> Vec<u8> {
        let changed = Changed {
            deleted: self.change.deleted.iter().map(|flag| &flag.wire).collect(),
            added: self.change.added.iter().map(|flag| &flag.wire).collect(),
            updated: self
                .change
                .updated
                .iter()
                .map(|(old, new)| (&old.wire, &new.wire))
                .collect(),
        };
        match form {
            Form::Flags => changed.message(),
            Form::Names => changed.names(),
            Form::Refetch => stream::refetch(self.moment.digest, seconds(self.moment.since)),
        }
    }
}

impl Form {
    const COUNT: usize = 3;
}

impl Moment {
    /// The moment at which a snapshot is served, after the moment of this id.
    ///
    /// Ids grow, whatever the clock does. Their high bits are the time and their low bits the digest of the flags: neither a
    /// process that started anew nor a replica hands out the same id for another state, so a reader that comes back with an
    /// id is either known or told to fetch everything.
    pub(crate) fn of(snapshot: &Snapshot, after: u64) -> Self {
        let since = snapshot.updated_at();
        let elapsed = since.duration_since(UNIX_EPOCH).unwrap_or_default();
        let milliseconds = (elapsed.as_millis() as u64) & (u64::MAX >> (DIGEST_BITS + 1));
        let id = (milliseconds << DIGEST_BITS) | (snapshot.digest().bits() & ((1 << DIGEST_BITS) - 1));
        Self {
            id: id.max(after + 1),
            digest: snapshot.digest(),
            since,
        }
    }
}

fn seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs() as i64)
}
