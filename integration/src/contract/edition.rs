//! Flags of which one tells by its value which edition of them is served.

use anyhow::{Context, Result};
use flagstaff_flagset::FlagSet;
use serde_json::{Map, Value, json};

/// So much more do flags take than everything that a server says when there is nothing new. It cannot be compressed by much.
const PADDING: usize = 64 << 10;

/// The flag that tells.
pub(crate) const FLAG: &str = "banner";

/// Flags by their keys.
pub(crate) fn flags(edition: &str) -> Map<String, Value> {
    let mut random = fastrand::Rng::with_seed(11);
    let padding: String = std::iter::repeat_with(|| random.alphanumeric()).take(PADDING).collect();
    let banner = json!({
        "variations": {"shown": edition},
        "defaultRule": {"variation": "shown"},
        "metadata": {"padding": padding},
    });
    let checkout = json!({"variations": {"on": true, "off": false}, "defaultRule": {"variation": "on"}});
    Map::from_iter([(FLAG.to_owned(), banner), ("new-checkout".to_owned(), checkout)])
}

/// The same as a file, which is YAML and JSON.
pub(crate) fn document(edition: &str) -> String {
    Value::Object(flags(edition)).to_string()
}

/// A file that is neither.
pub(crate) const BROKEN_DOCUMENT: &str = "<html><body>bad gateway</body></html>";

/// A flag that cannot be served.
pub(crate) fn broken_flag() -> Value {
    json!({"variations": {"shown": "broken"}, "defaultRule": {"variation": "hidden"}})
}

/// The edition that a flag set serves, and how many flags.
pub(crate) fn served(set: &FlagSet) -> Result<(String, usize)> {
    let snapshot = set.snapshot();
    let (answer, _) = snapshot.configuration_answer();
    let answer: Value = serde_json::from_slice(answer).context("the configuration is JSON")?;
    let edition = answer["flags"][FLAG]["variations"]["shown"].as_str().unwrap_or("none");
    Ok((edition.to_owned(), snapshot.flags().len()))
}
