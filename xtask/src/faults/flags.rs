//! The flags that a relay serves while something goes wrong.

use std::fmt::Write as _;

/// How many flags keep their value whatever happens.
pub(super) const STEADY: usize = 100;

/// The flag whose value shows which edition of the flags is served.
pub(super) const EDITED: &str = "edited";

/// What the keys of steady flags begin with.
const STEADY_PREFIX: &str = "steady-";

/// Key of a steady flag.
pub(super) fn key(number: usize) -> String {
    format!("{STEADY_PREFIX}{number:03}")
}

/// Whether this is the key of a steady flag.
pub(super) fn is_steady(key: &str) -> bool {
    key.starts_with(STEADY_PREFIX)
}

/// What a steady flag serves.
pub(super) fn value(number: usize) -> String {
    format!("value of {number}")
}

/// An edition of the flag file.
pub(super) fn file(edition: &str) -> String {
    let mut file = format!("{EDITED}:\n  variations: {{only: {edition}}}\n  defaultRule: {{variation: only}}\n");
    for number in 0..STEADY {
        let (key, value) = (key(number), value(number));
        let rules = match number % 3 {
            0 => "",
            1 => "  targeting:\n    - query: plan eq \"pro\"\n      variation: right\n",
            _ => "  targeting:\n    - query: plan eq \"pro\"\n      percentage: {right: 100, wrong: 0}\n",
        };
        let default = if rules.is_empty() { "right" } else { "wrong" };
        writeln!(
            file,
            "{key}:\n  variations:\n    right: {value}\n    wrong: other\n{rules}  defaultRule: {{variation: {default}}}"
        )
        .expect("a string can be written to");
    }
    file
}
