//! What streams say when flags change: GO Feature Flag's message over server-sent events and web sockets, and OFREP's order
//! to fetch the flags again.

use std::io::Write as _;

use crate::etag::EntityTag;
use crate::json::{Object, write_integer};
use crate::wire::FlagWire;

/// Flags that are different, each list in byte order of their keys.
#[derive(Debug, Clone, Default)]
pub struct Changed<'f> {
    /// Flags that are gone, as they were.
    pub deleted: Vec<&'f FlagWire>,
    /// Flags that are new.
    pub added: Vec<&'f FlagWire>,
    /// Flags that mean something else: as they were, as they are.
    pub updated: Vec<(&'f FlagWire, &'f FlagWire)>,
}

/// An event without data, so that clients do not take silence for a broken connection.
pub const HEARTBEAT: &[u8] = b":\n\n";

impl Changed<'_> {
    /// The message: a line of JSON with its end.
    pub fn message(&self) -> Vec<u8> {
        let room =
            |flags: &[&FlagWire]| -> usize { flags.iter().map(|flag| flag.configuration_member().len() + 1).sum() };
        let updated = self.updated.iter();
        let updated: usize = updated
            .map(|(old, new)| old.configuration_member().len() + new.configuration_member().len() + 32)
            .sum();
        let mut out = Vec::with_capacity(room(&self.deleted) + room(&self.added) + updated + 48);
        out.extend_from_slice(b"{\"deleted\":{");
        write_members(&mut out, &self.deleted, |out, flag| {
            out.extend_from_slice(flag.configuration_member());
        });
        out.extend_from_slice(b"},\"added\":{");
        write_members(&mut out, &self.added, |out, flag| {
            out.extend_from_slice(flag.configuration_member());
        });
        out.extend_from_slice(b"},\"updated\":{");
        write_members(&mut out, &self.updated, |out, (old, new)| {
            out.extend_from_slice(new.key());
            out.extend_from_slice(b":{\"old_value\":");
            out.extend_from_slice(old.configuration());
            out.extend_from_slice(b",\"new_value\":");
            out.extend_from_slice(new.configuration());
            out.push(b'}');
        });
        out.extend_from_slice(b"}}\n");
        out
    }

    /// The message for those who may know the names of flags and nothing else: in the same form, with nothing in it.
    pub fn names(&self) -> Vec<u8> {
        let write = |out: &mut Vec<u8>, flag: &&FlagWire| {
            out.extend_from_slice(flag.key());
            out.extend_from_slice(b":{}");
        };
        let mut out = b"{\"deleted\":{".to_vec();
        write_members(&mut out, &self.deleted, write);
        out.extend_from_slice(b"},\"added\":{");
        write_members(&mut out, &self.added, write);
        out.extend_from_slice(b"},\"updated\":{");
        write_members(&mut out, &self.updated, |out, (_, flag)| write(out, flag));
        out.extend_from_slice(b"}}\n");
        out
    }
}

fn write_members<T>(out: &mut Vec<u8>, flags: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    for (index, flag) in flags.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, flag);
    }
}

/// OFREP's `refetchEvaluation`: the flags have this digest now, since this Unix second.
pub fn refetch(digest: EntityTag, last_modified: i64) -> Vec<u8> {
    let mut out = Vec::with_capacity(96);
    let mut event = Object::open(&mut out);
    event.string("type", "refetchEvaluation");
    event.string("etag", digest.to_string().trim_matches('"'));
    write_integer(event.member("lastModified"), last_modified);
    event.close();
    out.push(b'\n');
    out
}

/// A message as a server-sent event.
pub fn event(id: u64, message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 40);
    write!(out, "id: {id}\ndata: ").expect("writing to memory does not fail");
    out.extend_from_slice(message.trim_ascii_end());
    out.extend_from_slice(b"\n\n");
    out
}

/// The beginning of a stream of events: how many milliseconds to wait before coming back, and the id to come back with, for
/// who has none. It has no data, so that clients tell nobody.
pub fn opening(retry: u64, id: Option<u64>) -> Vec<u8> {
    match id {
        Some(id) => format!("retry: {retry}\nid: {id}\n\n").into_bytes(),
        None => format!("retry: {retry}\n\n").into_bytes(),
    }
}
