//! The list of retrievers: one line each. An unknown kind is answered with the known ones.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::Retriever;
use crate::settings::{self, Settings, SettingsError};

/// A kind of retriever.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Name in the configuration.
    pub name: &'static str,
    /// Cargo feature that brings it.
    pub feature: &'static str,
    /// Properties that must be there, in the order in which they are missed.
    pub required: &'static [&'static str],
    /// Properties that may be there.
    pub optional: &'static [&'static str],
    constructor: Constructor,
}

/// What stands behind a kind.
#[derive(Debug, Clone, Copy)]
enum Constructor {
    Built(fn(Settings<'_>) -> Result<Arc<dyn Retriever>, SettingsError>),
    #[cfg_attr(all(feature = "file", feature = "http"), expect(dead_code, reason = "only smaller builds lack a kind"))]
    NotCompiled,
    NotBuilt,
}

/// Every kind, in the order in which they are shown.
pub const KINDS: &[Kind] = &[
    kind("file", "file", &["path"], &[], FILE),
    kind(
        "http",
        "http",
        &["url"],
        &["method", "body", "headers", "timeout", "clientCertPath", "clientKeyPath", "caCertPath"],
        HTTP,
    ),
    kind("github", "github", &["repositorySlug", "path"], &["branch", "token", "githubToken", "baseUrl", "timeout"], Constructor::NotBuilt),
    kind("gitlab", "gitlab", &["repositorySlug", "path"], &["branch", "token", "baseUrl", "timeout"], Constructor::NotBuilt),
    kind("bitbucket", "bitbucket", &["repositorySlug", "path"], &["branch", "token", "baseUrl", "timeout"], Constructor::NotBuilt),
    kind("s3", "s3", &["item", "bucket"], &[], Constructor::NotBuilt),
    kind("googleStorage", "gcs", &["object", "bucket"], &[], Constructor::NotBuilt),
    kind("configmap", "configmap", &["configmap", "namespace", "key"], &[], Constructor::NotBuilt),
    kind("mongodb", "mongodb", &["collection", "database", "uri"], &[], Constructor::NotBuilt),
    kind("redis", "redis", &["redisOptions.addr"], &["redisOptions", "redisPrefix", "options", "prefix"], Constructor::NotBuilt),
    kind("azureBlobStorage", "azure", &["accountName", "container", "object"], &["accountKey"], Constructor::NotBuilt),
    kind("postgresql", "postgresql", &["uri", "table"], &["columns"], Constructor::NotBuilt),
];

#[cfg(feature = "file")]
const FILE: Constructor = Constructor::Built(|settings| {
    Ok(Arc::new(crate::file::FileRetriever::new(crate::file::FileOptions::read(settings)?)))
});
#[cfg(not(feature = "file"))]
const FILE: Constructor = Constructor::NotCompiled;

#[cfg(feature = "http")]
const HTTP: Constructor = Constructor::Built(|settings| {
    Ok(Arc::new(crate::http::HttpRetriever::new(crate::http::HttpOptions::read(settings)?)))
});
#[cfg(not(feature = "http"))]
const HTTP: Constructor = Constructor::NotCompiled;

/// Builds the retriever that a configuration block describes: `kind` and its properties, names in any case.
///
/// Nothing is opened or asked yet. Errors name the property; values are never shown.
pub fn build(options: &Map<String, Value>) -> Result<Arc<dyn Retriever>, SettingsError> {
    let kind = check(options)?;
    match kind.constructor {
        Constructor::Built(constructor) => constructor(Settings::new(kind.name, options)),
        Constructor::NotCompiled => Err(SettingsError::NotCompiled { kind: kind.name, feature: kind.feature }),
        Constructor::NotBuilt => {
            let built = names(|kind| matches!(kind.constructor, Constructor::Built(_)));
            Err(SettingsError::NotBuilt { kind: kind.name, built })
        }
    }
}

/// Whether the kind exists and its mandatory properties are there.
pub fn check(options: &Map<String, Value>) -> Result<&'static Kind, SettingsError> {
    let name = settings::find(options, "kind").and_then(Value::as_str).unwrap_or_default();
    let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
        return Err(SettingsError::UnknownKind { kind: name.to_owned(), known: names(|_| true) });
    };
    for property in kind.required {
        Settings::new(kind.name, options).required(property)?;
    }
    Ok(kind)
}

const fn kind(
    name: &'static str,
    feature: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    constructor: Constructor,
) -> Kind {
    Kind { name, feature, required, optional, constructor }
}

fn names(wanted: impl Fn(&Kind) -> bool) -> String {
    KINDS.iter().filter(|kind| wanted(kind)).map(|kind| kind.name).collect::<Vec<_>>().join(", ")
}
