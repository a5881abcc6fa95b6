//! Where something stands in a text.

use std::sync::Arc;

/// A range of a source text, with the place of its first character.
///
/// All four numbers are relative to the entry they belong to (see [`crate::document::Entry`]): an unchanged flag keeps its
/// spans when the lines above it move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Line of the first byte, from 1.
    pub line: u32,
    /// Column of the first byte in characters, from 1.
    pub column: u32,
}

/// Where an entry begins in its file; turns relative spans into absolute ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Base {
    /// Bytes before the entry.
    pub bytes: u32,
    /// Lines before the entry.
    pub lines: u32,
    /// Characters before the entry on its first line.
    pub columns: u32,
}

impl Span {
    /// The same range, counted from the beginning of the file.
    pub fn absolute(self, base: Base) -> Self {
        Self {
            start: self.start + base.bytes,
            end: self.end + base.bytes,
            line: self.line + base.lines,
            column: if self.line == 1 {
                self.column + base.columns
            } else {
                self.column
            },
        }
    }

    /// The inverse of [`Span::absolute`], for a span that does not begin before the base.
    pub fn relative(self, base: Base) -> Self {
        let line = self.line.saturating_sub(base.lines);
        Self {
            start: self.start.saturating_sub(base.bytes),
            end: self.end.saturating_sub(base.bytes),
            line,
            column: if line == 1 {
                self.column.saturating_sub(base.columns)
            } else {
                self.column
            },
        }
    }

    /// Where an entry begins whose first character is this span's.
    pub fn base(self) -> Base {
        Base {
            bytes: self.start,
            lines: self.line - 1,
            columns: self.column - 1,
        }
    }
}

/// A value and where it was written. Two are equal when their values are, wherever they stand.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spanned<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Pairs a value with its place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// A text that is itself parsed (a query), able to say where each of its bytes was written.
#[derive(Debug, Clone, Default)]
pub struct Text {
    /// The decoded text.
    pub value: Arc<str>,
    /// The whole scalar in the file, quotes included.
    pub span: Span,
    /// Where pieces of `value` come from, ascending by offset; empty when only the scalar's own place is known.
    pub segments: Box<[Segment]>,
}

/// From this offset of a [`Text`] on, until the next segment, bytes stand side by side in the file from this place on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Byte offset into [`Text::value`].
    pub offset: u32,
    /// Byte in the file (relative to the entry, like a [`Span`]).
    pub start: u32,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Text {
    /// A text without a file behind it: positions count from its own beginning.
    pub fn plain(value: impl Into<Arc<str>>) -> Self {
        let value = value.into();
        let end = u32::try_from(value.len()).unwrap_or(u32::MAX);
        let segments = Box::new([Segment {
            offset: 0,
            start: 0,
            line: 1,
            column: 1,
        }]);
        Self {
            value,
            span: Span {
                start: 0,
                end,
                line: 1,
                column: 1,
            },
            segments,
        }
    }

    /// Where the bytes `start..end` of the text were written (`start <= end`, clamped to the text).
    pub fn locate(&self, start: usize, end: usize) -> Span {
        let Some(segment) = self
            .segments
            .iter()
            .rev()
            .find(|segment| segment.offset as usize <= start)
        else {
            return self.span;
        };
        let start = start.min(self.value.len());
        let end = end.clamp(start, self.value.len());
        let before = self.value.get(segment.offset as usize..start).unwrap_or("");
        let newlines = before.matches('\n').count();
        let (line, column) = match before.rsplit_once('\n') {
            Some((_, last)) => (segment.line as usize + newlines, last.chars().count() + 1),
            None => (segment.line as usize, segment.column as usize + before.chars().count()),
        };
        let first = segment.start as usize + (start - segment.offset as usize);
        Span {
            start: first as u32,
            end: (first + (end - start)) as u32,
            line: line as u32,
            column: column as u32,
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}
