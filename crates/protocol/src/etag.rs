//! Entity tags: opaque to clients, a pure function of the content, so that replicas agree.

use std::fmt;

use xxhash_rust::xxh3::xxh3_64;

/// The tag of an answer that is put together from fragments. Each fragment was hashed when it was encoded, so a tag costs
/// a multiplication a fragment, however long the answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntityTag {
    state: u64,
}

/// How long the text of a tag is, quotes included.
pub const TAG_LENGTH: usize = 18;

/// An odd number of well-mixed bits (the fraction of the golden ratio).
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

impl EntityTag {
    /// The tag of an answer of this kind, to which nothing was added yet. Kinds tell compact from indented texts.
    pub fn new(kind: &str) -> Self {
        Self {
            state: fingerprint(kind.as_bytes()),
        }
    }

    /// Adds the fingerprint of the next fragment; the order counts.
    #[inline]
    pub fn add(&mut self, fingerprint: u64) {
        let product = u128::from(self.state ^ fingerprint) * u128::from(MULTIPLIER);
        self.state = (product as u64) ^ ((product >> 64) as u64).rotate_left(32);
    }

    /// All bits of the tag.
    pub fn bits(self) -> u64 {
        self.state
    }

    /// The tag of these bits, as 16 hexadecimal digits.
    pub fn from_digits(digits: &str) -> Option<Self> {
        let state = u64::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 16)?;
        Some(Self { state })
    }

    /// The tag as it stands in the header.
    pub fn text(self) -> [u8; TAG_LENGTH] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'"'; TAG_LENGTH];
        for (index, digit) in text[1..TAG_LENGTH - 1].iter_mut().enumerate() {
            *digit = DIGITS[(self.state >> (60 - 4 * index)) as usize & 0xf];
        }
        text
    }

    /// Whether an `If-None-Match` header names this tag: alone, in a list, weak, or as `*`.
    pub fn matches(self, if_none_match: &[u8]) -> bool {
        let tag = self.text();
        if_none_match
            .split(|byte| *byte == b',')
            .map(<[u8]>::trim_ascii)
            .any(|candidate| candidate == b"*" || candidate.strip_prefix(b"W/").unwrap_or(candidate) == tag)
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{:016x}\"", self.state)
    }
}

/// The fingerprint of a fragment (XXH3, 64 bits).
pub fn fingerprint(fragment: &[u8]) -> u64 {
    xxh3_64(fragment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(fragments: &[&str]) -> EntityTag {
        let mut tag = EntityTag::new("test");
        for fragment in fragments {
            tag.add(fingerprint(fragment.as_bytes()));
        }
        tag
    }

    #[test]
    fn content_and_order_decide() {
        assert_eq!(tag(&["a", "b"]), tag(&["a", "b"]));
        let others = [
            tag(&[]),
            tag(&["a"]),
            tag(&["b", "a"]),
            tag(&["ab"]),
            tag(&["a", "b", "b"]),
        ];
        for (index, other) in others.iter().enumerate() {
            assert_ne!(*other, tag(&["a", "b"]));
            assert!(others[index + 1..].iter().all(|later| later != other));
        }
    }

    #[test]
    fn if_none_match_is_read_in_all_its_forms() {
        let tag = tag(&["a"]);
        let text = String::from_utf8(tag.text().to_vec()).unwrap();
        assert_eq!(text, tag.to_string());
        for (header, matches) in [
            (text.clone(), true),
            (format!("W/{text}"), true),
            (format!("\"x\", {text}"), true),
            (format!("\"x\",W/{text} "), true),
            ("*".to_owned(), true),
            (text.trim_matches('"').to_owned(), false),
            ("\"x\"".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(tag.matches(header.as_bytes()), matches, "{header}");
        }
    }
}
