//! MongoDB's client in Python.

use anyhow::Result;
use serde_json::{Map, Value};

use crate::execution::answer;
use crate::package::{Installed, Package, Recipe};

pub(crate) const PACKAGE: Package = Package {
    name: "pymongo",
    version: "4.20.0",
    recipe: Recipe::Pypi(&["pymongo==4.20.0"]),
    minutes: 0,
};

/// Writes documents, by their member `flag`.
pub(crate) fn put(
    installed: &Installed,
    uri: &str,
    (database, collection): (&str, &str),
    flags: Map<String, Value>,
) -> Result<()> {
    let script = include_str!("pymongo.py");
    let mut command = installed.script(script);
    answer(
        command.args([uri, database, collection]),
        &Value::Object(flags).to_string(),
    )
    .map(drop)
}
