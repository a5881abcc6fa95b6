//! Collects the entries of a document, sharing those of the document before.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use xxhash_rust::xxh3::{Xxh3, xxh3_128_with_seed};

use crate::decode;
use crate::diagnostic::{Code, Diagnostic};
use crate::format::json::Reader;
use crate::format::lines::Lines;
use crate::format::{Format, toml, yaml};
use crate::span::{Base, Span};
use crate::tree::{Kind, Member, Node, Resolved, Scalar};

use super::{Document, Entry, ParsedFlag, RESERVED_KEY, split};

/// Seed of the hashes of source text, apart from those of trees.
const OF_TEXT: u64 = 1;

/// The entries found so far.
pub(super) struct Entries<'p> {
    format: Format,
    previous: HashMap<u128, &'p Entry, RandomState>,
    entries: Vec<Entry>,
    /// Where each key was written first.
    keys: HashMap<Arc<str>, Span, RandomState>,
    errors: Vec<Diagnostic>,
}

impl<'p> Entries<'p> {
    pub(super) fn new(format: Format, previous: Option<&'p Document>) -> Self {
        let known = previous.map_or(&[][..], |document| &document.entries);
        Self {
            format,
            previous: known.iter().map(|entry| (entry.fingerprint, entry)).collect(),
            entries: Vec::with_capacity(known.len()),
            keys: HashMap::with_capacity_and_hasher(known.len(), RandomState::default()),
            errors: Vec::new(),
        }
    }

    pub(super) fn yaml(mut self, text: &str) -> Result<Document, Vec<Diagnostic>> {
        if let Some(chunks) = split::yaml_entries(text) {
            if self.chunks(text, &chunks).is_some() {
                return self.finish();
            }
            self.entries.clear();
            self.keys.clear();
            self.errors.clear();
        }
        self.whole_yaml(text)
    }

    /// Reads YAML of any shape, and finds the place of a syntax error.
    pub(super) fn whole_yaml(self, text: &str) -> Result<Document, Vec<Diagnostic>> {
        match yaml::parse(text) {
            Ok(Some(root)) => self.tree(root, text),
            Ok(None) => Err(vec![empty(text, self.format)]),
            Err(error) => Err(vec![*error]),
        }
    }

    pub(super) fn toml(self, text: &str) -> Result<Document, Vec<Diagnostic>> {
        let root = toml::parse(text)?;
        match &root.kind {
            Kind::Map(members) if members.is_empty() => Err(vec![empty(text, self.format)]),
            _ => self.tree(root, text),
        }
    }

    pub(super) fn json(mut self, text: &str) -> Result<Document, Vec<Diagnostic>> {
        let lines = Lines::new(text);
        let mut reader = Reader::new(text, &lines);
        match self.object(&mut reader, text) {
            Ok(()) if reader.offset() == text.len() => self.finish(),
            Ok(()) => Err(vec![reader.unexpected("the end of the file")]),
            Err(error) => Err(vec![*error]),
        }
    }

    /// The members of a JSON document. Each value is measured before it is read, so that an unchanged one need not be read.
    fn object(&mut self, reader: &mut Reader<'_>, text: &str) -> Result<(), Box<Diagnostic>> {
        if reader.offset() == text.len() {
            return Err(Box::new(empty(text, self.format)));
        }
        if !reader.take(b'{') {
            let root = reader.value(0)?;
            return Err(Box::new(if root.is_null() {
                empty(text, self.format)
            } else {
                not_a_map(&root)
            }));
        }
        if reader.take(b'}') {
            return Ok(());
        }
        loop {
            let start = reader.offset();
            reader.seek(start, Base::default());
            let name = reader.name()?;
            let base = name.span.base();
            let value_start = reader.offset();
            let measured = reader
                .end_of_value()
                .map(|end| (end, xxh3_128_with_seed(&text.as_bytes()[start..end], OF_TEXT)));
            match measured {
                Some((end, fingerprint)) if self.share(fingerprint, base, name.span) => {
                    reader.seek(end, Base::default());
                }
                _ => {
                    reader.seek(value_start, base);
                    let value = reader.value(1)?;
                    let fingerprint = measured.map_or(0, |(_, fingerprint)| fingerprint);
                    let key = text_of(&name, text);
                    self.add(key, base, name.span, fingerprint, |format| decode::flag(&value, format));
                }
            }
            if reader.take(b'}') {
                return Ok(());
            }
            if !reader.take(b',') {
                return Err(Box::new(reader.unexpected("`,` or `}`")));
            }
        }
    }

