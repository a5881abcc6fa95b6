//! Two readers of Parquet that others wrote.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::execution::output;
use crate::package::{Installed, Package, Recipe};

pub(crate) const PACKAGE: Package = Package {
    name: "parquet-readers",
    version: "1",
    recipe: Recipe::Pypi(&["pyarrow==25.0.0", "duckdb==1.5.5"]),
    minutes: 0,
};

/// The rows of all files in a folder.
pub(crate) fn rows(installed: &Installed, folder: &Path) -> Result<Vec<Value>> {
    let script = include_str!("parquet.py");
    let printed = output(installed.script(script).arg(folder))?;
    let rows = printed.lines().map(serde_json::from_str);
    Ok(rows.collect::<Result<_, _>>()?)
}
