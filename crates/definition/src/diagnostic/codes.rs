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
    NotAMap = "not-a-map", Error;
    /// One flag key is written twice. The last good set stays.
    DuplicateFlag = "duplicate-flag", Error;
}
