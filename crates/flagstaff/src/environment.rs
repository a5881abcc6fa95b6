//! The environment of the process, read here and passed on.

/// Every variable whose name and value are text.
#[expect(clippy::disallowed_methods, reason = "the binary is where the environment comes in")]
pub(crate) fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
