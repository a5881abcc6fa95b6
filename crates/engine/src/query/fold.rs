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
    if text.is_ascii() && lowered.is_ascii() {
        return text.len() == lowered.len() && text.eq_ignore_ascii_case(lowered);
    }
    text.chars().map(lower).eq(lowered.chars())
}

/// Whether a text, lowered on the way, begins with the lowered one.
pub(super) fn starts_with(text: &str, lowered: &str) -> bool {
    let mut text = text.chars().map(lower);
    lowered.chars().all(|wanted| text.next() == Some(wanted))
}

/// Whether a text, lowered on the way, ends with the lowered one.
pub(super) fn ends_with(text: &str, lowered: &str) -> bool {
    let mut text = text.chars().rev().map(lower);
    lowered.chars().rev().all(|wanted| text.next() == Some(wanted))
}

/// Whether a text, lowered on the way, contains the lowered one.
pub(super) fn contains(text: &str, lowered: &str) -> bool {
    let rest = |at: usize| &text[at..];
    lowered.is_empty() || text.char_indices().any(|(at, _)| starts_with(rest(at), lowered))
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

    proptest! {
        #[test]
        fn folding_on_the_way_is_folding_beforehand(text in "[aAbBİKẞΣÉß1]{0,6}", other in "[aAbBİKẞΣÉß1]{0,3}") {
            let (folded, literal) = (lowered(&text), lowered(&other));
            prop_assert_eq!(compare(&text, &literal), folded.cmp(&literal));
            prop_assert_eq!(equals(&text, &literal), folded == literal);
            prop_assert_eq!(starts_with(&text, &literal), folded.starts_with(&*literal));
            prop_assert_eq!(ends_with(&text, &literal), folded.ends_with(&*literal));
            prop_assert_eq!(contains(&text, &literal), folded.contains(&*literal));
        }
    }
}
