//! Line and column of a byte.

use crate::span::Span;

/// Finds lines and columns in a text, in constant time whatever the length of its lines.
#[derive(Debug)]
pub(crate) struct Lines<'t> {
    text: &'t str,
    /// Where each line begins.
    starts: Vec<u32>,
    /// Characters before each block of [`BLOCK`] bytes; empty when the text is ASCII.
    characters: Vec<u32>,
}

/// Bytes that are counted at most for one lookup.
const BLOCK: usize = 512;

impl<'t> Lines<'t> {
    /// Goes through the text once. It is shorter than 4 GiB.
    pub(crate) fn new(text: &'t str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1));
        let mut characters = Vec::new();
        if !text.is_ascii() {
            let mut sum = 0;
            for block in text.as_bytes().chunks(BLOCK) {
                characters.push(sum);
                sum += count_characters(block);
            }
        }
        Self {
            text,
            starts,
            characters,
        }
    }

    /// The span of the bytes `start..end`.
    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        let line = self.starts.partition_point(|first| *first as usize <= start);
        let first = self.starts[line - 1] as usize;
        Span {
            start: start as u32,
            end: end as u32,
            line: line as u32,
            column: self.characters_before(start) - self.characters_before(first) + 1,
        }
    }

    fn characters_before(&self, byte: usize) -> u32 {
        let block = byte / BLOCK;
        match self.characters.get(block) {
            Some(sum) => sum + count_characters(&self.text.as_bytes()[block * BLOCK..byte]),
            None if self.characters.is_empty() => byte as u32,
            None => self.characters[block - 1] + count_characters(&self.text.as_bytes()[(block - 1) * BLOCK..byte]),
        }
    }
}

fn count_characters(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|byte| (**byte as i8) >= -0x40).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_not_bytes() {
        let text = format!("é: 1\n{}x\n", "日".repeat(1000));
        let lines = Lines::new(&text);
        let place = |byte| {
            let span = lines.span(byte, byte);
            (span.line, span.column)
        };
        assert_eq!(place(0), (1, 1));
        assert_eq!(place(2), (1, 2));
        assert_eq!(place(text.find('x').unwrap()), (2, 1001));
        assert_eq!(place(text.len()), (3, 1));
        assert_eq!(
            Lines::new("").span(0, 0),
            Span {
                start: 0,
                end: 0,
                line: 1,
                column: 1
            }
        );
    }
}
