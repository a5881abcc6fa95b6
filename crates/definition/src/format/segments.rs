//! Which byte of a file each piece of an unescaped, folded or outdented text comes from.

use crate::span::{Segment, Span};

/// How a scalar writes its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notation {
    /// YAML, double quotes: escapes, lines are folded.
    YamlDouble,
    /// YAML, single quotes: a quote is doubled, lines are folded.
    YamlSingle,
    /// YAML, a plain scalar over several lines or a block: only the indentation and the line breaks differ.
    YamlLines,
    /// TOML, double quotes: escapes.
    TomlBasic,
    /// TOML, single quotes.
    TomlLiteral,
}

/// Pairs `text` with `raw`, what stands between the quotes (or, for [`Notation::YamlLines`], the lines), which begins at
/// `start`. Empty when the two do not fit: then only the place of the whole scalar is known.
pub(super) fn align(text: &str, raw: &str, notation: Notation, start: Span) -> Box<[Segment]> {
    let mut aligner = Aligner {
        raw,
        at: 0,
        line: start.line,
        column: start.column,
        start: start.start,
        segments: Vec::new(),
    };
    let fits = match notation {
        Notation::YamlLines => aligner.lines(text),
        _ => aligner.quoted(text, notation),
    };
    if fits { aligner.segments.into() } else { Box::default() }
}

struct Aligner<'r> {
    raw: &'r str,
    /// How far line and column have been counted.
    at: usize,
    line: u32,
    column: u32,
    start: u32,
    segments: Vec<Segment>,
}

impl Aligner<'_> {
    fn lines(&mut self, text: &str) -> bool {
        let (mut found, mut at) = (0, 0);
        for line in self.raw.split_inclusive('\n') {
            let content = line.trim_matches(['\n', '\r']).trim_start_matches([' ', '\t']);
            let first = at + (line.len() - line.trim_start_matches([' ', '\t']).len());
            at += line.len();
            if content.trim_end().is_empty() {
                continue;
            }
            found += text[found..].len() - text[found..].trim_start_matches([' ', '\n', '\t']).len();
            // A plain scalar drops blanks at the end of a line, a block keeps them.
            let Some(content) = [content, content.trim_end()]
                .into_iter()
                .find(|content| text[found..].starts_with(content))
            else {
                return false;
            };
            self.push(found, first);
            found += content.len();
        }
        text[found..].trim_start_matches([' ', '\n', '\t']).is_empty()
    }

    fn quoted(&mut self, text: &str, notation: Notation) -> bool {
        let raw = self.raw;
        let folds = matches!(notation, Notation::YamlDouble | Notation::YamlSingle);
        let escapes = matches!(notation, Notation::YamlDouble | Notation::TomlBasic);
        let (mut found, mut at, mut fresh) = (0, 0, true);
        if !folds {
            at = if raw.starts_with("\r\n") {
                2
            } else {
                usize::from(raw.starts_with('\n'))
            };
        }
        while let Some(next) = raw[at..].chars().next() {
            if escapes && next == '\\' {
                let blank = blanks(&raw[at + 1..]);
                let breaks = raw[at + 1..at + 1 + blank].matches('\n').count();
                if breaks > 0 {
                    // The line break is escaped; more of them after it count in YAML.
                    found += if folds { breaks - 1 } else { 0 };
                    at += 1 + blank;
                } else {
                    let Some(decoded) = text.get(found..).and_then(|rest| rest.chars().next()) else {
                        return false;
                    };
                    self.push(found, at);
                    found += decoded.len_utf8();
                    at += length_of_escape(&raw[at..]);
                }
                fresh = true;
            } else {
                let blank = blanks(&raw[at..]);
                let breaks = raw[at..at + blank].matches('\n').count();
                if folds && breaks > 0 {
                    found += if breaks == 1 { 1 } else { breaks - 1 };
                    at += blank;
                    fresh = true;
                    continue;
                }
                let piece = &raw[at..at + blank.max(next.len_utf8())];
                if !text.get(found..).is_some_and(|rest| rest.starts_with(piece)) {
                    return false;
                }
                if fresh {
                    self.push(found, at);
                    fresh = false;
                }
                found += piece.len();
                at += piece.len();
                if notation == Notation::YamlSingle && next == '\'' {
                    at += 1;
                    fresh = true;
                }
            }
            if found > text.len() || !text.is_char_boundary(found) || at > raw.len() || !raw.is_char_boundary(at) {
                return false;
            }
        }
        found == text.len()
    }

    fn push(&mut self, offset: usize, at: usize) {
        for skipped in self.raw[self.at..at].chars() {
            if skipped == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.at = at;
        self.segments.push(Segment {
            offset: offset as u32,
            start: self.start + at as u32,
            line: self.line,
            column: self.column,
        });
    }
}

/// How many bytes of blanks and line breaks `raw` begins with.
fn blanks(raw: &str) -> usize {
    raw.len() - raw.trim_start_matches([' ', '\t', '\r', '\n']).len()
}

/// How many bytes the escape at the beginning of `raw` takes.
fn length_of_escape(raw: &str) -> usize {
    match raw.as_bytes().get(1) {
        Some(b'x') => 4,
        Some(b'u') if raw[2..].starts_with(['d', 'D']) && raw.get(6..).is_some_and(|rest| rest.starts_with("\\u")) => {
            12
        }
        Some(b'u') => 6,
        Some(b'U') => 10,
        _ => 1 + raw[1..].chars().next().map_or(0, char::len_utf8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_are_aligned_in_one_go() {
        let run = " ".repeat(4_000_000);
        let start = Span {
            start: 1,
            end: 1,
            line: 1,
            column: 2,
        };
        let segments = align(
            &format!("a{run}\tb"),
            &format!("a{run}\\tb"),
            Notation::YamlDouble,
            start,
        );
        let offsets: Vec<_> = segments.iter().map(|segment| (segment.offset, segment.start)).collect();
        assert_eq!(offsets, [(0, 1), (4_000_001, 4_000_002), (4_000_002, 4_000_004)]);
    }

    #[test]
    fn what_does_not_fit_has_no_segments() {
        let start = Span {
            start: 0,
            end: 0,
            line: 1,
            column: 1,
        };
        for notation in [
            Notation::YamlDouble,
            Notation::YamlSingle,
            Notation::YamlLines,
            Notation::TomlBasic,
            Notation::TomlLiteral,
        ] {
            assert!(align("other", "text\\x", notation, start).is_empty());
        }
    }
}
