//! `/v1/flag/change`: one number for each flag and one for all, by which clients poll for changes.

use std::io::Write as _;

use flagstaff_engine::bucketing::{OFFSET_BASIS, fnv1a};

use crate::wire::FlagWire;

/// The answer for the flags of a set, given in byte order of their keys. The number of a flag is the hash (FNV-1a) of its
/// configuration as JSON, that of the set the hash of the whole object of configurations.
pub fn encode<'f>(flags: impl IntoIterator<Item = &'f FlagWire>) -> Vec<u8> {
    let mut hash = fnv1a(OFFSET_BASIS, b"{");
    let mut members = Vec::new();
    for flag in flags {
        if !members.is_empty() {
            hash = fnv1a(hash, b",");
            members.push(b',');
        }
        hash = fnv1a(hash, flag.configuration_member());
        members.extend_from_slice(flag.key());
        write!(members, ":{}", flag.change_hash()).expect("writing to memory does not fail");
    }
    hash = fnv1a(hash, b"}");
    let mut out = Vec::with_capacity(members.len() + 40);
    write!(out, "{{\"hash\":{hash},\"flags\":{{").expect("writing to memory does not fail");
    out.extend_from_slice(&members);
    out.extend_from_slice(b"}}\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_flags_have_the_hash_of_an_empty_object() {
        let text = String::from_utf8(encode([])).unwrap();
        assert_eq!(text, "{\"hash\":1415952421,\"flags\":{}}\n");
    }
}
