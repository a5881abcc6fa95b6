//! Which files of many hold flags.

use globset::{GlobBuilder, GlobMatcher};

/// Files of flags at any depth, by their usual names.
pub(crate) const FLAG_FILES: &str = "**/*.{yaml,yml,json,toml}";

/// A pattern for paths with `/` between their names: `*` and `?` within a name, `**` for any names, `{a,b}` and `[abc]`.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(GlobMatcher);

impl Pattern {
    /// Reads a pattern; the error says what is wrong with it.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        glob.map(|glob| Self(glob.compile_matcher()))
            .map_err(|error| format!("is not a pattern like **/*.yaml: {}", error.kind()))
    }

    /// Whether a text is one, and not the path of a file.
    pub(crate) fn is_one(text: &str) -> bool {
        text.contains(['*', '?', '[', '{'])
    }

    /// Whether a path matches. Files and folders whose name begins with a dot are hidden: they never do.
    pub(crate) fn matches(&self, path: &str) -> bool {
        !path.split('/').any(|name| name.starts_with('.')) && self.0.is_match(path)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.glob() == other.0.glob()
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_paths() {
        for (pattern, path, expected) in [
            (FLAG_FILES, "a.yaml", true),
            (FLAG_FILES, "teams/checkout/a.yml", true),
            (FLAG_FILES, "README.md", false),
            (FLAG_FILES, ".github/workflow.yaml", false),
            (FLAG_FILES, "..data/a.yaml", false),
            ("*.yaml", "teams/a.yaml", false),
            ("teams/*/flags.json", "teams/a/flags.json", true),
            ("teams/*/flags.json", "teams/a/b/flags.json", false),
        ] {
            assert_eq!(
                Pattern::new(pattern).unwrap().matches(path),
                expected,
                "{pattern} {path}"
            );
        }
        let error = Pattern::new("a/[b").unwrap_err();
        assert!(error.starts_with("is not a pattern like **/*.yaml: "), "{error}");
    }
}
