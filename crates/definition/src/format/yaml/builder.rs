//! From events to nodes: anchors, aliases, merge keys and tags.

use std::collections::HashMap;

use granit_parser::{Event, ScalarStyle, StructureStyle, Tag};

use crate::diagnostic::{Code, Diagnostic};
use crate::format::segments::{self, Notation};
use crate::format::{replace_invalid, too_deep};
use crate::span::Span;
use crate::tree::{Kind, MAX_DEPTH, Member, Node, Resolved, Scalar};

use super::scalar;

/// How many nodes aliases may copy in one document.
const MAX_COPIES: usize = 1_000_000;

/// Builds the tree of one document.
pub(super) struct Builder<'t> {
    text: &'t str,
    stack: Vec<Frame>,
    /// Lists and objects that are open below the deepest one that is kept.
    skipped: usize,
    anchors: HashMap<usize, Anchor, foldhash::fast::FixedState>,
    copies: usize,
    root: Option<Built>,
}

/// A list or an object that is still open.
struct Frame {
    content: Content,
    span: Span,
    block: bool,
    anchor: usize,
    size: usize,
    height: usize,
}

enum Content {
    List(Vec<Node>),
    Map {
        members: Vec<Member>,
        name: Option<(Node, bool)>,
        merged: Option<Box<Merged>>,
    },
}

/// The value of a merge key `<<`.
struct Merged {
    value: Node,
    name: Node,
    twice: bool,
}

enum Anchor {
    Open,
    Done(Built),
}

/// A node, how many nodes it is made of, and how deep it is.
#[derive(Clone)]
struct Built {
    node: Node,
    size: usize,
    height: usize,
    /// A plain scalar `<<`, which merges when it stands as a name.
    merge_key: bool,
}

