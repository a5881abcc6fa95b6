//! The table of codes: name, usual severity, and the page of the reference.

use super::Severity;

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal, $severity:ident;)*) => {
        /// Stable names of findings. The comments become `docs/diagnostics.md`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[doc = $doc])* $name,)* }

        impl Code {
            /// Every code, in the order of the reference page.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name that is printed and never changes.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// How bad it usually is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// What it means, an example and how to mend it (Markdown).
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc, "\n"),*),)* }
            }
        }
    };
}

codes! {
    // document

    /// The text is not a document of its format at all. The last good set stays.
    ///
    /// Example: a tab used for indentation in YAML, a missing brace in JSON.
    /// Mend: correct the text at the given place.
    Syntax = "syntax", Error;
    /// The document holds nothing: it is empty, all comments, or `null`. The last good set stays.
    ///
    /// GO Feature Flag takes an empty YAML file for a set without flags.
    /// Mend: write `{}` to mean a set without flags.
    EmptyDocument = "empty-document", Error;
    /// The document is not a map from flag keys to flags.
    ///
    /// Example: a list of flags, `- my-flag: {...}`.
    /// Mend: write each flag under its key, `my-flag: {...}`, at the top level.
    NotAMap = "not-a-map", Error;
    /// One flag key is written twice. The last good set stays.
    ///
    /// Mend: rename or remove one of the two.
    DuplicateFlag = "duplicate-flag", Error;
    /// The name of a flag is a list or an object, or nothing.
    ///
    /// Example: `[a, b]: {...}` in YAML.
    /// Mend: write a text as the flag's key.
    InvalidFlagKey = "invalid-flag-key", Error;
    /// The document is larger than 4 GiB, more than positions can count.
    ///
    /// Mend: split the flags over several files.
    DocumentTooLarge = "document-too-large", Error;

    // decoding

    /// Lists and objects are nested more than 128 levels deep.
    ///
    /// Mend: flatten the value, or keep it as a text that the application decodes.
    TooDeep = "too-deep", Error;
    /// YAML aliases would blow the document up: together they copy more than a million values.
    ///
    /// Example: a list of aliases of lists of aliases, known as "billion laughs".
    /// Mend: write out what is meant, or alias smaller pieces.
    TooManyAliases = "too-many-aliases", Error;
    /// A field, a name or a key is written twice inside one flag.
    ///
    /// Example: two `defaultRule` entries. GO Feature Flag refuses the whole YAML file, and merges the two in JSON.
    /// Mend: keep one of them.
    DuplicateField = "duplicate-field", Error;
    /// A value is of the wrong type for its field.
    ///
    /// Example: `percentage: {a: "50"}`, `disable: "true"`.
    /// Mend: write the type that the message names. GO Feature Flag refuses the whole file for it.
    WrongType = "wrong-type", Error;
    /// A date cannot be read.
    ///
    /// Example: `"2024-05-01"` in quotes, or a date without a time zone.
    /// Mend: write RFC 3339, like `2024-05-01T00:00:00Z`.
    InvalidDate = "invalid-date", Error;
    /// A number is not finite (`.nan`, `.inf`) or too large for a 64-bit float.
    ///
    /// GO Feature Flag loads such a flag and then fails on every answer that holds it.
    /// Mend: write a finite number, or a text.
    InvalidNumber = "invalid-number", Error;
    /// A YAML tag does not fit what it stands before, or is unknown.
    ///
    /// Example: `!!int abc`, `!secret x`.
    /// Mend: remove the tag or correct the value.
    InvalidTag = "invalid-tag", Error;
    /// A YAML merge key `<<` does not name a map, or stands twice in one map.
    ///
    /// Mend: write `<<: *name` or `<<: [*first, *second]`, where the names are anchors of maps.
    InvalidMerge = "invalid-merge", Error;
    /// A field that no flag has. It is ignored.
    ///
    /// Example: `defaultrule` in YAML (names of fields are case-sensitive there), `rules` instead of `targeting`.
    /// Mend: correct the name as the hint says, or move free data under `metadata`.
    UnknownField = "unknown-field", Warning;
    /// A field that is known and does nothing where it stands.
    ///
    /// Example: `converter` (for old flag files), `scheduledRollout` inside a scheduled step.
    /// Mend: remove it.
    IgnoredField = "ignored-field", Warning;
    /// Something without a name or a value that GO Feature Flag drops silently, and so does Flagstaff.
    ///
    /// Example: an empty element in `targeting`, a variation whose name is `null`.
    /// Mend: remove it, or write what is missing (a name `null` needs quotes).
    DroppedNull = "dropped-null", Warning;

    // query

    // validation

    // differences: answers that are not GO Feature Flag's, on purpose

    /// A native date in a value. It is the text of the date in RFC 3339 on every endpoint.
    ///
    /// Example: the variation `2021-05-06` without quotes in YAML is `"2021-05-06T00:00:00Z"`. GO Feature Flag answers a
    /// variation like this with `TYPE_MISMATCH` in bulk evaluations.
    /// Mend: put quotes around it to mean the text as it is written.
    NativeDate = "native-date", Info;
    /// A key of a YAML map inside a value is not a text (`1`, `true`, `null`). It becomes its text.
    ///
    /// GO Feature Flag cannot encode such a map as JSON, and fails every answer that holds it.
    /// Mend: put quotes around the key.
    GeneralMapKey = "general-map-key", Info;
    /// A whole number in TOML, or one above the range of signed 64-bit integers in YAML, as a variation's value.
    ///
    /// It is an exact number on every endpoint. GO Feature Flag answers it with `TYPE_MISMATCH` in bulk evaluations.
    /// Mend: nothing to do; write it with a fraction (`1.0`) where GO Feature Flag reads the file too.
    WideInteger = "wide-integer", Info;
}
