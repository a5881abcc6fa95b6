//! Comparing texts without regard to case, as Go lowers them: rune by rune, without allocating.

use std::cmp::Ordering;

/// A rune in lower case as Go's `unicode.ToLower` has it: simple mappings only, so that `İ` becomes `i` and `Σ` always `σ`.
fn lower(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    if character == 'İ' {
        return 'i';
    }
    let mut lowered = character.to_lowercase();
    match (lowered.next(), lowered.next()) {
        (Some(lowered), None) => lowered,
        _ => character,
    }
}

/// The text in lower case, for literals.
pub(super) fn lowered(text: &str) -> Box<str> {
    text.chars().map(lower).collect()
}

/// Orders a text, lowered on the way, and a lowered one by their bytes.
pub(super) fn compare(text: &str, lowered: &str) -> Ordering {
    if text.is_ascii() && lowered.is_ascii() {
        let folded = text.bytes().map(|byte| byte.to_ascii_lowercase());
        return folded.cmp(lowered.bytes());
    }
    // the order of UTF-8 bytes is the order of code points
    text.chars().map(lower).cmp(lowered.chars())
}

/// Whether a text, lowered on the way, is the lowered one.
#[inline]
pub(super) fn equals(text: &str, lowered: &str) -> bool {
    agrees(text.as_bytes(), lowered) || (!text.is_ascii() && text.chars().map(lower).eq(lowered.chars()))
}

/// Whether a text, lowered on the way, begins with the lowered one.
pub(super) fn starts_with(text: &str, lowered: &str) -> bool {
    let head = text.as_bytes().get(..lowered.len());
    if head.is_some_and(|head| agrees(head, lowered)) {
        return true;
    }
    let mut text = text.chars().map(lower);
    lowered.chars().all(|wanted| text.next() == Some(wanted))
}

/// Whether a text, lowered on the way, ends with the lowered one.
pub(super) fn ends_with(text: &str, lowered: &str) -> bool {
    let tail = text.len().checked_sub(lowered.len()).map(|at| &text.as_bytes()[at..]);
    if tail.is_some_and(|tail| agrees(tail, lowered)) {
        return true;
    }
    let mut text = text.chars().rev().map(lower);
    lowered.chars().rev().all(|wanted| text.next() == Some(wanted))
}

/// Whether bytes are the lowered ones but for ASCII letters in upper case. Never wrong when it agrees: bytes beyond ASCII are
/// then those of runes in lower case, which stay what they are.
#[inline]
fn agrees(text: &[u8], lowered: &str) -> bool {
    // most texts are written as the literal is, which is cheaper to see
    text == lowered.as_bytes() || text.eq_ignore_ascii_case(lowered.as_bytes())
}

/// A text to be found inside others in time linear in their length, by the algorithm of Knuth, Morris and Pratt.
#[derive(Debug)]
pub(super) struct Needle {
    runes: Box<[char]>,
    /// How many runes are still matched when the one after the first n + 1 does not match.
    borders: Box<[u32]>,
}

impl Needle {
    pub(super) fn new(text: &str) -> Self {
        let runes: Box<[char]> = text.chars().map(lower).collect();
        let mut borders = vec![0; runes.len()];
        let mut matched = 0;
        for at in 1..runes.len() {
            while matched > 0 && runes[at] != runes[matched] {
                matched = borders[matched - 1] as usize;
            }
            matched += usize::from(runes[at] == runes[matched]);
            borders[at] = matched as u32;
        }
        Self {
            runes,
            borders: borders.into(),
        }
    }

    /// Whether a text, lowered on the way, contains it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let mut text = text.chars().map(lower);
        let mut matched = 0;
        while let Some(wanted) = self.runes.get(matched) {
            let Some(rune) = text.next() else { return false };
            if rune == *wanted {
                matched += 1;
                continue;
            }
            while matched > 0 && self.runes[matched] != rune {
                matched = self.borders[matched - 1] as usize;
            }
            matched += usize::from(self.runes[matched] == rune);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn special_letters_are_lowered_as_in_go() {
        for (letter, lowered) in [('İ', 'i'), ('K', 'k'), ('ẞ', 'ß'), ('Σ', 'σ'), ('É', 'é'), ('ß', 'ß')] {
            assert_eq!(lower(letter), lowered, "{letter}");
        }
    }

    #[test]
    fn lowering_twice_is_lowering_once() {
        for character in '\0'..=char::MAX {
            assert_eq!(lower(lower(character)), lower(character), "{character:?}");
        }
    }

    proptest! {
        #[test]
        fn folding_on_the_way_is_folding_beforehand(text in "[aAiIİkKKẞΣςσÉéß1]{0,6}", other in "[aAiIİkKKẞΣςσÉéß1]{0,3}") {
            let (folded, literal) = (lowered(&text), lowered(&other));
            prop_assert_eq!(compare(&text, &literal), folded.cmp(&literal));
            prop_assert_eq!(equals(&text, &literal), folded == literal);
            prop_assert_eq!(starts_with(&text, &literal), folded.starts_with(&*literal));
            prop_assert_eq!(ends_with(&text, &literal), folded.ends_with(&*literal));
            prop_assert_eq!(Needle::new(&other).is_in(&text), folded.contains(&*literal));
        }

        #[test]
        fn a_text_of_few_letters_is_found_where_it_is(text in "[abA]{0,30}", other in "[ab]{0,6}") {
            prop_assert_eq!(Needle::new(&other).is_in(&text), lowered(&text).contains(&other));
        }
    }
}