    /// Reads entries that were cut apart; `None` when one of them is not an entry, so that the cut means nothing.
    fn chunks(&mut self, text: &str, chunks: &[split::Chunk]) -> Option<()> {
        for chunk in chunks {
            let source = &text[chunk.start..chunk.end];
            let base = Base {
                bytes: chunk.start as u32,
                lines: chunk.lines,
                columns: 0,
            };
            let fingerprint = xxh3_128_with_seed(source.as_bytes(), OF_TEXT);
            let place = Span {
                start: base.bytes,
                end: base.bytes,
                line: base.lines + 1,
                column: 1,
            };
            if self.share(fingerprint, base, place) {
                continue;
            }
            let Kind::Map(mut members) = yaml::parse(source).ok()??.kind else {
                return None;
            };
            let (member, rest) = (members.pop()?, members);
            if !rest.is_empty() || matches!(member.value.kind, Kind::Invalid(_)) {
                return None;
            }
            let Kind::Scalar(name) = &member.name.kind else {
                return None;
            };
            let place = member.name.span.absolute(base);
            self.add(&name.text, base, place, fingerprint, |format| flag(&member, format));
        }
        Some(())
    }

    /// Takes the entries of a document that was read as a whole.
    fn tree(mut self, root: Node, text: &str) -> Result<Document, Vec<Diagnostic>> {
        if root.is_null() {
            return Err(vec![empty(text, self.format)]);
        }
        let Kind::Map(members) = root.kind else {
            return Err(vec![not_a_map(&root)]);
        };
        for mut member in members {
            let place = member.name.span;
            let base = member.first_span().base();
            member.name.rebase(base);
            member.value.rebase(base);
            let mut hash = Xxh3::new();
            member.name.fingerprint(&mut hash);
            member.value.fingerprint(&mut hash);
            let fingerprint = hash.digest128();
            if !self.share(fingerprint, base, place) {
                let source = &text[place.start as usize..place.end as usize];
                let key = text_of(&member.name, source);
                self.add(key, base, place, fingerprint, |format| flag(&member, format));
            }
        }
        self.finish()
    }

    /// Takes an entry from the document before, if it has it.
    fn share(&mut self, fingerprint: u128, base: Base, place: Span) -> bool {
        // A key that is written twice is read again, for its exact place.
        let Some(entry) = self
            .previous
            .get(&fingerprint)
            .filter(|entry| !self.keys.contains_key(&entry.key))
        else {
            return false;
        };
        let entry = Entry {
            base,
            ..Entry::clone(entry)
        };
        self.push(entry, place);
        true
    }

    fn add(
        &mut self,
        key: &str,
        base: Base,
        place: Span,
        fingerprint: u128,
        decode: impl FnOnce(Format) -> ParsedFlag,
    ) {
        if key != RESERVED_KEY {
            let parsed = Arc::new(decode(self.format));
            self.push(
                Entry {
                    key: key.into(),
                    base,
                    parsed,
                    fingerprint,
                },
                place,
            );
        }
    }

    fn push(&mut self, entry: Entry, place: Span) {
        if let Some(first) = self.keys.get(&entry.key) {
            let message = format!("the flag {} is written twice, first in line {}", entry.key, first.line);
            let mut error = Diagnostic::new(Code::DuplicateFlag, message)
                .hint("rename or remove one of the two")
                .at(place);
            error.flag = Some(entry.key);
            self.errors.push(error);
            return;
        }
        self.keys.insert(Arc::clone(&entry.key), place);
        self.entries.push(entry);
    }

    fn finish(mut self) -> Result<Document, Vec<Diagnostic>> {
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        self.entries.shrink_to_fit();
        Ok(Document { entries: self.entries })
    }
}

/// Decodes a member of the document, whose name need not be a text in YAML.
fn flag(member: &Member, format: Format) -> ParsedFlag {
    let nameless = match &member.name.kind {
        Kind::Scalar(Scalar {
            resolved: Resolved::Null,
            ..
        }) => "null",
        Kind::Scalar(_) => return decode::flag(&member.value, format),
        Kind::List(_) => "a list",
        Kind::Map(_) => "an object",
        Kind::Invalid(_) => "not a text",
    };
    let error = Diagnostic::new(Code::InvalidFlagKey, format!("the key of the flag is {nameless}"))
        .hint("write a text as the flag's key, in quotes if need be")
        .at(member.name.span);
    ParsedFlag {
        definition: None,
        diagnostics: vec![error],
    }
}

/// The text of a key; of one that has none, as it stands in the file.
fn text_of<'t>(name: &'t Node, source: &'t str) -> &'t str {
    match &name.kind {
        Kind::Scalar(scalar) => &scalar.text,
        _ => source,
    }
}

fn empty(text: &str, format: Format) -> Diagnostic {
    let place = Span {
        start: 0,
        end: text.len() as u32,
        line: 1,
        column: 1,
    };
    let hint = match format {
        Format::Yaml | Format::Json => "write {} to mean a set without flags",
        Format::Toml => "write '$flagstaff' = {} to mean a set without flags",
    };
    Diagnostic::new(Code::EmptyDocument, "the file holds no flags")
        .hint(hint)
        .at(place)
}

fn not_a_map(root: &Node) -> Diagnostic {
    if let Kind::Invalid(found) = &root.kind {
        return Diagnostic::clone(found);
    }
    let found = decode::describe(root);
    Diagnostic::new(Code::NotAMap, format!("expected an object of flags, found {found}"))
        .hint("write each flag under its key at the top level")
        .at(root.span)
}
