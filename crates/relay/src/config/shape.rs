//! What each setting is: the one description of the file that decoding, environment variables and the reference read.

/// What a setting holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Integer,
    /// Text.
    Text,
    /// A duration like `1m30s`.
    Duration,
    /// A list of texts; a single one counts as a list.
    Texts,
    /// Names with a text each.
    TextMap,
    /// Names with lists of texts.
    TextsMap,
    /// Whatever is written.
    Free,
    /// An object with known names, in groups.
    Section(&'static [&'static [Field]]),
    /// A list of objects; a single one counts as a list.
    List(&'static [&'static [Field]]),
}

/// A setting of a section.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// Its names, the canonical one first.
    pub(super) names: &'static [&'static str],
    /// What it holds.
    pub(super) shape: Shape,
}
