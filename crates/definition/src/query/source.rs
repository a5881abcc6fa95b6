//! The text of a query as GO Feature Flag sees it, and where each byte of it was written.

use std::borrow::Cow;

use super::ast::Place;

/// A query's text with its lines joined: the leading spaces of every line are gone, and so are the line breaks.
#[derive(Debug)]
pub(super) struct Source<'t> {
    pub(super) joined: Cow<'t, str>,
    /// Where lines begin, ascending; the first one only when spaces before it are gone.
    breaks: Vec<Break>,
}

/// The beginning of a line.
#[derive(Debug, Clone, Copy)]
struct Break {
    /// Offset into the joined text.
    joined: usize,
    /// Offset into the text as it was written.
    written: usize,
}

impl<'t> Source<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        if !text.contains('\n') && !text.starts_with(' ') {
            return Self {
                joined: Cow::Borrowed(text),
                breaks: Vec::new(),
            };
        }
        let mut joined = String::with_capacity(text.len());
        let mut breaks = Vec::new();
        let mut written = 0;
        for line in text.split('\n') {
            let bare = line.trim_start_matches(' ');
            breaks.push(Break {
                joined: joined.len(),
                written: written + line.len() - bare.len(),
            });
            joined.push_str(bare);
            written += line.len() + 1;
        }
        Self {
            joined: Cow::Owned(joined),
            breaks,
        }
    }

    /// Whether the text has more than one line.
    pub(super) fn has_line_breaks(&self) -> bool {
        self.breaks.len() > 1
    }

    /// The first place after `offset` where a line begins, or the end of the text.
    pub(super) fn next_line(&self, offset: usize) -> usize {
        let next = self.breaks.partition_point(|line| line.joined <= offset);
        self.breaks.get(next).map_or(self.joined.len(), |line| line.joined)
    }

    /// Whether a line begins strictly inside a range of the joined text.
    pub(super) fn is_broken(&self, start: usize, end: usize) -> bool {
        self.next_line(start) < end
    }

    /// Where a range of the joined text was written.
    pub(super) fn place(&self, start: usize, end: usize) -> Place {
        let first = self.written(start);
        let last = if end > start { self.written(end - 1) + 1 } else { first };
        Place {
            start: first as u32,
            end: last as u32,
        }
    }

    fn written(&self, offset: usize) -> usize {
        let lines = self.breaks.partition_point(|line| line.joined <= offset);
        match lines.checked_sub(1).map(|last| self.breaks[last]) {
            Some(line) => line.written + (offset - line.joined),
            None => offset,
        }
    }
}
