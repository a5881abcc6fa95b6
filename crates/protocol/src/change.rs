//! `/v1/flag/change`: one number for each flag and one for all, by which clients poll for changes.

use std::io::Write as _;

use crate::wire::FlagWire;

/// FNV-1a, 32 bits (Fowler, Noll, Vo), fed piece by piece.
#[derive(Debug, Clone, Copy)]
pub struct Fnv1a(u32);

impl Default for Fnv1a {
    fn default() -> Self {
        Self(0x811c_9dc5)
    }
}

impl Fnv1a {
    /// Adds bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes
            .iter()
            .fold(self.0, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    }

    /// The hash of what was added.
    pub fn finish(self) -> u32 {
        self.0
    }
}

/// The answer for the flags of a set, given in byte order of their keys. The number of a flag is the hash of its
/// configuration as JSON, that of the set the hash of the whole object of configurations.
pub fn encode<'f>(flags: impl IntoIterator<Item = &'f FlagWire>) -> Vec<u8> {
    let mut all = Fnv1a::default();
    let mut members = Vec::new();
    all.write(b"{");
    for flag in flags {
        if !members.is_empty() {
            all.write(b",");
            members.push(b',');
        }
        all.write(flag.configuration_member());
        members.extend_from_slice(flag.key());
        write!(members, ":{}", flag.change_hash()).expect("writing to memory does not fail");
    }
    all.write(b"}");
    let mut out = Vec::with_capacity(members.len() + 40);
    write!(out, "{{\"hash\":{},\"flags\":{{", all.finish()).expect("writing to memory does not fail");
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