impl<'t> Builder<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            stack: Vec::new(),
            skipped: 0,
            anchors: HashMap::default(),
            copies: 0,
            root: None,
        }
    }

    pub(super) fn event(&mut self, event: Event<'_>, place: &granit_parser::Span) {
        match event {
            Event::SequenceStart(style, anchor, _) => self.open(Content::List(Vec::new()), style, anchor, place),
            Event::MappingStart(style, anchor, _) => {
                self.open(
                    Content::Map {
                        members: Vec::new(),
                        name: None,
                        merged: None,
                    },
                    style,
                    anchor,
                    place,
                );
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(place),
            _ if self.skipped > 0 => {}
            Event::Scalar(text, style, anchor, tag) => {
                let mut span = span(place);
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    span = self.place_of_block(&text, span);
                }
                let merge_key = match tag.as_deref() {
                    Some(tag) => short_tag(tag) == Some("merge"),
                    None => style == ScalarStyle::Plain && text == "<<",
                };
                let node = Node {
                    kind: self.scalar(&text, style, tag.as_deref(), span),
                    span,
                };
                self.add(
                    anchor,
                    Built {
                        node,
                        size: 1,
                        height: 0,
                        merge_key,
                    },
                );
            }
            Event::Alias(anchor) => {
                let built = self.copy(anchor, span(place));
                self.add(0, built);
            }
            _ => {}
        }
    }

    /// Without the line breaks at its end. The parser gives an empty block the place of what follows; its name's is better.
    fn place_of_block(&self, text: &str, span: Span) -> Span {
        match self.stack.last() {
            Some(Frame {
                content: Content::Map {
                    name: Some((name, _)), ..
                },
                ..
            }) if text.is_empty() => name.span,
            Some(frame) if text.is_empty() => Span {
                end: frame.span.start,
                ..frame.span
            },
            _ => {
                let raw = self.text.get(span.start as usize..span.end as usize).unwrap_or("");
                Span {
                    end: span.start + raw.trim_end().len() as u32,
                    ..span
                }
            }
        }
    }

    pub(super) fn finish(self) -> Option<Node> {
        self.root.map(|root| root.node)
    }

    fn open(&mut self, content: Content, style: StructureStyle, anchor: usize, place: &granit_parser::Span) {
        let span = span(place);
        if self.skipped > 0 || self.stack.len() >= MAX_DEPTH {
            if self.skipped == 0 {
                self.add(anchor, Built::invalid(too_deep(span), span));
            }
            self.skipped += 1;
            return;
        }
        if anchor != 0 {
            self.anchors.insert(anchor, Anchor::Open);
        }
        self.stack.push(Frame {
            content,
            span,
            block: style == StructureStyle::Block,
            anchor,
            size: 1,
            height: 0,
        });
    }

    fn close(&mut self, place: &granit_parser::Span) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        let Some(frame) = self.stack.pop() else { return };
        let mut span = frame.span;
        let kind = match frame.content {
            Content::List(items) => {
                span.end = if frame.block {
                    items.last().map_or(span.end, |item| item.span.end)
                } else {
                    end(place)
                };
                Kind::List(items)
            }
            Content::Map {
                mut members, merged, ..
            } => {
                span.end = if frame.block {
                    members.last().map_or(span.end, |last| last.value.span.end)
                } else {
                    end(place)
                };
                if let Some(merged) = merged {
                    merge(&mut members, *merged);
                }
                Kind::Map(members)
            }
        };
        span.end = span.end.max(span.start);
        let node = Node { kind, span };
        self.add(
            frame.anchor,
            Built {
                node,
                size: frame.size,
                height: frame.height + 1,
                merge_key: false,
            },
        );
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, anchor: usize, built: Built) {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchor::Done(built.clone()));
        }
        let Some(parent) = self.stack.last_mut() else {
            self.root = Some(built);
            return;
        };
        parent.size += built.size;
        parent.height = parent.height.max(built.height);
        match &mut parent.content {
            Content::List(items) => items.push(built.node),
            Content::Map { members, name, merged } => match name.take() {
                None => *name = Some((built.node, built.merge_key)),
                Some((name, false)) => members.push(Member {
                    name,
                    value: built.node,
                }),
                Some((name, true)) => {
                    let twice = merged.is_some();
                    *merged = Some(Box::new(Merged {
                        value: built.node,
                        name,
                        twice,
                    }));
                }
            },
        }
    }

    /// What an alias stands for.
    fn copy(&mut self, anchor: usize, span: Span) -> Built {
        let invalid =
            |code, message: &str, hint: &str| Built::invalid(Diagnostic::new(code, message).hint(hint).at(span), span);
        match self.anchors.get(&anchor) {
            Some(Anchor::Done(built)) if built.height + self.stack.len() > MAX_DEPTH => {
                Built::invalid(too_deep(span), span)
            }
            Some(Anchor::Done(built)) => {
                self.copies += built.size;
                if self.copies > MAX_COPIES {
                    return invalid(
                        Code::TooManyAliases,
                        "the aliases of this file copy more than a million values",
                        "alias smaller pieces",
                    );
                }
                built.clone()
            }
            Some(Anchor::Open) => invalid(
                Code::InvalidAlias,
                "the anchor stands for a value that contains this alias",
                "write out what is meant",
            ),
            None => invalid(
                Code::InvalidAlias,
                "the alias has no anchor",
                "write `&name` before the value it stands for",
            ),
        }
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Kind {
        let quoted = style != ScalarStyle::Plain;
        let tag = tag.filter(|tag| !(tag.suffix() == "!" && tag.handle().is_empty()));
        let resolved = match tag.map(|tag| (tag, short_tag(tag))) {
            None if quoted => Resolved::String,
            None => scalar::resolve(text),
            Some((_, Some("binary"))) => {
                return match decode_base64(text) {
                    Some(text) => Kind::Scalar(Scalar {
                        text: text.into(),
                        resolved: Resolved::String,
                        segments: Box::default(),
                    }),
                    None => invalid_tag("the text after `!!binary` is not base64", span),
                };
            }
            Some((tag, name)) => match tagged(text, name) {
                Some(resolved) => resolved,
                None => return invalid_tag(&format!("`{}` does not fit `!!{}`", shorten(text), tag.suffix()), span),
            },
        };
        let mut scalar = Scalar::new(text, resolved);
        let raw = self.text.get(span.start as usize..span.end as usize).unwrap_or("");
        let notation = match style {
            ScalarStyle::Plain if raw.contains('\n') => Notation::YamlLines,
            ScalarStyle::SingleQuoted if raw.len() != text.len() + 2 || raw.contains('\n') => Notation::YamlSingle,
            ScalarStyle::DoubleQuoted if raw.len() != text.len() + 2 || raw.contains(['\\', '\n']) => {
                Notation::YamlDouble
            }
            // Its place begins where its first line does, after header and indentation.
            ScalarStyle::Literal | ScalarStyle::Folded => {
                scalar.segments = segments::align(text, raw, Notation::YamlLines, span);
                return Kind::Scalar(scalar);
            }
            _ => return Kind::Scalar(scalar),
        };
        let quotes = u32::from(notation != Notation::YamlLines);
        let body = raw.get(quotes as usize..raw.len() - quotes as usize).unwrap_or("");
        let start = Span {
            start: span.start + quotes,
            column: span.column + quotes,
            ..span
        };
        scalar.segments = segments::align(text, body, notation, start);
        Kind::Scalar(scalar)
    }
}

