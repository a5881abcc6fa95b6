//! Lists of values of one type.

use std::sync::Arc;

use super::ast::Literal;

/// A list that is being read.
#[derive(Debug, Default)]
pub(super) struct ListBuilder {
    entries: Entries,
    /// An entry that 64 bits cannot hold.
    oversized: Option<Box<str>>,
}

#[derive(Debug, Default)]
enum Entries {
    #[default]
    None,
    Integers(Vec<i64>),
    Doubles(Vec<f64>),
    Strings(Vec<Arc<str>>),
}

impl ListBuilder {
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.entries, Entries::None)
    }

    /// Adds an entry; otherwise says why it cannot stand here, and what to do.
    pub(super) fn push(&mut self, entry: Literal) -> Result<(), (&'static str, &'static str)> {
        match (&mut self.entries, entry) {
            (Entries::None, Literal::Integer(number)) => self.entries = Entries::Integers(vec![number]),
            (Entries::None, Literal::Double(number)) => {
                self.entries = Entries::Doubles(Vec::new());
                self.push_double(number);
            }
            (Entries::None, Literal::String(text)) => self.entries = Entries::Strings(vec![text]),
            (Entries::None, Literal::Oversized(text)) => {
                self.entries = Entries::Integers(Vec::new());
                self.oversized = Some(text);
            }
            (Entries::Integers(entries), Literal::Integer(number)) => entries.push(number),
            (Entries::Integers(_), Literal::Oversized(text)) => self.oversized = Some(text),
            (Entries::Doubles(_), Literal::Double(number)) => self.push_double(number),
            (Entries::Strings(entries), Literal::String(text)) => entries.push(text),
            (_, Literal::Version(_)) => {
                return Err((
                    "a list cannot hold a version",
                    "put quotes around it to mean the text, or compare with `eq` and `or`",
                ));
            }
            (
                Entries::Integers(_) | Entries::Doubles(_),
                Literal::Integer(_) | Literal::Double(_) | Literal::Oversized(_),
            ) => {
                return Err((
                    "a list holds either whole numbers or numbers with a fraction",
                    "write all of them with a fraction, like 2.0",
                ));
            }
            _ => {
                return Err((
                    "the entries of a list are of one type",
                    "write all of them as texts in double quotes, or all as numbers",
                ));
            }
        }
        Ok(())
    }

    fn push_double(&mut self, number: f64) {
        match &mut self.entries {
            Entries::Doubles(entries) if number.is_finite() => entries.push(number),
            _ => self.oversized = Some(if number < 0.0 { "-1.0e999" } else { "1.0e999" }.into()),
        }
    }

    /// The list that was read, which has at least one entry.
    pub(super) fn finish(self) -> Literal {
        match (self.oversized, self.entries) {
            (Some(text), _) => Literal::Oversized(text),
            (None, Entries::None) => Literal::Null,
            (None, Entries::Integers(entries)) => Literal::Integers(entries),
            (None, Entries::Doubles(entries)) => Literal::Doubles(entries),
            (None, Entries::Strings(entries)) => Literal::Strings(entries),
        }
    }
}