impl Built {
    fn invalid(diagnostic: Diagnostic, span: Span) -> Self {
        Self {
            node: Node {
                kind: Kind::Invalid(Box::new(diagnostic)),
                span,
            },
            size: 1,
            height: 0,
            merge_key: false,
        }
    }
}

/// Adds the members of the merged maps that the map does not write itself; of several maps the first one counts.
fn merge(members: &mut Vec<Member>, merged: Merged) {
    let Merged { value, name, twice } = merged;
    let span = name.span;
    let mut refuse = |message: &str| {
        let diagnostic = Diagnostic::new(Code::InvalidMerge, message)
            .hint("write `<<: *name` or `<<: [*first, *second]`")
            .at(span);
        let value = Node {
            kind: Kind::Invalid(Box::new(diagnostic)),
            span,
        };
        members.push(Member {
            name: name.clone(),
            value,
        });
    };
    if twice {
        return refuse("the merge key `<<` stands twice in one map");
    }
    let sources = match value.kind {
        Kind::List(items) => items,
        _ => vec![value],
    };
    if !sources.iter().all(|source| matches!(source.kind, Kind::Map(_))) {
        return refuse("the merge key `<<` stands for something that is not a map");
    }
    let mut known: std::collections::HashSet<Box<str>> = members
        .iter()
        .filter_map(|member| member.name_text().map(Into::into))
        .collect();
    for source in sources {
        let Kind::Map(added) = source.kind else { continue };
        let new: Vec<Member> = added
            .into_iter()
            .filter(|member| member.name_text().is_none_or(|name| !known.contains(name)))
            .collect();
        known.extend(new.iter().filter_map(|member| member.name_text().map(Into::into)));
        members.extend(new);
    }
}

/// What a tagged scalar is; `None` when the tag does not fit. Tags that yaml.v3 does not know make a text.
fn tagged(text: &str, tag: Option<&str>) -> Option<Resolved> {
    let resolved = match tag {
        Some("null" | "bool" | "int" | "float") => scalar::resolve(text),
        Some("timestamp") => return scalar::date(text).map(Resolved::Date),
        _ => return Some(Resolved::String),
    };
    match (tag, &resolved) {
        (Some("null"), Resolved::Null) | (Some("bool"), Resolved::Bool(_)) => Some(resolved),
        (Some("int"), Resolved::Int(_) | Resolved::UInt(_)) | (Some("float"), Resolved::Float(_)) => Some(resolved),
        (Some("float"), Resolved::Int(number)) => Some(Resolved::Float(*number as f64)),
        _ => None,
    }
}

/// The name of a tag of YAML's own, like `int` of `!!int`.
fn short_tag(tag: &Tag) -> Option<&str> {
    (tag.handle() == "tag:yaml.org,2002:").then(|| tag.suffix())
}

fn invalid_tag(message: &str, span: Span) -> Kind {
    Kind::Invalid(Box::new(
        Diagnostic::new(Code::InvalidTag, message)
            .hint("remove the tag or correct the value")
            .at(span),
    ))
}

fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Standard base64 with padding; line breaks are skipped, as in Go. Bytes that are not UTF-8 become U+FFFD.
fn decode_base64(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let (mut bits, mut count, mut padding) = (0u32, 0, 0);
    for byte in text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' if count % 4 >= 2 => {
                padding += 1;
                0
            }
            _ => return None,
        };
        if padding > 0 && byte != b'=' {
            return None;
        }
        bits = bits << 6 | u32::from(digit);
        count += 1;
        if count % 4 == 0 {
            bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
        }
    }
    if count % 4 != 0 || padding > 2 {
        return None;
    }
    bytes.truncate(bytes.len() - padding);
    Some(replace_invalid(&bytes))
}

fn span(place: &granit_parser::Span) -> Span {
    let start = place.start;
    Span {
        start: offset(&start),
        end: end(place),
        line: start.line() as u32,
        column: start.col() as u32 + 1,
    }
}

fn end(place: &granit_parser::Span) -> u32 {
    offset(&place.end)
}

fn offset(mark: &granit_parser::Marker) -> u32 {
    mark.byte_offset()
        .expect("a text that is read from memory has byte offsets") as u32
}
